#include "templates/frozen.h"

#include <gtest/gtest.h>

#include "templates/test_shapes.h"

namespace whittle {
namespace {

std::optional<std::vector<UnitRange>> Match(const std::string& frozen, const std::string& line) {
  Form form;
  form.units = ParseBody(*testing::ShapeOf(line));
  return FrozenTemplate(frozen).Match(form);
}

TEST(FrozenTemplateTest, SlotsTakeWhatLiesBetween) {
  EXPECT_TRUE(Match("worker <*> said <*>", "worker 5 said hello to you"));
  EXPECT_TRUE(Match("worker  <*> said <*>", "worker 5   said x"));
  EXPECT_TRUE(Match("no slots at all", "no slots at all"));
  EXPECT_TRUE(Match("<*>", "anything, 12 (x)"));
}

TEST(FrozenTemplateTest, WhiteSpaceAroundABodyIsInNoSlot) {
  const auto ranges = Match("<*> said hello", "  5 said hello ");
  ASSERT_TRUE(ranges);
  ASSERT_EQ((*ranges)[0].begin + 1, (*ranges)[0].end) << "the number alone";
  EXPECT_TRUE(Match(" no slots ", "no slots"));
}

TEST(FrozenTemplateTest, ConstantsMustAgree) {
  EXPECT_FALSE(Match("worker <*> said <*>", "worker 5 saw hello"));
  EXPECT_FALSE(Match("worker <*>", "the worker 5"));
  EXPECT_FALSE(Match("worker <*> died", "worker 5 died today"));
  EXPECT_FALSE(Match("no slots", "no slots at all"));
}

TEST(FrozenTemplateTest, SlotsBeginAndEndBetweenUnits) {
  EXPECT_FALSE(Match("wor<*> died", "worker died"));
  EXPECT_FALSE(Match("worker 1<*> died", "worker 12 died"));
}

TEST(FrozenTemplateTest, RangesAreInOrder) {
  const auto ranges = Match("a <*> b <*>", "a b b b c");
  ASSERT_TRUE(ranges);
  ASSERT_EQ(ranges->size(), 2u);
  EXPECT_LE((*ranges)[0].begin, (*ranges)[0].end);
  EXPECT_LE((*ranges)[0].end, (*ranges)[1].begin);
}

}  // namespace
}  // namespace whittle
