#include "pipeline/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace whittle {
namespace {

constexpr double kSecondNs = 1e9;
// Lines that are read and not committed after this many times `close_after` mean that something hangs.
constexpr int64_t kLateFactor = 6;
constexpr int64_t kLateSlackNs = 30'000'000'000;

std::string Label(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

void Add(std::string* out, std::string_view name, std::string_view type, std::string_view help, double value) {
  *out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, value);
}

void AddLatency(const DaemonStatus& status, std::string* out) {
  *out +=
      "# HELP whittle_commit_age_seconds Age of the oldest line of a segment when it was committed.\n"
      "# TYPE whittle_commit_age_seconds histogram\n";
  uint64_t below = 0;
  for (size_t i = 0; i < kLatencyBounds_s.size(); ++i) {
    below += status.latency[i];
    *out += fmt::format("whittle_commit_age_seconds_bucket{{le=\"{}\"}} {}\n", kLatencyBounds_s[i], below);
  }
  below += status.latency.back();
  *out += fmt::format(
      "whittle_commit_age_seconds_bucket{{le=\"+Inf\"}} {0}\nwhittle_commit_age_seconds_sum {1}\n"
      "whittle_commit_age_seconds_count {0}\n",
      below, status.latency_sum_s);
}

// "logs/3" is partition 3 of logs: topics have no slashes.
void AddPartitions(const std::vector<const SourceStatus*>& partitions, std::string* out) {
  if (partitions.empty()) return;
  const size_t shown = std::min(partitions.size(), kMaxMetricSources);
  const auto series = [&](std::string_view name, std::string_view help, auto value) {
    *out += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", name, help);
    for (size_t i = 0; i < shown; ++i) {
      const SourceStatus& source = *partitions[i];
      const size_t slash = source.name.rfind('/');
      *out += fmt::format("{}{{cluster=\"{}\",topic=\"{}\",partition=\"{}\"}} {}\n", name, Label(source.path),
                          Label(source.name.substr(0, slash)), Label(source.name.substr(slash + 1)), value(source));
    }
  };
  series("whittle_kafka_position", "The next offset to read of a partition that this member owns.",
         [](const SourceStatus& source) { return source.position; });
  series("whittle_kafka_lag_messages", "Offsets of a partition that are not read yet.",
         [](const SourceStatus& source) { return source.end > source.position ? source.end - source.position : 0; });
}

void AddSources(const DaemonStatus& status, std::string* out) {
  double lag = 0;
  std::vector<const SourceStatus*> files, partitions;
  for (const SourceStatus& source : status.sources) {
    (source.kind == "kafka" ? partitions : files).push_back(&source);
    if (source.kind == "kafka") continue;
    lag += static_cast<double>(source.end > source.position ? source.end - source.position : 0);
  }
  Add(out, "whittle_lag_bytes", "gauge", "Bytes that are written and not read yet, of all sources.", lag);
  *out +=
      "# HELP whittle_source_position_bytes How far a source was read.\n# TYPE whittle_source_position_bytes gauge\n";
  const size_t shown = std::min(files.size(), kMaxMetricSources);
  for (size_t i = 0; i < shown; ++i) {
    const SourceStatus& source = *files[i];
    *out += fmt::format("whittle_source_position_bytes{{source=\"{}\",path=\"{}\"}} {}\n", Label(source.name),
                        Label(source.path), source.position);
  }
  *out += "# HELP whittle_source_lag_bytes Bytes that are not read yet.\n# TYPE whittle_source_lag_bytes gauge\n";
  for (size_t i = 0; i < shown; ++i) {
    const SourceStatus& source = *files[i];
    *out += fmt::format("whittle_source_lag_bytes{{source=\"{}\",path=\"{}\"}} {}\n", Label(source.name),
                        Label(source.path), source.end > source.position ? source.end - source.position : 0);
  }
  AddPartitions(partitions, out);
}

void AddSinks(const DaemonStatus& status, std::string* out) {
  if (status.sinks.empty()) return;
  *out +=
      "# HELP whittle_sink_delivered_events_total Events that a sink has taken.\n"
      "# TYPE whittle_sink_delivered_events_total counter\n";
  for (const SinkStatus& sink : status.sinks) {
    *out += fmt::format("whittle_sink_delivered_events_total{{sink=\"{}\"}} {}\n", Label(sink.name), sink.delivered);
  }
  *out +=
      "# HELP whittle_sink_refused_events_total Events that were left out because the other end does not take them.\n"
      "# TYPE whittle_sink_refused_events_total counter\n";
  for (const SinkStatus& sink : status.sinks) {
    *out += fmt::format("whittle_sink_refused_events_total{{sink=\"{}\"}} {}\n", Label(sink.name), sink.refused);
  }
  *out +=
      "# HELP whittle_sink_behind_events Events that are committed and not sent yet.\n"
      "# TYPE whittle_sink_behind_events gauge\n";
  for (const SinkStatus& sink : status.sinks) {
    *out += fmt::format("whittle_sink_behind_events{{sink=\"{}\"}} {}\n", Label(sink.name), sink.behind);
  }
}

}  // namespace

