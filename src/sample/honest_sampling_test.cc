// Rates, coins and estimators together, over many seeds: whether what is recorded is the probability that was used, and
// whether estimates, variances and intervals are what they say. The thresholds below were set before the first run.
// A tenth of the seeds in the ordinary tests, all with WHITTLE_LONG=1.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "sample/coin.h"
#include "sample/estimate.h"
#include "sample/rate_controller.h"

namespace whittle {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr uint64_t kPopulationSeed = 20;
constexpr double kMostZ = 4;
constexpr double kLeastRatio = 0.9, kMostRatio = 1.1;

bool Long() { return std::getenv("WHITTLE_LONG") != nullptr; }

struct LogEvent {
  uint64_t kind = 0;  // the sampling key
  uint64_t host = 0, path = 0;
  uint64_t trace = 0;  // 0: none
  int window = 0;
  double size = 0;  // lognormal
  uint64_t threshold = 0;
  uint64_t after_update = 0;  // of its stratum in the next step
};

// Five minutes of a service: common and rare kinds, bursts, traces of geometric length, sizes with a heavy tail. Rates
// are those of the controller: they are a function of what came, so they are the same for every seed of the coin.
std::vector<LogEvent> Population(const SamplingPolicy& policy, int events) {
  std::mt19937_64 random(kPopulationSeed);
  std::lognormal_distribution<double> size(4, 1.2);
  std::geometric_distribution<int> length(0.2);
  std::vector<LogEvent> all;
  RateController controller(&policy);
  uint64_t trace = 0;
  int left = 0;
  std::unordered_map<uint64_t, std::vector<size_t>> open;  // events of the kind that wait for its next step
  std::unordered_map<uint64_t, uint64_t> step_of;
  for (int i = 0; i < events; ++i) {
    LogEvent event;
    if (left-- <= 0) {
      trace = random() % 3 == 0 ? 0 : random() | 1;
      left = trace == 0 ? 0 : length(random);
    }
    event.trace = trace;
    const int64_t time = i * (300 * kSecond / events);
    const bool burst = time / (40 * kSecond) % 2 == 1;
    event.kind = 1 + static_cast<uint64_t>(std::countr_zero(random() | (1 << 9)));
    if (burst && random() % 2 == 0) event.kind = 11;
    event.host = random() % 7;
    event.path = static_cast<uint64_t>(std::countr_zero(random() | (1 << 11)));
    event.window = static_cast<int>(time / (30 * kSecond));
    event.size = size(random);
    event.threshold = controller.Arrive({event.kind, time, 100, {}}).threshold;
    event.after_update = event.threshold;
    if (step_of[event.kind] != controller.steps()) {
      for (const size_t before : open[event.kind]) all[before].after_update = event.threshold;
      open[event.kind].clear();
      step_of[event.kind] = controller.steps();
    }
    open[event.kind].push_back(all.size());
    all.push_back(event);
  }
  return all;
}

// A question: a filter, and whether it adds up sizes instead of counting.
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
  for (uint64_t kind = 1; kind <= 11; ++kind)
    add("kind " + std::to_string(kind), [kind](const LogEvent& e) { return e.kind == kind; });
  for (uint64_t host = 0; host < 7; ++host)
    add("host " + std::to_string(host), [host](const LogEvent& e) { return e.host == host; });
  for (uint64_t path = 0; path < 6; ++path)
    add("path " + std::to_string(path), [path](const LogEvent& e) { return e.path == path; });
  for (int window = 0; window < 4; ++window)
    add("window " + std::to_string(window), [window](const LogEvent& e) { return e.window == window; });
  add("large", [](const LogEvent& e) { return e.size > 200; });
  add("with a trace", [](const LogEvent& e) { return e.trace != 0; });
  return questions;
}

enum class Mutant {
  kNone,
  kRateOffByOne,         // every event stands for one more than it does
  kRecordedAfterUpdate,  // the probability of the step after the one that decided
  kWeightLostOnMerge,    // what another thread added up counts as if nothing had been sampled
  kCoinOfAllStages,      // a second throw of the same coin is recorded as an independent one
  kLinesAreIndependent,  // the variance forgets that lines of a trace share a coin
};

struct Verdict {
  double worst_z = 0, least_ratio = 1e9, most_ratio = 0, mean_ratio = 0;
  int outside = 0;  // questions whose ratio is outside the limits by more than kMostZ of its own standard errors
  std::string worst_question;
  bool caught() const { return worst_z >= kMostZ || mean_ratio < kLeastRatio || mean_ratio > kMostRatio; }
};

double Value(const Question& question, const LogEvent& event) { return question.sum ? event.size : 1; }

// The variance that the design really has: every pair of one coin, and every event without a trace, alone.
double TrueVariance(const Question& question, const std::vector<LogEvent>& events) {
  std::unordered_map<uint64_t, std::vector<std::pair<double, double>>> traces;
  double variance = 0;
  for (const LogEvent& event : events) {
    if (!question.matches(event)) continue;
    const double p = ProbabilityOf(event.threshold), y = Value(question, event);
    if (event.trace == 0)
      variance += (1 / p - 1) * y * y;
    else
      traces[event.trace].emplace_back(p, y);
  }
  for (const auto& [trace, lines] : traces) {
    for (const auto& [p, y] : lines) {
      for (const auto& [q, z] : lines) variance += (1 / std::max(p, q) - 1) * y * z;
    }
  }
  return variance;
}

