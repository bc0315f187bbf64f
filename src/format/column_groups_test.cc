#include "format/column_groups.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "format/format_testing.h"

namespace whittle {
namespace {

TEST(ColumnGroups, JoinsColumnsThatHoldTheSameIds) {
  testing::SegmentMaker maker;
  std::mt19937_64 random(3);
  for (int i = 0; i < 400; ++i) {
    const std::string id = "req-" + std::to_string(7919 * i % 100000 + 100000);
    maker.Row("begin % by %", {id, "user" + std::to_string(random() % 1000)});
    maker.Row("end %", {id});
    maker.Row("unrelated %", {"0x" + std::to_string(100000 + random() % 900000)});
  }
  const SegmentInput& input = maker.Finish();
  const GroupPlan plan = PlanGroups(input);
  ASSERT_EQ(plan.groups.size(), 1u);
  const ColumnGroup& group = plan.groups[0];
  EXPECT_EQ(group.columns, (std::vector<uint32_t>{0, 2}));
  EXPECT_EQ(plan.group_of, (std::vector<int32_t>{0, -1, 0, -1}));
  ASSERT_EQ(group.numbers.size(), 800u);
  EXPECT_EQ(group.words.size(), 400u);
  for (size_t i = 0; i < 400; ++i) {
    EXPECT_EQ(group.numbers[2 * i], i) << "numbered by first appearance in row order";
    EXPECT_EQ(group.numbers[2 * i + 1], i);
  }
}

TEST(ColumnGroups, JoinsTimesOfOneLayout) {
  testing::SegmentMaker maker;
  for (int i = 0; i < 100; ++i) {
    maker.Row("a %", {"2015-10-18 18:01:" + std::to_string(10 + i % 50)});
    maker.Row("b % and %",
              {"2015-10-18 18:02:" + std::to_string(10 + i % 50), "2015-10-18 18:03:" + std::to_string(10 + i % 50)});
  }
  SegmentInput& input = maker.Finish();
  input.columns[0].time_layout = input.columns[1].time_layout = input.columns[2].time_layout = 9;
  GroupPlan plan = PlanGroups(input);
  ASSERT_EQ(plan.groups.size(), 1u);
  EXPECT_EQ(plan.groups[0].columns, (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(plan.groups[0].time_layout, 9);
  input.columns[1].time_layout = 17;
  input.columns[2].time_layout = 25;
  EXPECT_TRUE(PlanGroups(input).groups.empty()) << "different clocks";
  input.columns[1].time_layout = input.columns[2].time_layout = 9;
  for (int i = 0; i < 500; ++i) maker.Row("a %", {"2015-10-18 18:04:" + std::to_string(10 + i % 50)});
  EXPECT_TRUE(PlanGroups(maker.Finish()).groups.empty()) << "one column has most of the times";
}

TEST(ColumnGroups, TwoGroupsMayHoldTheSameText) {
  testing::SegmentMaker maker;
  for (int i = 0; i < 300; ++i) {
    const std::string block = "block-" + std::to_string(7919 * i % 100000 + 100000);
    const std::string user = "user-" + std::to_string(104729 * i % 100000 + 100000);
    // Now and then both are unknown.
    maker.Row("read %", {i % 9 == 0 ? "unknown" : block});
    maker.Row("login %", {i % 9 == 0 ? "unknown" : user});
    maker.Row("wrote %", {block});
    maker.Row("logout %", {user});
  }
  const GroupPlan plan = PlanGroups(maker.Finish());
  ASSERT_EQ(plan.groups.size(), 2u);
  for (const ColumnGroup& group : plan.groups) {
    EXPECT_EQ(std::count(group.words.begin(), group.words.end(), "unknown"), 1) << "listed once";
    EXPECT_EQ(group.words.size(), 301u);
    EXPECT_EQ(group.numbers.size(), 600u);
  }
}

TEST(ColumnGroups, LeavesConstantsAndFewValuesAlone) {
  testing::SegmentMaker maker;
  for (int i = 0; i < 100; ++i) {
    maker.Row("a %", {"constant-id"});
    maker.Row("b %", {"constant-id"});
    maker.Row("c %", {i % 2 ? "either" : "orother"});
    maker.Row("d %", {i % 3 ? "either" : "orother"});
  }
  EXPECT_TRUE(PlanGroups(maker.Finish()).groups.empty());
}

}  // namespace
}  // namespace whittle
