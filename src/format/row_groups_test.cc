#include "format/row_groups.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

constexpr int64_t kMinute = 60'000'000'000;
constexpr int64_t kDay = 1440 * kMinute;

std::vector<RowGroupInfo> GroupsOf(const std::vector<int64_t>& times) {
  RowGrouper grouper;
  for (const int64_t time : times) grouper.Add(time);
  return grouper.Take();
}

TEST(RowGroups, EndWhenTheyAreLarge) {
  std::vector<int64_t> times;
  for (uint64_t i = 0; i < RowGrouper::kMaxRows * 2 + 1; ++i) times.push_back(static_cast<int64_t>(i));
  const auto groups = GroupsOf(times);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[1].rows, RowGrouper::kMaxRows);
  EXPECT_EQ(groups[1].min_time_ns, static_cast<int64_t>(RowGrouper::kMaxRows));
  EXPECT_EQ(groups[1].max_time_ns, static_cast<int64_t>(RowGrouper::kMaxRows) * 2 - 1);
  EXPECT_EQ(groups[2].rows, 1u);
}

TEST(RowGroups, EndWhereTheTimeJumpsEitherWay) {
  std::vector<int64_t> times(300, 10 * kDay);
  times.insert(times.end(), 300, 40 * kDay);
  times.insert(times.end(), 300, -5 * kDay);
  const auto groups = GroupsOf(times);
  ASSERT_EQ(groups.size(), 3u);
  for (const RowGroupInfo& group : groups) {
    EXPECT_EQ(group.rows, 300u);
    EXPECT_EQ(group.min_time_ns, group.max_time_ns);
  }
  EXPECT_EQ(groups[2].min_time_ns, -5 * kDay);
}

TEST(RowGroups, TimesThatGoOnOrComeRarelyMakeNoSmallOnes) {
  std::vector<int64_t> on, rare;
  for (int i = 0; i < 3000; ++i) {
    on.push_back(i * kMinute);
    rare.push_back(i * kDay);
  }
  EXPECT_EQ(GroupsOf(on).size(), 1u);
  for (const RowGroupInfo& group : GroupsOf(rare)) EXPECT_LE(group.rows, RowGrouper::kMinRows);
  EXPECT_EQ(GroupsOf(rare).size(), (3000 + RowGrouper::kMinRows - 1) / RowGrouper::kMinRows);
}

TEST(RowGroups, RowsWithoutATimeBelongToWhateverTheyStandIn) {
  std::vector<int64_t> times(400, kNoTime);
  times.push_back(7);
  times.insert(times.end(), 400, kNoTime);
  const auto groups = GroupsOf(times);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].rows, 801u);
  EXPECT_EQ(groups[0].min_time_ns, 7);
  EXPECT_EQ(groups[0].max_time_ns, 7);
  EXPECT_EQ(Sum(GroupsOf({kNoTime})).min_time_ns, kNoTime);
}

TEST(RowGroups, TimesAtTheEndsOfTheScale) {
  std::vector<int64_t> times(300, INT64_MIN + 1);
  times.insert(times.end(), 300, INT64_MAX);
  const auto groups = GroupsOf(times);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(Sum(groups).rows, 600u);
  EXPECT_EQ(Sum(groups).min_time_ns, INT64_MIN + 1);
  EXPECT_EQ(Sum(groups).max_time_ns, INT64_MAX);
}

}  // namespace
}  // namespace whittle
