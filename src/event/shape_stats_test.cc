#include "event/shape_stats.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

TEST(ShapeStats, EncodesAndDecodes) {
  std::vector<ShapeStats> stats(2);
  stats[0].records = 3;
  stats[0].bytes = 400;
  stats[0].AddTime(-5);
  stats[0].AddTime(7);
  const auto decoded = DecodeShapeStats(EncodeShapeStats(stats), 2);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ((*decoded)[0].records, 3u);
  EXPECT_EQ((*decoded)[0].bytes, 400u);
  EXPECT_EQ((*decoded)[0].first_ns, -5);
  EXPECT_EQ((*decoded)[0].last_ns, 7);
  EXPECT_FALSE((*decoded)[1].first_ns.has_value());
}

TEST(ShapeStats, TimesComeBackWhateverTheirUnit) {
  constexpr int64_t kSecond = 1'000'000'000;
  const std::vector<std::vector<int64_t>> cases = {
      {5 * kSecond, 9 * kSecond, 7 * kSecond, 7 * kSecond},
      {1'000, 2'000'000, -3'000'000, 50},
      {INT64_MIN + 1, INT64_MAX, 0, 0},
  };
  for (const auto& times : cases) {
    std::vector<ShapeStats> stats(3);
    stats[0].AddTime(times[0]);
    stats[0].AddTime(times[1]);
    stats[2].AddTime(times[2]);
    stats[2].AddTime(times[3]);
    const auto decoded = DecodeShapeStats(EncodeShapeStats(stats), 3);
    ASSERT_TRUE(decoded.has_value());
    for (size_t i = 0; i < stats.size(); ++i) {
      EXPECT_EQ((*decoded)[i].first_ns, stats[i].first_ns);
      EXPECT_EQ((*decoded)[i].last_ns, stats[i].last_ns);
    }
  }
}

TEST(ShapeStats, RefusesWhatDoesNotFit) {
  const std::string bytes = EncodeShapeStats(std::vector<ShapeStats>(3));
  EXPECT_FALSE(DecodeShapeStats(bytes, 2).has_value());
  EXPECT_FALSE(DecodeShapeStats(bytes, 4).has_value());
  std::vector<ShapeStats> timed(1);
  timed[0].AddTime(7);
  const std::string with_time = EncodeShapeStats(timed);
  for (size_t size = 0; size < with_time.size(); ++size)
    EXPECT_FALSE(DecodeShapeStats(with_time.substr(0, size), 1).has_value()) << size;
  EXPECT_FALSE(DecodeShapeStats(std::string(3, '\xff'), 1).has_value());
}

}  // namespace
}  // namespace whittle
