// DaemonStatus: what a running daemon knows of itself, for metrics, `whittle top` and systemd. A plain value: the
// daemon fills a new one about every second.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace whittle {

// Upper bounds, in seconds, of the buckets of how long a line takes from being read to being committed.
inline constexpr std::array<double, 10> kLatencyBounds_s = {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};

struct SourceStatus {
  std::string name;
  std::string kind;  // "file" or "kafka"
  std::string path;
  uint64_t position = 0;  // bytes, or the next offset
  uint64_t end = 0;       // size, or the high watermark
};

struct SinkStatus {
  std::string name;
  uint64_t delivered = 0;  // events, since the start
  uint64_t refused = 0;    // events that the other end does not take, since the start
  uint64_t behind = 0;     // events that are committed and not sent yet
};

struct DaemonStatus {
  enum class State : uint8_t { kStarting, kRunning, kWaiting, kStopping };
  State state = State::kStarting;
  std::string trouble;         // why it waits; empty when it is well
  int64_t started_ns = 0;      // wall clock
  int64_t last_commit_ns = 0;  // wall clock; 0: none yet
  uint64_t bytes_read = 0;     // since the start
  uint64_t lines_committed = 0;
  uint64_t records_committed = 0;
  uint64_t bytes_committed = 0;
  uint64_t segments = 0;
  uint64_t segment_bytes = 0;
  uint64_t raw_lane_rows = 0;
  uint64_t quarantined = 0;  // messages
  uint64_t recipe_hits = 0;
  uint64_t came_sampled = 0;   // records with a rate of an earlier stage
  uint64_t refused_rates = 0;  // ... that is none
  uint64_t lines_parsed = 0;
  uint64_t files = 0;
  uint64_t open_files = 0;
  uint64_t reloads = 0;
  uint64_t failed_reloads = 0;
  uint64_t store_failures = 0;
  int64_t oldest_pending_ns = 0;  // age of the oldest line that is read and not committed
  uint64_t resident_bytes = 0;
  std::array<uint64_t, kLatencyBounds_s.size() + 1> latency{};  // commits by age of their oldest line
  double latency_sum_s = 0;
  std::vector<SourceStatus> sources;
  std::vector<SinkStatus> sinks;
};

}  // namespace whittle
