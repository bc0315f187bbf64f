// Gives a sequence of events to the rate controller and prints the probability that each got, for comparisons with
// other samplers (bench/dynsampler).
//
// Input: one line a window, the keys of its events in order, as numbers. Arguments: keep SHARE, events_per_s N (windows
// last a second) or limit N (bottom-k, with coins of a fixed seed), and the curve: log, sqrt or equal. Output: a line
// of probabilities a window; with a limit, negative ones for what is not kept.
#include <cstdio>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "sample/bottom_k.h"
#include "sample/coin.h"
#include "sample/rate_controller.h"

int main(int argc, char** argv) {
  using whittle::Curve;
  using whittle::SamplingBudget;
  if (argc != 4) {
    std::fprintf(stderr, "usage: rate_replay keep|events_per_s|limit AMOUNT log|sqrt|equal\n");
    return 2;
  }
  constexpr int64_t kSecondNs = 1'000'000'000;
  whittle::SamplingPolicy policy;
  policy.window_ns = kSecondNs;
  policy.budget.kind =
      argv[1] == std::string("keep") ? SamplingBudget::Kind::kKeep : SamplingBudget::Kind::kEventsPerSecond;
  policy.budget.amount = std::stod(argv[2]);
  const std::string curve = argv[3];
  policy.curve.kind = curve == "sqrt" ? Curve::Kind::kSqrt : curve == "equal" ? Curve::Kind::kEqual : Curve::Kind::kLog;
  whittle::RateController controller(&policy);
  std::mt19937_64 random(1);
  std::string line;
  for (int64_t window = 0; std::getline(std::cin, line); ++window) {
    std::istringstream keys(line);
    if (argv[1] == std::string("limit")) {
      std::vector<whittle::WindowEvent> waiting;
      for (uint64_t key = 0; keys >> key;) waiting.push_back({key, random() >> 8});
      const auto limit = static_cast<uint64_t>(policy.budget.amount);
      const std::vector<uint64_t> thresholds = whittle::BottomK(waiting, limit, policy.curve, 0);
      for (size_t i = 0; i < waiting.size(); ++i) {
        const double sign = waiting[i].coin >= thresholds[i] ? 1 : -1;
        std::printf("%.6g ", sign * whittle::ProbabilityOf(thresholds[i]));
      }
      std::printf("\n");
      continue;
    }
    whittle::RateController::Arrival arrival;
    const auto events = std::count(line.begin(), line.end(), ' ') + 1;
    for (int64_t i = 0; keys >> arrival.key; ++i) {
      arrival.key = arrival.key * 0x9E3779B97F4A7C15ULL + 3;
      arrival.time_ns = window * kSecondNs + i * kSecondNs / events;
      arrival.bytes = 100;
      std::printf("%.6g ", whittle::ProbabilityOf(controller.Arrive(arrival).threshold));
    }
    std::printf("\n");
  }
  return 0;
}
