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

TEST(ShapeStats, RefusesWhatDoesNotFit) {
  const std::string bytes = EncodeShapeStats(std::vector<ShapeStats>(3));
  EXPECT_FALSE(DecodeShapeStats(bytes, 2).has_value());
  EXPECT_FALSE(DecodeShapeStats(bytes, 4).has_value());
  EXPECT_FALSE(DecodeShapeStats(std::string(3, '\xff'), 1).has_value());
}

}  // namespace
}  // namespace whittle