std::string FormatMetrics(const DaemonStatus& status, int64_t now_ns) {
  std::string out;
  const auto count = [&](std::string_view name, std::string_view help, uint64_t value) {
    Add(&out, name, "counter", help, static_cast<double>(value));
  };
  const auto gauge = [&](std::string_view name, std::string_view help, double value) {
    Add(&out, name, "gauge", help, value);
  };
  count("whittle_read_bytes_total", "Bytes read from sources.", status.bytes_read);
  count("whittle_committed_lines_total", "Lines committed and kept.", status.lines_committed);
  count("whittle_committed_records_total", "Records committed and kept.", status.records_committed);
  count("whittle_committed_bytes_total", "Bytes of source text committed and kept.", status.bytes_committed);
  count("whittle_segments_total", "Segments committed.", status.segments);
  count("whittle_segment_bytes_total", "Bytes of segments written.", status.segment_bytes);
  count("whittle_raw_lane_lines_total", "Lines kept as they are because they exceeded a limit or are no text.",
        status.raw_lane_rows);
  count("whittle_quarantined_messages_total", "Kafka messages put into the quarantine.", status.quarantined);
  count("whittle_parsed_lines_total", "Lines parsed.", status.lines_parsed);
  count("whittle_recipe_cache_hits_total", "Lines whose form was known.", status.recipe_hits);
  count("whittle_incoming_rates_total", "Records that an earlier stage had sampled.", status.came_sampled);
  count("whittle_refused_rates_total", "Records with a sampling rate that is none.", status.refused_rates);
  count("whittle_reloads_total", "Configurations taken over.", status.reloads);
  count("whittle_failed_reloads_total", "Configurations refused.", status.failed_reloads);
  count("whittle_store_failures_total", "Times the store could not be written.", status.store_failures);
  gauge("whittle_up", "1 while following, 0 while waiting for the store.",
        status.state == DaemonStatus::State::kRunning ? 1 : 0);
  gauge("whittle_files", "Files followed.", static_cast<double>(status.files));
  gauge("whittle_open_files", "Followed files that are open.", static_cast<double>(status.open_files));
  gauge("whittle_pending_age_seconds", "Age of the oldest line that is read and not committed.",
        static_cast<double>(status.oldest_pending_ns) / kSecondNs);
  gauge("whittle_last_commit_age_seconds", "Seconds since the last commit, since the start when there was none.",
        static_cast<double>(now_ns - std::max(status.last_commit_ns, status.started_ns)) / kSecondNs);
  gauge("whittle_uptime_seconds", "Seconds since the start.",
        static_cast<double>(now_ns - status.started_ns) / kSecondNs);
  gauge("whittle_resident_memory_bytes", "Memory of the process.", static_cast<double>(status.resident_bytes));
  AddLatency(status, &out);
  AddSources(status, &out);
  AddSinks(status, &out);
  return out;
}

std::string HealthProblem(const DaemonStatus& status, int64_t close_after_ns) {
  if (!status.trouble.empty()) return status.trouble;
  if (status.oldest_pending_ns > close_after_ns * kLateFactor + kLateSlackNs) {
    return fmt::format("lines that were read {:.0f} s ago are not committed",
                       static_cast<double>(status.oldest_pending_ns) / kSecondNs);
  }
  return "";
}

}  // namespace whittle
