#include "sample/allocation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace whittle {
namespace {

std::vector<AllocationItem> Items(const std::vector<double>& counts, double floor = 0) {
  std::vector<AllocationItem> items;
  for (const double count : counts) items.push_back({count, 1, floor, count, 1});
  return items;
}

double Total(const std::vector<double>& kept) { return std::accumulate(kept.begin(), kept.end(), 0.0); }

TEST(Allocate, SmallStrataStayWholeAndTheRestFollowsTheCurve) {
  const auto kept = Allocate(Items({1, 2, 1000, 1000, 100000}), {Curve::Kind::kEqual}, 303);
  EXPECT_DOUBLE_EQ(kept[0], 1);
  EXPECT_DOUBLE_EQ(kept[1], 2);
  EXPECT_DOUBLE_EQ(kept[2], 100);
  EXPECT_DOUBLE_EQ(kept[4], 100);
  const auto by_log = Allocate(Items({1000, 100000}), {Curve::Kind::kLog}, 500);
  EXPECT_NEAR(by_log[0] / by_log[1], std::log1p(1000) / std::log1p(100000), 1e-12);
}

TEST(Allocate, SpendsTheBudgetExactly) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<AllocationItem> items;
    double all = 0;
    for (size_t i = 0; i < 1 + random() % 200; ++i) {
      const double count = std::exp(static_cast<double>(random() % 1400) / 100);
      items.push_back({count, 1 + static_cast<double>(random() % 300), static_cast<double>(random() % 3), count,
                       static_cast<double>(1 + random() % 4)});
      all += count * items.back().cost * items.back().copies;
    }
    const double budget = all * static_cast<double>(1 + random() % 120) / 100;
    const Curve curve{static_cast<Curve::Kind>(random() % 4), 0.6};
    const auto kept = Allocate(items, curve, budget);
    double spent = 0;
    for (size_t i = 0; i < items.size(); ++i) {
      spent += kept[i] * items[i].cost * items[i].copies;
      EXPECT_GE(kept[i], 0);
      EXPECT_LE(kept[i], items[i].most * (1 + 1e-12));
    }
    EXPECT_NEAR(spent, std::min(budget, all), 1e-9 * all) << round;
  }
}

TEST(Allocate, DoesNotDependOnTheOrder) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 50; ++round) {
    std::vector<AllocationItem> items;
    for (int i = 0; i < 100; ++i) {
      const double count = static_cast<double>(1 + random() % 40);
      items.push_back({count, static_cast<double>(1 + random() % 3), 1, count, 1});
    }
    std::vector<size_t> order(items.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    std::vector<AllocationItem> shuffled;
    for (const size_t i : order) shuffled.push_back(items[i]);
    const auto a = Allocate(items, {}, 700), b = Allocate(shuffled, {}, 700);
    for (size_t i = 0; i < order.size(); ++i) ASSERT_EQ(a[order[i]], b[i]);  // to the last bit
  }
}

TEST(Allocate, ALowerBudgetKeepsLessOfEverything) {
  const auto items = Items({1, 5, 30, 200, 5000, 80000}, 1);
  auto before = Allocate(items, {}, 0);
  for (double budget = 1; budget < 90000; budget *= 1.3) {
    const auto kept = Allocate(items, {}, budget);
    for (size_t i = 0; i < items.size(); ++i) EXPECT_GE(kept[i], before[i] * (1 - 1e-12));
    before = kept;
  }
}

TEST(Allocate, ABudgetBeatsFloors) {
  const auto kept = Allocate(Items(std::vector<double>(1000, 1.0), 1), {}, 10);
  EXPECT_NEAR(Total(kept), 10, 1e-9);
  const auto floors = Allocate(Items({1e6, 3, 2}, 1), {Curve::Kind::kLog}, 3.5);
  EXPECT_GE(floors[1], 1);
  EXPECT_GE(floors[2], 1);
  EXPECT_NEAR(Total(floors), 3.5, 1e-9);
}

TEST(Allocate, NothingIsNothing) {
  EXPECT_TRUE(Allocate({}, {}, 5).empty());
  EXPECT_EQ(Allocate(Items({0, 0}), {}, 5), (std::vector<double>{0, 0}));
  EXPECT_EQ(Total(Allocate(Items({3, 4}), {}, 0)), 0);
}

}  // namespace
}  // namespace whittle
