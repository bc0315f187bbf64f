#include "sample/rate_controller.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>

#include "sample/coin.h"

namespace whittle {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

SamplingPolicy Keep(double share) {
  SamplingPolicy policy;
  policy.budget = {SamplingBudget::Kind::kKeep, share};
  return policy;
}

// A stream of events: `keys_of(second)` says which keys arrive in that second.
struct Window {
  double arrived = 0, expected = 0;
};
std::vector<Window> Drive(const SamplingPolicy& policy, int seconds,
                          const std::function<void(int, std::vector<uint64_t>*)>& keys_of, RateController* controller) {
  std::vector<Window> windows;
  std::vector<uint64_t> keys;
  for (int second = 0; second < seconds; ++second) {
    keys.clear();
    keys_of(second, &keys);
    const auto window = static_cast<size_t>(second * kSecond / policy.window_ns);
    if (windows.size() <= window) windows.resize(window + 1);
    for (size_t i = 0; i < keys.size(); ++i) {
      const int64_t time = second * kSecond + static_cast<int64_t>(i) * kSecond / static_cast<int64_t>(keys.size());
      const auto verdict = controller->Arrive({keys[i], time, 100, {}});
      windows[window].arrived += 1;
      windows[window].expected += ProbabilityOf(verdict.threshold);
    }
  }
  return windows;
}

// Ten kinds of events, each half as common as the one before.
void Mix(std::mt19937_64* random, int events, std::vector<uint64_t>* keys) {
  for (int i = 0; i < events; ++i) keys->push_back(static_cast<uint64_t>(100 + std::countr_zero((*random)() | 1 << 9)));
}

TEST(RateController, SteadyTrafficKeepsTheBudgetAndTheRareKeys) {
  const SamplingPolicy policy = Keep(0.1);
  RateController controller(&policy);
  std::mt19937_64 random(1);
  const auto windows = Drive(
      policy, 600, [&](int, auto* keys) { Mix(&random, 200, keys); }, &controller);
  for (size_t i = 2; i < windows.size(); ++i) EXPECT_NEAR(windows[i].expected / windows[i].arrived, 0.1, 0.01) << i;
  // The rarest of the ten, one in 512, is kept whole or nearly.
  EXPECT_GT(ProbabilityOf(controller.Arrive({109, 600 * kSecond, 100, {}}).threshold), 0.9);
  EXPECT_LT(ProbabilityOf(controller.Arrive({100, 600 * kSecond, 100, {}}).threshold), 0.1);
}

TEST(RateController, StepOvershootsAtMostOneWindow) {
  const SamplingPolicy policy = Keep(0.1);
  RateController controller(&policy);
  std::mt19937_64 random(2);
  const auto windows = Drive(
      policy, 600, [&](int s, auto* keys) { Mix(&random, s < 300 ? 50 : 2000, keys); }, &controller);
  double arrived = 0, expected = 0;
  for (size_t i = 0; i < windows.size(); ++i) {
    EXPECT_LT(windows[i].expected, (i == 10 ? 0.2 : 0.11) * windows[i].arrived + 1) << i;
    arrived += windows[i].arrived;
    expected += windows[i].expected;
  }
  EXPECT_NEAR(expected / arrived, 0.1, 0.005);
}

TEST(RateController, AbsoluteBudgetsHoldOnStepsRampsAndBursts) {
  SamplingPolicy policy;
  policy.budget = {SamplingBudget::Kind::kEventsPerSecond, 20};
  const double allowed = 20 * 30;
  const std::map<std::string, std::function<int(int)>> shapes = {
      {"step", [](int s) { return s < 300 ? 100 : 3000; }},
      {"ramp", [](int s) { return 100 + 5 * s; }},
      {"burst", [](int s) { return s % 120 == 60 ? 20'000 : 100; }}};
  for (const auto& entry : shapes) {
    const std::string& name = entry.first;
    const auto& shape = entry.second;
    RateController controller(&policy);
    std::mt19937_64 random(3);
    const auto windows = Drive(
        policy, 600, [&](int s, auto* keys) { Mix(&random, shape(s), keys); }, &controller);
    double total = 0, worst = 0;
    for (size_t i = 1; i < windows.size(); ++i) {
      total += windows[i].expected;
      worst = std::max(worst, windows[i].expected / allowed);
      EXPECT_LT(windows[i].expected, (name == "ramp" ? 1.1 : 2) * allowed) << name << " window " << i;
    }
    EXPECT_LT(total / static_cast<double>(windows.size() - 1), 1.1 * allowed) << name;
    EXPECT_GT(total / static_cast<double>(windows.size() - 1), 0.5 * allowed) << name;
    std::printf("%-8s kept/budget: mean %.3f, worst window %.3f\n", name.c_str(),
                total / static_cast<double>(windows.size() - 1) / allowed, worst);
  }
}

TEST(RateController, AFloodOfNewKeysStaysInTheBudgetAndInMemory) {
  const SamplingPolicy policy = Keep(0.1);
  RateController controller(&policy);
  std::mt19937_64 random(4);
  const int flood = std::getenv("WHITTLE_LONG") != nullptr ? 10'000'000 : 1'000'000;
  double arrived = 0, expected = 0, others = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::vector<uint64_t> keys;
    Mix(&random, 1, &keys);
    controller.Arrive({keys[0], i * kSecond / 200, 100, {}});
  }
  for (int i = 0; i < flood; ++i) {
    const auto verdict = controller.Arrive({random() | 1, 100 * kSecond + i * (kSecond / 100'000), 100, {}});
    arrived += 1;
    expected += ProbabilityOf(verdict.threshold);
    others += verdict.other ? 1 : 0;
    ASSERT_LE(controller.strata(), policy.max_strata + 1);
  }
  EXPECT_LE(expected / arrived, 0.105);
  std::printf("%d new keys: kept/budget %.3f, in `other` %.1f%%\n", flood, expected / arrived / 0.1,
              100 * others / arrived);
  EXPECT_GT(expected / arrived, 0.03);
}

// Half of the traffic are keys that come once: the rest of the budget goes to those that stay, not to those that left.
TEST(RateController, AFloodOfUniqueKeysLeavesNoBudgetUnused) {
  for (const bool absolute : {false, true}) {
    SamplingPolicy policy = Keep(0.1);
    policy.window_ns = kSecond;
    if (absolute) policy.budget = {SamplingBudget::Kind::kEventsPerSecond, 200};
    RateController controller(&policy);
    std::mt19937_64 random(12);
    uint64_t fresh = 1'000'000;
    const auto windows = Drive(
        policy, 60,
        [&](int, auto* keys) {
          Mix(&random, 1000, keys);
          for (int i = 0; i < 1000; ++i) keys->push_back(fresh++);
          std::shuffle(keys->begin(), keys->end(), random);
        },
        &controller);
    double kept = 0;
    for (size_t w = 10; w < windows.size(); ++w) {
      kept += windows[w].expected;
      EXPECT_LT(windows[w].expected, 1.1 * 200) << w << (absolute ? " absolute" : "");
    }
    EXPECT_NEAR(kept / 50, 200, 16) << (absolute ? "absolute" : "share");
  }
}

TEST(RateController, RenamingKeysChangesNoRate) {
  const SamplingPolicy policy = Keep(0.05);
  RateController a(&policy), b(&policy);
  std::mt19937_64 random(5);
  std::vector<uint64_t> keys;
  Mix(&random, 200'000, &keys);
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto time = static_cast<int64_t>(i) * kSecond / 300;
    ASSERT_EQ(a.Arrive({keys[i], time, 80, {}}).threshold,
              b.Arrive({keys[i] * 0x9E3779B97F4A7C15, time, 80, {}}).threshold);
  }
}

TEST(RateController, GoesOnWhereItWasWrittenDown) {
  SamplingPolicy policy = Keep(0.05);
  policy.cap = 0.2;
  RateController through(&policy);
  auto resumed = std::make_unique<RateController>(&policy);
  std::mt19937_64 random(6);
  for (int i = 0; i < 100'000; ++i) {
    std::vector<uint64_t> keys;
    Mix(&random, 1, &keys);
    const RateController::Arrival arrival{keys[0], i * kSecond / 300, random() % 300,
                                          keys[0] == 101 ? std::optional<double>(1) : std::nullopt};
    ASSERT_EQ(through.Arrive(arrival).threshold, resumed->Arrive(arrival).threshold) << i;
    if (random() % 5000 != 0) continue;
    std::string bytes;
    ByteWriter out(&bytes);
    resumed->Encode(&out);
    resumed = std::make_unique<RateController>(&policy);
    ByteReader in(bytes);
    ASSERT_TRUE(resumed->Decode(&in));
    EXPECT_EQ(in.remaining(), 0U);
    ByteReader cut(std::string_view(bytes).substr(0, bytes.size() / 2));
    EXPECT_FALSE(RateController(&policy).Decode(&cut));
  }
}

TEST(RateController, TheCapHoldsForRulesToo) {
  SamplingPolicy policy = Keep(0.1);
  policy.cap = 0.3;
  RateController controller(&policy);
  std::mt19937_64 random(7);
  double kept = 0, rare = 0, rare_kept = 0;
  constexpr int kEvents = 400'000;
  for (int i = 0; i < kEvents; ++i) {
    const uint64_t dice = random() % 1000;
    // Nine in ten match a rule that keeps all; one in a thousand does too and is rare.
    const bool storm = dice < 900, is_rare = dice == 999;
    const auto verdict =
        controller.Arrive({is_rare ? 3U
                           : storm ? 1U
                                   : 2U,
                           i * kSecond / 500, 100, storm || is_rare ? std::optional<double>(1) : std::nullopt});
    const double p = ProbabilityOf(verdict.threshold);
    kept += p;
    rare += is_rare ? 1 : 0;
    rare_kept += is_rare ? p : 0;
  }
  EXPECT_LT(kept / kEvents, 0.31);
  EXPECT_GT(kept / kEvents, 0.25);
  EXPECT_GT(rare_kept / rare, 0.95);
}

TEST(RateController, EventsWithoutTimeFollowChangesToo) {
  const SamplingPolicy policy = Keep(0.1);
  RateController controller(&policy);
  std::mt19937_64 random(8);
  double kept = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::vector<uint64_t> keys;
    Mix(&random, 1, &keys);
    kept += ProbabilityOf(controller.Arrive({keys[0], INT64_MIN, 100, {}}).threshold);
  }
  EXPECT_NEAR(kept / 100'000, 0.1, 0.01);
  EXPECT_GT(controller.steps(), 5U);
}

// Steps of less than a second must not spend the budget of one each.
TEST(RateController, ShortWindowsHoldAbsoluteBudgets) {
  for (const int events : {500, 2000, 20'000}) {
    SamplingPolicy policy;
    policy.budget = {SamplingBudget::Kind::kEventsPerSecond, 200};
    policy.window_ns = kSecond;
    RateController controller(&policy);
    std::mt19937_64 random(11);
    const auto windows = Drive(
        policy, 40, [&](int, std::vector<uint64_t>* keys) { Mix(&random, events, keys); }, &controller);
    double kept = 0;
    for (size_t w = 10; w < windows.size(); ++w) {
      kept += windows[w].expected;
      EXPECT_LT(windows[w].expected, 1.1 * 200 + 16) << events << " events, window " << w;
    }
    EXPECT_NEAR(kept / 30, 200, 20) << events;
  }
}

TEST(RateController, BytesAreBudgetedAsBytes) {
  SamplingPolicy policy;
  policy.budget = {SamplingBudget::Kind::kKeepBytes, 0.1};
  RateController controller(&policy);
  std::mt19937_64 random(9);
  double bytes = 0, kept = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::vector<uint64_t> keys;
    Mix(&random, 1, &keys);
    const uint64_t size = keys[0] == 100 ? 50 : 3000;
    const double p = ProbabilityOf(controller.Arrive({keys[0], i * kSecond / 500, size, {}}).threshold);
    bytes += static_cast<double>(size);
    kept += p * static_cast<double>(size);
  }
  EXPECT_NEAR(kept / bytes, 0.1, 0.01);
}

}  // namespace
}  // namespace whittle
