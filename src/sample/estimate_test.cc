#include "sample/estimate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>

namespace whittle {
namespace {

// Runs of each simulation: a tenth in the ordinary tests, all with WHITTLE_LONG=1. Thresholds were set beforehand.
int Runs(int full) { return std::getenv("WHITTLE_LONG") != nullptr ? full : full / 10; }

struct Unit {
  double probability;
  double value;
  uint64_t coin;  // 0: its own
};
struct Outcome {
  double mean_value = 0, variance = 0, mean_variance = 0, covered = 0;
};

// Draws the sample `runs` times and asks `estimate`.
Outcome Simulate(const std::vector<Unit>& units, double truth, int runs, uint64_t seed,
                 const std::function<std::pair<Estimate, double>(const TotalEstimator&)>& ask,
                 bool ignore_coins = false) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform;
  double sum = 0, squares = 0, variances = 0, covered = 0;
  for (int run = 0; run < runs; ++run) {
    TotalEstimator estimator;
    std::unordered_map<uint64_t, double> coins;
    for (const Unit& unit : units) {
      double throw_of = 0;
      if (unit.coin == 0) {
        throw_of = uniform(random);
      } else {
        const auto [at, is_new] = coins.try_emplace(unit.coin, 0);
        if (is_new) at->second = uniform(random);
        throw_of = at->second;
      }
      if (throw_of < unit.probability) estimator.Add({unit.probability, unit.value, ignore_coins ? 0 : unit.coin});
    }
    const auto [estimate, variance] = ask(estimator);
    sum += estimate.value;
    squares += (estimate.value - truth) * (estimate.value - truth);
    variances += variance;
    covered += estimate.low <= truth && truth <= estimate.high ? 1 : 0;
  }
  return {sum / runs, squares / runs, variances / runs, covered / runs};
}

std::pair<Estimate, double> AskCount(const TotalEstimator& e) { return {e.Count(), e.CountVariance()}; }
std::pair<Estimate, double> AskSum(const TotalEstimator& e) { return {e.Sum(), e.SumVariance()}; }

// At a nominal 95% and a demand of 93.5%, what chance may take away from `runs` runs: three standard errors.
double LeastCoverage(int runs) { return 0.935 - (runs >= 2000 ? 0.0 : 3 * std::sqrt(0.05 * 0.95 / runs)); }

void ExpectHonest(const Outcome& outcome, double truth, int runs, const std::string& what) {
  EXPECT_LT(std::fabs(outcome.mean_value - truth), 4 * std::sqrt(outcome.variance / runs)) << what << ": biased";
  EXPECT_GE(outcome.covered, LeastCoverage(runs)) << what << ": coverage";
  const double ratio = outcome.mean_variance / outcome.variance;
  const double slack = runs >= 2000 ? 0.1 : 0.35;
  EXPECT_NEAR(ratio, 1.0, slack) << what << ": variance";
  std::printf("%-44s runs %d  coverage %.4f  variance ratio %.3f\n", what.c_str(), runs, outcome.covered, ratio);
}

TEST(TotalEstimator, ExactWhenEverythingWasKept) {
  TotalEstimator e;
  for (int i = 1; i <= 4; ++i) e.Add({1, static_cast<double>(i), static_cast<uint64_t>(i % 2)});
  EXPECT_TRUE(e.Count().exact);
  EXPECT_EQ(e.Count().value, 4);
  EXPECT_EQ(e.Sum().low, 10);
  EXPECT_EQ(e.Sum().high, 10);
  EXPECT_EQ(e.Mean().value, 2.5);
  EXPECT_TRUE(e.Mean().exact);
  EXPECT_TRUE(std::isinf(e.EffectiveSize()));
}

TEST(TotalEstimator, NothingAddedIsZero) {
  const TotalEstimator e;
  EXPECT_EQ(e.Count().value, 0);
  EXPECT_EQ(e.Mean().kept, 0U);
}

TEST(TotalEstimator, VarianceOfOneTraceByHand) {
  TotalEstimator e;
  e.Add({0.5, 3, 7});
  e.Add({0.25, 1, 7});
  // Counts 2 and 4: (1-.5)*2*2 + (1-.25)*4*4 + 2*(1-.5)*2*4. Sums 6 and 4: .5*36 + .75*16 + 2*.5*24.
  EXPECT_DOUBLE_EQ(e.CountVariance(), 2 + 12 + 8);
  EXPECT_DOUBLE_EQ(e.SumVariance(), 18 + 12 + 24);
}

TEST(TotalEstimator, MergeIsTheSameAsAddingAll) {
  TotalEstimator all, left, right;
  std::mt19937_64 random(11);
  for (int i = 0; i < 2000; ++i) {
    const Observation o{i % 3 == 0 ? 1.0 : 1.0 / static_cast<double>(1 + random() % 9),
                        static_cast<double>(random() % 50), random() % 40, static_cast<uint32_t>(random() % 3)};
    all.Add(o);
    (random() % 2 == 0 ? left : right).Add(o);
  }
  left.Merge(right);
  const CellTotals cells(3, CellTotal{3000, 600, 2900, 9000});
  EXPECT_NEAR(left.CountVariance(), all.CountVariance(), 1e-6 * all.CountVariance());
  EXPECT_NEAR(left.Sum().high, all.Sum().high, 1e-6 * all.Sum().high);
  EXPECT_NEAR(left.Count(&cells).low, all.Count(&cells).low, 1e-6 * all.Count(&cells).low);
}

// Forty events came with rate 4, and half of them were kept. The ledger knows the forty, so what is unsure of all of
// them is what happened before they came: 40 * 4 * 3.
TEST(TotalEstimator, TheLedgerTakesOutItsOwnChanceAlone) {
  TotalEstimator e;
  for (int i = 0; i < 20; ++i) e.Add({0.125, 1, 0, 0, 4});
  CellTotals cells{{160, 20, 160, 20 * 0.5 * 64, 480}};
  const Estimate all = e.Count(&cells);
  EXPECT_NEAR(all.value, 160, 1e-9);
  EXPECT_FALSE(all.exact);
  const double half = 1.96 * std::sqrt(480);
  EXPECT_NEAR(all.low, 160 - half, 0.15 * half);
  EXPECT_GT(all.high, 160 + half);
  EXPECT_LT(all.high, 160 + 2 * half);
  // One event weighs 8, so more is thrown at the upper end. Had they come unsampled the ledger would know nearly all.
  TotalEstimator here;
  for (int i = 0; i < 20; ++i) here.Add({0.125, 1, 0, 0, 1});
  cells = {{160, 20, 160, 20 * 0.875 * 64, 0}};
  EXPECT_GT(here.Count(&cells).low, all.low + 0.4 * half);
}

TEST(TotalEstimator, ACountThatIsItselfAnEstimate) {
  const Estimate count = CountWithVariance(160, 480, 20);
  EXPECT_EQ(count.value, 160);
  EXPECT_FALSE(count.exact);
  EXPECT_LT(count.low, 160 - 1.5 * std::sqrt(480));
  EXPECT_GT(count.high, 160 + 1.9 * std::sqrt(480));
  const Estimate exact = CountWithVariance(7, 0, 3);
  EXPECT_TRUE(exact.exact);
  EXPECT_EQ(exact.low, 7);
  EXPECT_EQ(exact.high, 7);
}

TEST(TotalEstimator, CountsWithFewKept) {
  const int runs = Runs(2000);
  for (const double kept : {5.0, 10.0, 20.0, 100.0}) {
    for (const double probability : {0.01, 0.1, 0.5}) {
      const std::vector<Unit> units(static_cast<size_t>(kept / probability), Unit{probability, 1, 0});
      const auto truth = static_cast<double>(units.size());
      ExpectHonest(Simulate(units, truth, runs, 1, AskCount), truth, runs,
                   "count, " + std::to_string(static_cast<int>(kept)) + " kept at p=" + std::to_string(probability));
    }
  }
}

std::vector<Unit> MixedRates(size_t each) {
  std::vector<Unit> units;
  for (const double probability : {1.0, 0.5, 0.2, 0.05}) {
    for (size_t i = 0; i < static_cast<size_t>(static_cast<double>(each) / probability); ++i)
      units.push_back({probability, static_cast<double>(1 + i % 7), 0});
  }
  return units;
}

TEST(TotalEstimator, MixedRates) {
  const int runs = Runs(2000);
  // Five kept of each rate: with fewer a rate is often missing altogether, and no sample can tell of what it has none.
  for (const size_t each : {5, 25}) {
    const auto units = MixedRates(each);
    double sum = 0;
    for (const Unit& unit : units) sum += unit.value;
    ExpectHonest(Simulate(units, static_cast<double>(units.size()), runs, 2, AskCount),
                 static_cast<double>(units.size()), runs, "count, mixed rates");
    ExpectHonest(Simulate(units, sum, runs, 3, AskSum), sum, runs, "sum, mixed rates");
  }
}

// Traces of geometric length whose lines stand in strata with different rates.
std::vector<Unit> Traces(size_t traces, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::geometric_distribution<int> length(0.15);
  std::vector<Unit> units;
  for (size_t t = 1; t <= traces; ++t) {
    const int lines = 1 + length(random);
    for (int i = 0; i < lines; ++i) units.push_back({i % 4 == 0 ? 0.3 : 0.1, static_cast<double>(1 + i % 3), t});
  }
  return units;
}

TEST(TotalEstimator, TracesShareACoin) {
  const int runs = Runs(2000);
  for (const size_t traces : {100, 600}) {
    const auto units = Traces(traces, 5);
    double sum = 0;
    for (const Unit& unit : units) sum += unit.value;
    const auto truth = static_cast<double>(units.size());
    ExpectHonest(Simulate(units, truth, runs, 6, AskCount), truth, runs, "count, traces");
    ExpectHonest(Simulate(units, sum, runs, 7, AskSum), sum, runs, "sum, traces");
    // The negative control: as if every line had its own coin.
    const Outcome naive = Simulate(units, truth, runs, 6, AskCount, true);
    EXPECT_LT(naive.covered, 0.8) << "the naive formula should fail on traces";
    EXPECT_LT(naive.mean_variance / naive.variance, 0.5);
    std::printf("%-44s runs %d  coverage %.4f  variance ratio %.3f\n", "  (naive formula on traces)", runs,
                naive.covered, naive.mean_variance / naive.variance);
  }
}

TEST(TotalEstimator, HeavyTails) {
  const int runs = Runs(2000);
  std::mt19937_64 random(9);
  for (const double sigma : {0.8, 1.5}) {
    std::lognormal_distribution<double> size(0, sigma);
    for (const double kept : {20.0, 100.0}) {
      std::vector<Unit> units;
      double sum = 0;
      for (int i = 0; i < static_cast<int>(kept / 0.1); ++i) {
        units.push_back({0.1, size(random), 0});
        sum += units.back().value;
      }
      const Outcome outcome = Simulate(units, sum, runs, 10, AskSum);
      ExpectHonest(outcome, sum, runs, "sum, lognormal " + std::to_string(sigma) + ", " + std::to_string(kept));
    }
  }
}

// A question whose events are a part of cells with known totals.
TEST(TotalEstimator, PostStratifiedIsHonestAndNarrower) {
  const int runs = Runs(2000);
  std::mt19937_64 random(12);
  std::uniform_real_distribution<double> uniform;
  constexpr int kCells = 4;
  const double shares[kCells] = {0.02, 0.5, 0.9, 1.0};
  std::vector<std::pair<int, bool>> units;
  double truth = 0;
  for (int cell = 0; cell < kCells; ++cell) {
    for (int i = 0; i < 400; ++i) {
      units.emplace_back(cell, i < 400 * shares[cell]);
      truth += units.back().second ? 1 : 0;
    }
  }
  int covered = 0;
  double plain_error = 0, error = 0, mean = 0;
  for (int run = 0; run < runs; ++run) {
    CellTotals cells(kCells);
    TotalEstimator estimator;
    for (const auto& [cell, wanted] : units) {
      const double p = 0.1;
      cells[static_cast<size_t>(cell)].arrived += 1;
      if (uniform(random) >= p) continue;
      cells[static_cast<size_t>(cell)].kept += 1;
      cells[static_cast<size_t>(cell)].estimated += 1 / p;
      cells[static_cast<size_t>(cell)].variance += (1 - p) / p / p;
      if (wanted) estimator.Add({p, 1, 0, static_cast<uint32_t>(cell)});
    }
    const Estimate estimate = estimator.Count(&cells);
    mean += estimate.value / runs;
    error += (estimate.value - truth) * (estimate.value - truth);
    plain_error += std::pow(estimator.Count().value - truth, 2);
    covered += estimate.low <= truth && truth <= estimate.high ? 1 : 0;
  }
  EXPECT_GE(static_cast<double>(covered) / runs, LeastCoverage(runs));
  EXPECT_LT(error, 0.6 * plain_error);
  EXPECT_NEAR(mean, truth, 4 * std::sqrt(error / runs / runs));
}

TEST(TotalEstimator, MeansAreCovered) {
  const int runs = Runs(2000);
  const auto units = MixedRates(25);
  double sum = 0;
  for (const Unit& unit : units) sum += unit.value;
  const double truth = sum / static_cast<double>(units.size());
  const Outcome outcome =
      Simulate(units, truth, runs, 13, [](const TotalEstimator& e) { return std::pair(e.Mean(), 0.0); });
  EXPECT_GE(outcome.covered, LeastCoverage(runs));
}

TEST(TotalEstimator, MoreTracesThanItTellsApartAreSettled) {
  TotalEstimator e;
  for (uint64_t coin = 1; coin <= kMaxCoins + 10; ++coin) e.Add({0.5, 1, coin});
  EXPECT_DOUBLE_EQ(e.CountVariance(), 2.0 * (kMaxCoins + 10));
}

TEST(QuantileRanks, HoldTheQuantileAndNarrow) {
  const QuantileRanks few = QuantileRanksOf(0.99, 50), many = QuantileRanksOf(0.99, 5000);
  EXPECT_LT(few.low, 0.99);
  EXPECT_GT(few.high, 0.99);
  EXPECT_LT(many.high - many.low, few.high - few.low);
  EXPECT_EQ(QuantileRanksOf(0.5, std::numeric_limits<double>::infinity()).low, 0.5);
}

}  // namespace
}  // namespace whittle
