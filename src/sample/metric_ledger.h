// MetricLedger: exact counts and sums of events that a policy's metrics choose, of one segment or of many, taken before
// anything is sampled or dropped: by window of event time, all sources together. Section 20 of a segment
// (docs/segment-format.md) is its bytes.
//
// Bounded: beyond kMaxMetricCells windows are joined in pairs; totals never change. A plain value, not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "base/varint.h"

namespace whittle {

// Metrics of one policy; each may cost time on every event.
inline constexpr size_t kMaxMetrics = 64;
// Metrics of a merged ledger: of all the policies a store ever had. Further ones are left out.
inline constexpr size_t kMaxMergedMetrics = 1024;
// Windows times metrics.
inline constexpr size_t kMaxMetricCells = 1 << 16;

// What is counted: equal definitions are one metric, wherever they stand.
struct MetricDefinition {
  std::string name;
  std::string when;  // the filter in its canonical form
  std::string sum;   // field that is summed up; empty: events are only counted
  bool operator==(const MetricDefinition&) const = default;
};

// What an amount counts in; a sum of different ones is a plain number. Part of the format.
enum class MetricUnit : uint8_t { kNone = 0, kInteger = 1, kReal = 2, kDuration = 3, kSize = 4 };

struct MetricCell {
  uint64_t events = 0;  // that passed the filter
  uint64_t values = 0;  // of those, with a number in the field
  MetricUnit unit = MetricUnit::kNone;
  int64_t whole = 0;  // sum of integers, nanoseconds or bytes; stops at the ends of its range
  double real = 0;    // sum of numbers with fractions
  double sum() const { return static_cast<double>(whole) + real; }
  void Add(const MetricCell& other);
  bool operator==(const MetricCell&) const = default;
};

class MetricLedger {
 public:
  MetricLedger() = default;
  MetricLedger(const MetricLedger& other);
  MetricLedger& operator=(const MetricLedger& other);
  MetricLedger(std::vector<MetricDefinition> definitions, int64_t window_ns);

  // The cells of the window that this time is in, one per definition; INT64_MIN: no time is known. Valid until the next
  // call.
  std::vector<MetricCell>& At(int64_t time_ns);
  // An event was held against all filters.
  void NoteEvent() { ++seen_; }

  // A metric that only one of the two has keeps its own `seen`.
  void Merge(const MetricLedger& other);

  const std::vector<MetricDefinition>& definitions() const { return definitions_; }
  // Events that were held against the filter of a metric, whether they passed or not.
  uint64_t seen(size_t metric) const { return seen_ + (metric < more_seen_.size() ? more_seen_[metric] : 0); }
  MetricCell Total(size_t metric) const;
  int64_t window_ns() const { return window_ns_; }
  // By number of the window, which begins at number * window_ns(); INT64_MIN: events without a time.
  const std::map<int64_t, std::vector<MetricCell>>& windows() const { return windows_; }

  std::string Encode() const;
  static Result<MetricLedger> Decode(std::string_view bytes);

 private:
  void Widen(int64_t window_ns);
  void JoinWindows();

  std::vector<MetricDefinition> definitions_;
  int64_t window_ns_ = 1;
  uint64_t seen_ = 0;                // of all metrics
  std::vector<uint64_t> more_seen_;  // ... and of each, from ledgers that were merged in
  std::map<int64_t, std::vector<MetricCell>> windows_;
  std::vector<MetricCell>* last_ = nullptr;  // of the window asked for last
  int64_t last_begin_ns_ = 0, last_end_ns_ = 0;
};

}  // namespace whittle
