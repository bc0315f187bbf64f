// SamplingPolicy: what to keep, as a person wrote it. Plain data, immutable once read (pipeline/sampling_config.h reads
// it from YAML); filters in it are safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "expr/filter.h"
#include "sample/allocation.h"
#include "sample/metric_ledger.h"

namespace whittle {

// Rules of one policy; each may cost time on every event.
inline constexpr size_t kMaxSamplingRules = 256;
// Expressions of a sampling key.
inline constexpr size_t kMaxSamplingKeys = 8;

struct SamplingRule {
  enum class Action : uint8_t { kKeepAll, kKeepFirst, kRate, kDrop };
  enum class Per : uint8_t { kStratum, kTemplate, kSource };
  std::string when;  // as written
  Filter filter;
  Action action = Action::kKeepAll;
  double probability = 1;  // kRate
  uint64_t first = 0;      // kKeepFirst: so many in every window
  Per per = Per::kStratum;
  // Not empty: events whose message fits one of these texts of templates, instead of those that pass the filter. One
  // rule of a policy at most has them.
  std::vector<std::string> templates;
};

// Events that are counted exactly before anything else happens to them.
struct SamplingMetric {
  MetricDefinition definition;
  Filter filter;
};

struct SamplingBudget {
  enum class Kind : uint8_t {
    kEverything,
    kKeep,             // share of the events
    kKeepBytes,        // share of the bytes
    kEventsPerSecond,  // of event time
    kBytesPerDay,      // of event time
    kRate,             // one probability for all, no controller
    kEventsPerWindow,  // a limit, rules included, by the coins of each window (bottom_k.h)
  };
  Kind kind = Kind::kEverything;
  double amount = 1;  // of kRate: the probability

  bool of_bytes() const { return kind == Kind::kKeepBytes || kind == Kind::kBytesPerDay; }
  bool per_window() const { return kind == Kind::kEventsPerWindow; }
  bool absolute() const { return kind == Kind::kEventsPerSecond || kind == Kind::kBytesPerDay || per_window(); }
};

// Which fields say at what rate an earlier stage has sampled an event (docs/sampling.md, "Rates that come in").
struct IncomingChoice {
  enum class Kind : uint8_t { kAuto, kOff, kField };
  Kind kind = Kind::kAuto;
  std::string field;  // kField: the name of the one that holds the rate
};

struct SamplingPolicy {
  enum class Traces : uint8_t { kSharedCoin, kWhole, kIndependent };
  uint64_t seed = 1;
  bool w3c_coin = false;
  SamplingBudget budget;
  double cap = 1;  // share of all events (bytes, with a budget of bytes), rules included; 1: none
  std::vector<std::string> key = {"signature", "severity", "service.name"};
  Curve curve;
  int64_t window_ns = 30'000'000'000;
  double floor = 0;  // events to expect of every stratum in every window
  std::vector<SamplingRule> rules;
  std::vector<SamplingMetric> metrics;
  Traces traces = Traces::kSharedCoin;
  int64_t hold_ns = 5'000'000'000;           // kWhole: how long a trace may wait for its decision, in event time
  uint64_t hold_bytes = uint64_t{32} << 20;  // ... and how much text of one source may wait
  IncomingChoice incoming;
  size_t max_strata = 16'384;  // of one source; the rest is `other`
  std::string text;            // the policy as it is recorded in the store: canonical, one line

  // False: everything is kept and nothing counted, and the ledger says so without the help of a sampler.
  bool active() const { return samples() || !metrics.empty(); }
  bool samples() const { return budget.kind != SamplingBudget::Kind::kEverything || !rules.empty() || cap < 1; }
};

}  // namespace whittle
