#include "query/template_diff.h"

#include <gtest/gtest.h>

#include <random>

namespace whittle {
namespace {

using Kind = TemplateChange::Kind;

TEST(TemplateDiffTest, NewAndGoneComeFirstThenWhatChanged) {
  const TemplateCounts before = {{0, 1000}, {1, 3}, {2, 100}, {3, 50}};
  const TemplateCounts after = {{0, 1000}, {4, 2}, {2, 300}, {3, 52}};
  const auto changes = CompareTemplates(before, after);
  ASSERT_EQ(changes.size(), 5u);
  EXPECT_EQ(changes[0].kind, Kind::kNew);
  EXPECT_EQ(changes[0].template_index, 4u);
  EXPECT_EQ(changes[1].kind, Kind::kGone);
  EXPECT_EQ(changes[1].template_index, 1u);
  EXPECT_EQ(changes[2].kind, Kind::kMore);
  EXPECT_EQ(changes[2].template_index, 2u);
  EXPECT_EQ(changes[3].kind, Kind::kSame);
  EXPECT_EQ(changes[4].kind, Kind::kSame);
}

TEST(TemplateDiffTest, TwiceTheEventsWithTheSameSharesIsNoChange) {
  const TemplateCounts before = {{0, 1000}, {1, 300}, {2, 10}};
  const TemplateCounts after = {{0, 2000}, {1, 600}, {2, 20}};
  for (const TemplateChange& change : CompareTemplates(before, after)) EXPECT_EQ(change.kind, Kind::kSame);
}

TEST(TemplateDiffTest, AnEmptySideIsAllNew) {
  const auto changes = CompareTemplates({}, {{0, 5}});
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, Kind::kNew);
  EXPECT_TRUE(CompareTemplates({}, {}).empty());
}

TEST(TemplateDiffTest, ChanceAloneIsHardlyEverReported) {
  std::mt19937 random(20240501);  // fixed: the test is about the rate of false alarms
  size_t alarms = 0;
  for (int run = 0; run < 300; ++run) {
    TemplateCounts before, after;
    for (int i = 0; i < 4000; ++i) {
      std::geometric_distribution<uint32_t> pick(0.08);
      ++(i % 2 == 0 ? before : after)[pick(random)];
    }
    for (const TemplateChange& change : CompareTemplates(before, after))
      alarms += change.kind == Kind::kMore || change.kind == Kind::kLess ? 1 : 0;
  }
  EXPECT_LE(alarms, 9u);  // 300 runs at 0.01 are 3; 9 is three standard deviations above
}

}  // namespace
}  // namespace whittle