Verdict Judge(const std::vector<LogEvent>& events, const std::vector<Question>& questions, int seeds, Mutant mutant) {
  std::vector<std::vector<uint32_t>> asks(events.size());
  std::vector<double> truth(questions.size()), sums(questions.size()), variances(questions.size());
  std::vector<double> squares(questions.size());  // of estimated variances
  for (size_t i = 0; i < events.size(); ++i) {
    for (uint32_t q = 0; q < questions.size(); ++q) {
      if (!questions[q].matches(events[i])) continue;
      asks[i].push_back(q);
      truth[q] += Value(questions[q], events[i]);
    }
  }
  const Hash128 source{1, 2};
  for (int seed = 1; seed <= seeds; ++seed) {
    const auto coin_seed = static_cast<uint64_t>(seed);
    std::vector<TotalEstimator> here(questions.size()), there(questions.size());
    for (size_t i = 0; i < events.size(); ++i) {
      const LogEvent& event = events[i];
      const uint64_t coin =
          event.trace != 0 ? TraceCoin(coin_seed, event.trace) : PositionCoin(coin_seed, source, i * 100);
      if (coin < event.threshold) continue;
      double p = ProbabilityOf(event.threshold);
      if (mutant == Mutant::kRateOffByOne) p = 1 / (1 / p + 1);
      if (mutant == Mutant::kRecordedAfterUpdate) p = ProbabilityOf(event.after_update);
      if (mutant == Mutant::kCoinOfAllStages) p *= p;
      for (const uint32_t q : asks[i]) {
        Observation observation{p, Value(questions[q], event), event.trace};
        if (mutant == Mutant::kLinesAreIndependent) observation.coin = 0;
        // As two threads would: every other trace in another estimator.
        ((event.trace >> 1) % 2 == 0 ? here : there)[q].Add(observation);
      }
    }
    for (size_t q = 0; q < questions.size(); ++q) {
      if (mutant == Mutant::kWeightLostOnMerge) {
        here[q].AddCertain(there[q].kept(), static_cast<double>(there[q].kept()));
      } else {
        here[q].Merge(there[q]);
      }
      sums[q] += questions[q].sum ? here[q].Sum().value : here[q].Count().value;
      const double variance = questions[q].sum ? here[q].SumVariance() : here[q].CountVariance();
      variances[q] += variance;
      squares[q] += variance * variance;
    }
  }
  Verdict verdict;
  int counted = 0;
  for (size_t q = 0; q < questions.size(); ++q) {
    const double variance = TrueVariance(questions[q], events);
    if (variance <= 0) continue;
    const double z = std::fabs(sums[q] / seeds - truth[q]) / std::sqrt(variance / seeds);
    const double ratio = variances[q] / seeds / variance;
    const double mean = variances[q] / seeds;
    const double error = std::sqrt(std::max(0.0, squares[q] / seeds - mean * mean) / seeds) / variance;
    if (ratio + kMostZ * error < kLeastRatio || ratio - kMostZ * error > kMostRatio) ++verdict.outside;
    if (z > verdict.worst_z) verdict.worst_question = questions[q].text;
    verdict.worst_z = std::max(verdict.worst_z, z);
    verdict.least_ratio = std::min(verdict.least_ratio, ratio);
    verdict.most_ratio = std::max(verdict.most_ratio, ratio);
    ++counted;
    verdict.mean_ratio += ratio;
  }
  verdict.mean_ratio /= std::max(1, counted);
  return verdict;
}

SamplingPolicy TenPercent() {
  SamplingPolicy policy;
  policy.budget = {SamplingBudget::Kind::kKeep, 0.1};
  return policy;
}

void Print(const char* name, int seeds, const Verdict& v) {
  std::printf("%-46s seeds %d  worst |z| %8.2f  variance ratio %.3f (%.3f to %.3f, %d outside)  %s\n", name, seeds,
              v.worst_z, v.mean_ratio, v.least_ratio, v.most_ratio, v.outside, v.worst_question.c_str());
}

TEST(HonestSampling, EstimatesAreUnbiasedAndVariancesTrue) {
  const SamplingPolicy policy = TenPercent();
  const int seeds = Long() ? 1000 : 100;
  const auto events = Population(policy, 20'000);
  const auto questions = Questions();
  ASSERT_GE(questions.size(), 50U);
  const Verdict verdict = Judge(events, questions, seeds, Mutant::kNone);
  Print("as it is", seeds, verdict);
  EXPECT_LT(verdict.worst_z, kMostZ) << verdict.worst_question;
  EXPECT_GT(verdict.mean_ratio, kLeastRatio);
  EXPECT_LT(verdict.mean_ratio, kMostRatio);
  // Estimated variances of rare and heavy questions are skewed: a tenth of the seeds says nothing of each alone.
  if (!Long()) return;
  EXPECT_EQ(verdict.outside, 0) << "questions whose variance is off by more than chance";
}

TEST(HonestSampling, EveryMutantIsCaught) {
  const SamplingPolicy policy = TenPercent();
  const int seeds = Long() ? 1000 : 50;
  const auto events = Population(policy, 20'000);
  const auto questions = Questions();
  const std::pair<Mutant, const char*> mutants[] = {
      {Mutant::kRateOffByOne, "mutant: rate off by one"},
      {Mutant::kRecordedAfterUpdate, "mutant: probability recorded after the update"},
      {Mutant::kWeightLostOnMerge, "mutant: weight lost on merge"},
      {Mutant::kCoinOfAllStages, "mutant: one coin counted as two"},
      {Mutant::kLinesAreIndependent, "mutant: lines of a trace taken as independent"},
  };
  for (const auto& [mutant, name] : mutants) {
    const Verdict verdict = Judge(events, questions, seeds, mutant);
    Print(name, seeds, verdict);
    EXPECT_TRUE(verdict.caught()) << name;
  }
}

}  // namespace
}  // namespace whittle
