// TraceRollup: one wide row per trace out of its events: when, how long, how many, what went wrong, where, and the
// first value of each attribute. Bounded; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <whittle/status.h>

#include "query/result_table.h"
#include "query/selection.h"

namespace whittle {

// Traces of one rollup, attributes of one trace, and the bytes of all; more traces is kLimit.
inline constexpr size_t kMaxRolledTraces = 200'000;
inline constexpr size_t kMaxRolledAttributes = 64;
inline constexpr size_t kMaxRolledBytes = size_t{192} << 20;

class TraceRollup {
 public:
  Status Add(const Event& event);
  // trace_id, timestamp (of the first event), duration, events, errors, severity (the worst), services, template (of
  // the first event), body (of the first error), then with `wide` the attributes. By time.
  ResultTable Finish(bool wide) const;

 private:
  struct Trace {
    std::optional<int64_t> first_ns, last_ns;
    uint64_t events = 0, errors = 0;
    int severity = 0;
    std::string severity_text, first_template, first_error;
    std::vector<std::string> services;
    std::map<std::string, Value> attributes;
  };
  std::unordered_map<std::string, Trace> traces_;
  size_t bytes_ = 0;
};

Status RollUpTraces(Selection* selection, TraceRollup* rollup);

}  // namespace whittle
