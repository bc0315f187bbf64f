#include "query/rows_in_time.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

const std::vector<RowGroupInfo> kGroups = {{10, 100, 199}, {10, 150, 299}, {10, kNoTime, kNoTime}, {5, 300, 300}};
constexpr RowRange kAll{0, 35};

RowRange Rows(std::optional<int64_t> min, std::optional<int64_t> max, RowRange rows = kAll) {
  return RowsInTime(kGroups, EndsOf(kGroups), rows, min, max);
}

TEST(RowsInTime, FromTheFirstToTheLastGroupThatHasSome) {
  EXPECT_EQ(Rows(120, 120), (RowRange{0, 10}));
  EXPECT_EQ(Rows(150, 199), (RowRange{0, 20}));
  EXPECT_EQ(Rows(200, 299), (RowRange{10, 20}));
  EXPECT_EQ(Rows(250, std::nullopt), (RowRange{10, 35}));
  EXPECT_EQ(Rows(std::nullopt, 149), (RowRange{0, 10}));
}

TEST(RowsInTime, BoundsBelongToTheRange) {
  EXPECT_EQ(Rows(300, 300), (RowRange{30, 35}));
  EXPECT_TRUE(Rows(301, std::nullopt).empty());
  EXPECT_TRUE(Rows(std::nullopt, 99).empty());
  EXPECT_EQ(Rows(std::nullopt, 100), (RowRange{0, 10}));
}

TEST(RowsInTime, OfTheRowsThatWereGiven) {
  EXPECT_EQ(Rows(120, 120, {5, 25}), (RowRange{5, 10}));
  EXPECT_EQ(Rows(250, std::nullopt, {5, 15}), (RowRange{10, 15}));
  EXPECT_TRUE(Rows(120, 120, {10, 35}).empty());
  EXPECT_TRUE(Rows(250, 299, {20, 35}).empty());
}

TEST(RowsInTime, WithoutBoundsAllOfThemTimesOrNot) {
  EXPECT_EQ(Rows(std::nullopt, std::nullopt), kAll);
  EXPECT_EQ(RowsInTime({}, {}, {3, 7}, std::nullopt, std::nullopt), (RowRange{3, 7}));
  EXPECT_TRUE(RowsInTime({{10, kNoTime, kNoTime}}, {10}, {0, 10}, INT64_MIN + 1, std::nullopt).empty());
}

}  // namespace
}  // namespace whittle
