#include "sample/gamma_distribution.h"

#include <gtest/gtest.h>

#include <cmath>

namespace whittle {
namespace {

// Half the chi-square quantile with twice the degrees: published tables.
TEST(GammaDistribution, MatchesTablesOfChiSquare) {
  EXPECT_NEAR(2 * GammaQuantile(0.5, 0.95), 3.841459, 1e-6);
  EXPECT_NEAR(2 * GammaQuantile(1, 0.975), 7.377759, 1e-6);
  EXPECT_NEAR(2 * GammaQuantile(5, 0.025), 3.246973, 1e-6);
  EXPECT_NEAR(2 * GammaQuantile(50, 0.975), 129.561197, 1e-5);
  EXPECT_NEAR(2 * GammaQuantile(0.5, 0.025), 0.000982069, 1e-9);
}

TEST(GammaDistribution, QuantileInvertsProbability) {
  for (const double shape : {1e-3, 0.1, 0.7, 1.0, 3.5, 40.0, 1e4, 1e6}) {
    for (const double probability : {0.025, 0.2, 0.5, 0.9, 0.975}) {
      const double x = GammaQuantile(shape, probability);
      if (x < 1e-300) continue;  // too small for a double
      EXPECT_NEAR(GammaProbability(shape, x), probability, 1e-8) << shape << " " << probability;
    }
  }
}

TEST(GammaDistribution, LargeShapesGoOverSmoothly) {
  const double below = GammaQuantile(0.999e8, 0.975) / 0.999e8, above = GammaQuantile(1e8, 0.975) / 1e8;
  EXPECT_NEAR(below, above, 1e-6);
}

}  // namespace
}  // namespace whittle
