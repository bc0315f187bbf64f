// RateController: which probability each stratum of one source has right now. Rates are a function of what arrived
// before in that source - never of coins, threads, other sources or names - so every route to the same events gives the
// same rates. docs/sampling.md explains the steps; in short:
//
// Time is cut into steps. A step ends with a window of event time, or early when it has twice the events that were
// expected or would overrun the budget. At its end the counts of the step, smoothed with those before, are divided by
// water-filling (allocation.h) and give the rates of the next step. Strata that were not seen yet share a rate of their
// own, set by how many such there were: a flood of new keys is thinned like any other.
//
// One per source, not thread-safe; a plain value that can be written down and read back.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/varint.h"
#include "sample/policy.h"

namespace whittle {

// Events of the first step, which knows nothing and keeps every stratum at the same rate. Long enough that counts mean
// something, short enough that a file of a few thousand lines gets most of its events by the rates of its own.
inline constexpr uint64_t kFirstStepEvents = 1024;
// A step never has more, so that hours without timestamps, or a second with millions of events, follow a change too.
inline constexpr uint64_t kMaxStepEvents = 65'536;
// A step never has fewer, nor fewer than a quarter of the strata: dividing costs time in the number of strata.
inline constexpr uint64_t kMinStepEvents = 256;

class RateController {
 public:
  // `policy` must outlive it. `share`: the part of an absolute budget that this source has.
  explicit RateController(const SamplingPolicy* policy, double share = 1);

  struct Arrival {
    uint64_t key = 0;
    int64_t time_ns = INT64_MIN;  // INT64_MIN: no time is known
    uint64_t bytes = 0;
    std::optional<double> fixed;     // the probability a rule gives; nothing: by the budget
    std::optional<uint64_t> pinned;  // the threshold that was decided before: of a trace decided as a whole
    uint32_t* hint = nullptr;        // where the caller keeps what helps to find the key again; 0 at first
  };
  struct Verdict {
    uint64_t threshold = 0;
    bool other = false;  // beyond the limit of strata: counted in `other`
  };
  Verdict Arrive(const Arrival& arrival);

  // All of its state. Decode answers false when the bytes are not a state.
  void Encode(ByteWriter* out) const;
  bool Decode(ByteReader* in);

  uint64_t steps() const { return steps_; }
  size_t strata() const { return strata_.size(); }
  double expected_kept() const { return total_expected_; }  // over all arrivals, in the budget's unit
  double debt() const { return debt_; }

 private:
  struct Stratum {
    uint64_t key = 0;
    double smoothed = 0;  // events of a window
    double expected = 0;  // ... and how many of them are to come in the next; not part of the state
    double cost = 1;      // of one event
    uint64_t threshold = 0;
    double probability = 1;  // of threshold
    uint64_t events = 0;     // of this step
    uint64_t bytes = 0;
    double fixed = -1;      // probability a rule gives, or -1
    bool is_new = true;     // first seen in this step
    bool returned = false;  // seen in another step too
  };
  // Strata that are not known yet: those of rules, and those of the budget.
  struct Newcomers {
    double events = 0, keys = 0;  // smoothed, of a window
    double probability = 1;
    uint64_t step_events = 0, step_keys = 0;
  };
  static constexpr uint64_t kOtherKey = 0;

  bool tracks_rules() const { return policy_->cap < 1; }
  double Cost(uint64_t bytes) const { return policy_->budget.of_bytes() ? static_cast<double>(bytes) : 1.0; }
  int64_t ShortestNs() const;
  double Allowed(int64_t shortest_ns) const;
  double Slack() const;
  void AdvanceWindow(int64_t time_ns);
  bool StepIsOver() const;
  void EndStep(bool early);
  void Smooth(bool early);
  void ExpectReturns(double scale, double weight);
  void Divide();
  void ApplyCap(double mean_cost);
  Stratum* Find(uint64_t key, double fixed, uint32_t* hint, bool* other);
  static void SetThreshold(uint64_t threshold, Stratum* stratum);

  const SamplingPolicy* policy_;
  double share_;
  std::vector<Stratum> strata_;  // in the order they came
  std::unordered_map<uint64_t, uint32_t> index_;
  double returning_ = 1;    // of the events of strata that were seen in one step only: the share that comes again
  Newcomers newcomers_[2];  // 0: of the budget, 1: of rules
  double expected_events_ = kFirstStepEvents / 2.0;  // of a window, smoothed
  uint64_t step_events_ = 0;
  double step_cost_ = 0;                    // of all arrivals that the budget is about
  double step_expected_ = 0;                // of these, kept
  double all_cost_ = 0, all_expected_ = 0;  // rules included
  double debt_ = 0;                         // spent beyond the budget and not yet saved again
  double total_expected_ = 0;
  uint64_t steps_ = 0;
  int64_t window_ = INT64_MIN;  // number of the current window
  int64_t window_end_ns_ = INT64_MIN;
  int64_t step_begin_ns_ = INT64_MIN, newest_ns_ = INT64_MIN;
  bool window_over_ = false;
};

}  // namespace whittle
