#include "sample/coin.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace whittle {
namespace {

TEST(Coin, ThresholdAndProbabilityAreOneThing) {
  EXPECT_EQ(ThresholdOf(1), 0U);
  EXPECT_EQ(ProbabilityOf(0), 1.0);
  EXPECT_EQ(ThresholdOf(0.5), kCoinSides / 2);
  for (const double p : {0.1, 1.0 / 3, 0.9999, 1e-5}) EXPECT_NEAR(ProbabilityOf(ThresholdOf(p)), p, 1e-15);
  EXPECT_EQ(ThresholdOf(0), ThresholdOf(kLeastProbability));
  EXPECT_LT(ThresholdOf(0), kCoinSides);
}

TEST(Coin, RatesAreWhatPeopleWrote) {
  EXPECT_EQ(RateOf(0), 1.0);
  for (const double rate : {1.0, 2.0, 3.0, 10.0, 7.5, 1000.0, 1e5}) EXPECT_EQ(RateOf(ThresholdOf(1 / rate)), rate);
}

TEST(Coin, IsUniform) {
  // Chi-square over 256 cells of neighbouring positions, and of neighbouring trace ids; 99.99% quantile of 255: 348.
  std::array<int, 256> positions{}, traces{};
  constexpr int kThrows = 256'000;
  for (int i = 0; i < kThrows; ++i) {
    ++positions[PositionCoin(1, {7, 9}, static_cast<uint64_t>(i) * 120) >> 48];
    ++traces[TraceCoin(1, static_cast<uint64_t>(i)) >> 48];
  }
  for (const auto& cells : {positions, traces}) {
    double chi = 0;
    for (const int n : cells) chi += std::pow(n - kThrows / 256.0, 2) / (kThrows / 256.0);
    EXPECT_LT(chi, 348);
    EXPECT_GT(chi, 170);
  }
}

TEST(Coin, DependsOnSeedSourceAndPositionAlone) {
  EXPECT_EQ(PositionCoin(1, {2, 3}, 4), PositionCoin(1, {2, 3}, 4));
  EXPECT_NE(PositionCoin(1, {2, 3}, 4), PositionCoin(2, {2, 3}, 4));
  EXPECT_NE(PositionCoin(1, {2, 3}, 4), PositionCoin(1, {2, 4}, 4));
  EXPECT_NE(PositionCoin(1, {2, 3}, 4), PositionCoin(1, {2, 3}, 5));
  EXPECT_NE(TraceCoin(1, 4), TraceCoin(2, 4));
  EXPECT_EQ(W3cCoin(0xFF123456789ABCDE), 0x123456789ABCDEU);
}

TEST(CoinTest, APolicySaysHowItsCoinsAreMade) {
  const auto plain = ParseCoinRecipe("seed 42; coin hash; budget keep 10%; key signature; traces shared-coin");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->seed, 42U);
  EXPECT_FALSE(plain->w3c || plain->independent);
  const auto other = ParseCoinRecipe("seed 1; coin w3c; budget rate 2; traces independent; rule true: keep all");
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->w3c && other->independent);
  for (const char* text : {"", "seed", "seed x; coin hash; traces whole", "seed 1; coin gold; traces whole",
                           "seed 1; coin hash", "seed 1; coin hash; traces whole\nseed 2; coin hash; traces whole"})
    EXPECT_FALSE(ParseCoinRecipe(text)) << text;
}

}  // namespace
}  // namespace whittle
