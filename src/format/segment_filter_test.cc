#include "format/segment_filter.h"

#include <gtest/gtest.h>

#include <string>

#include "format/format_testing.h"

namespace whittle {
namespace {

std::string Id(int i) { return "session" + std::to_string(77000 + i) + "x"; }

TEST(SegmentFilter, KnowsEveryIdOfLinesThatHaveOne) {
  constexpr int kRows = 500;
  testing::SegmentMaker maker;
  for (int i = 0; i < kRows; ++i) maker.Row("took % away", {Id(i)});
  const auto input = maker.Finish();
  const std::string bytes = SegmentFilter::Build(input, kRows);
  const auto filter = SegmentFilter::Decode(bytes, input.columns.size());
  ASSERT_TRUE(filter.has_value());
  for (int i = 0; i < kRows; ++i) EXPECT_TRUE(filter->MayContain(Id(i)));
  int wrong = 0;
  for (int i = kRows; i < 3 * kRows; ++i) wrong += filter->MayContain(Id(i)) ? 1 : 0;
  EXPECT_LT(wrong, kRows / 10);  // 4 expected
}

TEST(SegmentFilter, OfMoreWordsThanAllowedThereIsNone) {
  constexpr int kRows = 20'000;  // what repeats is taken out now and then, so it is not noticed with the first
  testing::SegmentMaker maker;
  for (int i = 0; i < kRows; ++i) maker.Row("took % away", {Id(i)});
  const auto input = maker.Finish();
  EXPECT_EQ(SegmentFilter::Build(input, 1000), "");
  EXPECT_NE(SegmentFilter::Build(input, kRows), "");
}

TEST(SegmentFilter, MayHaveMoreWordsWhereThereIsMoreText) {
  EXPECT_EQ(MaxFilterWords(0), size_t{1} << 18);
  EXPECT_EQ(MaxFilterWords(uint64_t{48} << 20), size_t{1} << 20);  // lines of 96 bytes may have two each
  EXPECT_EQ(MaxFilterWords(UINT64_MAX), size_t{1} << 21);
}

}  // namespace
}  // namespace whittle
