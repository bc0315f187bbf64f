// Whether never more than the limit is kept, whether what is recorded is the probability that was used, and whether
// estimates and intervals from it are what they say. A tenth of the runs in the ordinary tests, all with
// WHITTLE_LONG=1.
#include "sample/bottom_k.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <string>

#include "sample/coin.h"
#include "sample/estimate.h"

namespace whittle {
namespace {

bool Long() { return std::getenv("WHITTLE_LONG") != nullptr; }

struct LogEvent {
  uint64_t key = 0, host = 0;
  double size = 0;
  double wish = -1;
};

// Common and rare kinds, a rule that keeps one kind whole and one that keeps a tenth of another, a heavy tail of sizes.
std::vector<LogEvent> Population(int events, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> size(4, 1.2);
  std::vector<LogEvent> all;
  for (int i = 0; i < events; ++i) {
    LogEvent event;
    event.key = 1 + static_cast<uint64_t>(std::countr_zero(random() | (1 << 9)));
    event.host = random() % 7;
    event.size = size(random);
    if (event.key == 6) event.wish = 1;
    if (event.key == 3) event.wish = 0.1;
    all.push_back(event);
  }
  return all;
}

std::vector<WindowEvent> Throw(const std::vector<LogEvent>& events, std::mt19937_64* random) {
  std::vector<WindowEvent> thrown;
  for (const LogEvent& event : events) thrown.push_back({event.key, (*random)() >> 8, event.wish});
  return thrown;
}

size_t Kept(const std::vector<WindowEvent>& events, const std::vector<uint64_t>& thresholds) {
  size_t kept = 0;
  for (size_t i = 0; i < events.size(); ++i) kept += events[i].coin >= thresholds[i] ? 1 : 0;
  return kept;
}

TEST(BottomK, NeverKeepsMoreThanTheLimitAndAllOfItWhenItCan) {
  std::mt19937_64 random(1);
  for (int run = 0; run < 300; ++run) {
    const auto kinds = static_cast<int>(1 + random() % 300);
    std::vector<WindowEvent> events(random() % 3000);
    for (WindowEvent& event : events) {
      event.key = random() % static_cast<uint64_t>(kinds);
      event.coin = random() >> 8;
      // Coins that are alike are no way around the limit.
      if (run % 5 == 0) event.coin >>= 50;
      if (event.key % 7 == 0 && run % 2 == 0) event.wish = 1;
      if (event.key % 11 == 1 && run % 3 == 0) event.wish = 0.01;
    }
    const uint64_t limit = 2 + random() % 1000;
    const size_t kept = Kept(events, BottomK(events, limit, Curve(), run % 4 == 0 ? 3 : 0));
    ASSERT_LE(kept, limit) << run;
    const bool no_rates = run % 3 != 0;
    if (no_rates && run % 5 != 0) {
      EXPECT_EQ(kept, std::min<size_t>(limit, events.size())) << run;
    }
  }
}

TEST(BottomK, TheOrderOfEventsChangesNothing) {
  std::mt19937_64 random(2);
  const auto events = Throw(Population(5000, 3), &random);
  const auto thresholds = BottomK(events, 300, Curve(), 1);
  std::vector<size_t> order(events.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), random);
  std::vector<WindowEvent> shuffled;
  for (const size_t i : order) shuffled.push_back(events[i]);
  const auto again = BottomK(shuffled, 300, Curve(), 1);
  for (size_t i = 0; i < order.size(); ++i) ASSERT_EQ(thresholds[order[i]], again[i]);
}

// The threshold of a kept event does not depend on its own coin: that is what makes it the probability it was kept
// with.
TEST(BottomK, AKeptEventsCoinDoesNotChangeItsThreshold) {
  std::mt19937_64 random(4);
  auto events = Throw(Population(400, 5), &random);
  const auto thresholds = BottomK(events, 60, Curve(), 0);
  int kept = 0;
  for (size_t i = 0; i < events.size(); ++i) {
    const uint64_t coin = events[i].coin;
    const bool stays = coin >= thresholds[i];
    kept += stays ? 1 : 0;
    for (const uint64_t other : {thresholds[i], (kCoinSides + thresholds[i]) / 2, kCoinSides - 1}) {
      if (!stays) break;
      events[i].coin = other;
      ASSERT_EQ(BottomK(events, 60, Curve(), 0)[i], thresholds[i]);
    }
    // And one that is not kept would not have been with any coin below the threshold that a kept one would have had.
    events[i].coin = kCoinSides - 1;
    const uint64_t needed = BottomK(events, 60, Curve(), 0)[i];
    if (!stays) {
      ASSERT_LT(coin, needed);
    }
    if (needed > 0) {
      events[i].coin = needed - 1;
      ASSERT_LT(needed - 1, BottomK(events, 60, Curve(), 0)[i]);
    }
    events[i].coin = coin;
  }
  EXPECT_GT(kept, 30);
}

TEST(BottomK, RareKindsAreWholeAndRulesComeFirst) {
  std::mt19937_64 random(6);
  const auto population = Population(10'000, 7);
  const auto events = Throw(population, &random);
  const auto thresholds = BottomK(events, 1500, Curve(), 0);
  std::map<uint64_t, uint64_t> by_key;
  for (size_t i = 0; i < events.size(); ++i) by_key[events[i].key] = thresholds[i];
  EXPECT_EQ(by_key[6], 0U) << "a rule keeps it";
  EXPECT_EQ(by_key[10], 0U) << "one in 512";
  EXPECT_GE(by_key[3], ThresholdOf(0.1)) << "no more than its rule gives it";
  EXPECT_LT(ProbabilityOf(by_key[1]), 0.2) << "every other event";
}

// A storm of what a rule keeps costs no more than the limit, and leaves the others their chance.
TEST(BottomK, AStormUnderARuleStaysInTheLimit) {
  std::mt19937_64 random(8);
  std::vector<WindowEvent> events;
  for (int i = 0; i < 10'000; ++i) events.push_back({i % 100 == 0 ? 2U : 1U, random() >> 8, i % 100 == 0 ? -1.0 : 1.0});
  const auto thresholds = BottomK(events, 200, Curve(), 0);
  EXPECT_EQ(Kept(events, thresholds), 200U);
  EXPECT_GT(ProbabilityOf(thresholds[0]), 0.3);
  EXPECT_LT(ProbabilityOf(thresholds[1]), 0.05);
}

// The traffic that budgets by rates are tested with: step, ramp, burst, flood. Never over, all of it used, rare keys
// there.
TEST(BottomK, IsNeverOverWhateverComes) {
  constexpr uint64_t kLimit = 600;
  const std::map<std::string, std::function<int(int)>> shapes = {
      {"step", [](int w) { return w < 10 ? 3000 : 60'000; }},
      {"ramp", [](int w) { return 500 + 3000 * w; }},
      {"burst", [](int w) { return w % 4 == 2 ? 100'000 : 3000; }},
      {"flood", [](int) { return 20'000; }}};
  std::mt19937_64 random(13);
  for (const auto& [name, count] : shapes) {
    double kept_of_all = 0, worst = 0;
    for (int window = 0; window < 20; ++window) {
      std::vector<WindowEvent> events;
      for (int i = 0; i < count(window); ++i) {
        const bool fresh = name == "flood" && i % 2 == 0;
        const uint64_t key =
            fresh ? random() | 1ULL << 63 : 100 + static_cast<uint64_t>(std::countr_zero(random() | 1 << 9));
        events.push_back({key, random() >> 8});
      }
      events.push_back({7, random() >> 8});  // the rarest
      const auto thresholds = BottomK(events, kLimit, Curve(), 0);
      const size_t kept = Kept(events, thresholds);
      ASSERT_LE(kept, kLimit) << name << " window " << window;
      ASSERT_EQ(kept, std::min<size_t>(kLimit, events.size())) << name << " window " << window;
      if (name != "flood") {
        EXPECT_EQ(thresholds.back(), 0U) << "a key that came once among ten others, " << name;
      }
      kept_of_all += static_cast<double>(kept) / kLimit / 20;
      worst = std::max(worst, static_cast<double>(kept) / kLimit);
    }
    std::printf("bottom-k, %-6s kept/limit: mean %.3f, worst window %.3f\n", name.c_str(), kept_of_all, worst);
  }
}

TEST(BottomK, ALimitBelowTwoKeepsNothing) {
  const std::vector<WindowEvent> events = {{1, kCoinSides - 1}, {2, kCoinSides - 1, 1}};
  for (const uint64_t limit : {0, 1}) EXPECT_EQ(Kept(events, BottomK(events, limit, Curve(), 0)), 0U);
  EXPECT_EQ(Kept(events, BottomK(events, 2, Curve(), 0)), 2U);
  EXPECT_TRUE(BottomK({}, 10, Curve(), 0).empty());
}

enum class Mutant {
  kNone,
  kLastKept,  // the rank of the last that stays, not of the first that does not
  kAllAlike,  // the limit over what came, for every event
};

struct Question {
  std::string text;
  std::function<bool(const LogEvent&)> matches;
  bool sum = false;
};

std::vector<Question> Questions() {
  std::vector<Question> questions;
  const auto add = [&](const std::string& text, const std::function<bool(const LogEvent&)>& matches) {
    questions.push_back({"count " + text, matches, false});
    questions.push_back({"sum " + text, matches, true});
  };
  add("of all", [](const LogEvent&) { return true; });
  for (uint64_t key = 1; key <= 10; ++key)
    add("kind " + std::to_string(key), [key](const LogEvent& e) { return e.key == key; });
  for (uint64_t host = 0; host < 7; ++host)
    add("host " + std::to_string(host), [host](const LogEvent& e) { return e.host == host; });
  for (uint64_t host = 0; host < 7; ++host)
    add("kind 1 of host " + std::to_string(host), [host](const LogEvent& e) { return e.key == 1 && e.host == host; });
  return questions;
}

// Questions that have so many kept events on average are asked whether their intervals hold: sums have a heavy tail, of
// which fewer say too little.
constexpr double kLeastCounted = 5, kLeastSummed = 20;

struct Verdict {
  double worst_z = 0, mean_ratio = 0, least_coverage = 1, mean_coverage = 0;
  std::string worst_question;
};

Verdict Judge(const std::vector<LogEvent>& population, uint64_t limit, int runs, Mutant mutant) {
  const auto questions = Questions();
  std::vector<double> truth(questions.size()), sums(questions.size()), squares(questions.size()),
      variances(questions.size()), held(questions.size()), kept(questions.size());
  for (size_t q = 0; q < questions.size(); ++q) {
    for (const LogEvent& e : population) truth[q] += questions[q].matches(e) ? (questions[q].sum ? e.size : 1) : 0;
  }
  std::mt19937_64 random(9);
  for (int run = 0; run < runs; ++run) {
    const auto events = Throw(population, &random);
    const auto thresholds = BottomK(events, limit, Curve(), 0);
    // What the mutants need: the probability that the last kept event of each stratum barely had.
    std::map<uint64_t, uint64_t> least;
    for (size_t i = 0; i < events.size(); ++i) {
      if (events[i].coin < thresholds[i]) continue;
      auto& coin = least.try_emplace(events[i].key, UINT64_MAX).first->second;
      coin = std::min(coin, events[i].coin);
    }
    std::vector<TotalEstimator> estimators(questions.size());
    for (size_t i = 0; i < events.size(); ++i) {
      if (events[i].coin < thresholds[i]) continue;
      double p = ProbabilityOf(thresholds[i]);
      if (mutant == Mutant::kLastKept && thresholds[i] > 0) p = ProbabilityOf(least[events[i].key]);
      if (mutant == Mutant::kAllAlike) p = static_cast<double>(limit) / static_cast<double>(events.size());
      for (size_t q = 0; q < questions.size(); ++q) {
        if (questions[q].matches(population[i])) estimators[q].Add({p, questions[q].sum ? population[i].size : 1});
      }
    }
    for (size_t q = 0; q < questions.size(); ++q) {
      const Estimate estimate = questions[q].sum ? estimators[q].Sum() : estimators[q].Count();
      sums[q] += estimate.value;
      squares[q] += (estimate.value - truth[q]) * (estimate.value - truth[q]);
      variances[q] += questions[q].sum ? estimators[q].SumVariance() : estimators[q].CountVariance();
      kept[q] += static_cast<double>(estimate.kept);
      held[q] += estimate.low <= truth[q] * (1 + 1e-9) && truth[q] * (1 - 1e-9) <= estimate.high ? 1 : 0;
    }
  }
  Verdict verdict;
  int counted = 0, covered = 0;
  for (size_t q = 0; q < questions.size(); ++q) {
    const double mean_square = squares[q] / runs;
    if (mean_square < 1e-9 * truth[q]) continue;  // certain
    const double z = std::fabs(sums[q] / runs - truth[q]) / std::sqrt(mean_square / runs);
    if (z > verdict.worst_z) {
      verdict.worst_z = z;
      verdict.worst_question = questions[q].text;
    }
    verdict.mean_ratio += variances[q] / runs / mean_square;
    ++counted;
    // Of what is hardly ever kept there is no interval.
    if (kept[q] / runs < (questions[q].sum ? kLeastSummed : kLeastCounted)) continue;
    verdict.least_coverage = std::min(verdict.least_coverage, held[q] / runs);
    verdict.mean_coverage += held[q] / runs;
    ++covered;
  }
  verdict.mean_ratio /= counted;
  verdict.mean_coverage /= covered;
  return verdict;
}

void Print(const char* name, int runs, const Verdict& v) {
  std::printf("bottom-k, %-42s runs %d  worst |z| %7.2f  variance ratio %.3f  coverage %.4f (least %.4f)  %s\n", name,
              runs, v.worst_z, v.mean_ratio, v.mean_coverage, v.least_coverage, v.worst_question.c_str());
}

TEST(BottomK, EstimatesAreUnbiasedAndIntervalsHold) {
  const int runs = Long() ? 2000 : 200;
  for (const uint64_t limit : {100, 400}) {
    const Verdict verdict = Judge(Population(4000, 11), limit, runs, Mutant::kNone);
    Print(("as it is, " + std::to_string(limit) + " of 4000").c_str(), runs, verdict);
    EXPECT_LT(verdict.worst_z, 4) << verdict.worst_question;
    EXPECT_GT(verdict.mean_ratio, 0.9);
    EXPECT_LT(verdict.mean_ratio, 1.1);
    EXPECT_GE(verdict.mean_coverage, 0.935);
    EXPECT_GE(verdict.least_coverage, Long() ? 0.92 : 0.88);
  }
}

TEST(BottomK, EveryMutantIsCaught) {
  const int runs = Long() ? 2000 : 200;
  const std::pair<Mutant, const char*> mutants[] = {
      {Mutant::kLastKept, "mutant: the rank of the last one kept"},
      {Mutant::kAllAlike, "mutant: the limit over what came"},
  };
  for (const auto& [mutant, name] : mutants) {
    const Verdict verdict = Judge(Population(4000, 11), 100, runs, mutant);
    Print(name, runs, verdict);
    EXPECT_GT(verdict.worst_z, 4) << name;
  }
}

}  // namespace
}  // namespace whittle
