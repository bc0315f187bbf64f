// top: what a running daemon does, in a terminal.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "catalog/manifest.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/reading.h"
#include "pipeline/config.h"
#include "pipeline/config_check.h"
#include "pipeline/metrics_client.h"
#include "query/template_stats.h"
#include "render/table.h"
#include "source/progress.h"

namespace whittle {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kStopStepNs = 50'000'000;
constexpr size_t kShownSources = 15;
constexpr size_t kShownTemplates = 8;
// Templates are those of the newest segments: what comes in now, however large the store is.
constexpr size_t kNewestSegments = 8;
constexpr const char* kDefaultAddress = "127.0.0.1:9464";
constexpr const char* kClearScreen = "\x1b[H\x1b[2J\x1b[3J";

uint64_t Whole(double value) { return value <= 0 ? 0 : static_cast<uint64_t>(value); }

struct Rates {
  double bytes_per_s = 0, lines_per_s = 0, committed_per_s = 0;
};

// Since `before`; since the start of the daemon when there is none.
Rates RatesOf(const DaemonView& now, const DaemonView* before, double seconds) {
  const auto rate = [&](const char* name) {
    const double earlier = before == nullptr ? 0 : MetricValue(before->samples, name);
    const double grown = MetricValue(now.samples, name) - earlier;
    return seconds <= 0 || grown < 0 ? 0 : grown / seconds;  // it was started anew
  };
  return {rate("whittle_read_bytes_total"), rate("whittle_parsed_lines_total"), rate("whittle_committed_bytes_total")};
}

std::string LabelOf(const MetricSample& sample, const std::string& name) {
  const auto found = sample.labels.find(name);
  return found == sample.labels.end() ? "" : found->second;
}

void AddHead(const std::string& address, const DaemonView& view, const Rates& rates, std::string* out) {
  const auto value = [&](const char* name) { return MetricValue(view.samples, name); };
  const double parsed = value("whittle_parsed_lines_total");
  *out += fmt::format("whittle at {}, up {}, {}\n", address, FormatDuration(value("whittle_uptime_seconds")),
                      view.trouble.empty() ? "well" : "TROUBLE: " + view.trouble);
  *out += fmt::format("read {}/s, {} lines/s; committed {}/s, last {} ago, oldest waiting {}\n",
                      FormatBytes(rates.bytes_per_s), FormatCount(Whole(rates.lines_per_s)),
                      FormatBytes(rates.committed_per_s), FormatDuration(value("whittle_last_commit_age_seconds")),
                      FormatDuration(value("whittle_pending_age_seconds")));
  *out += fmt::format(
      "memory {}; {} files, {} open; known forms {:.1f} %; raw lane {} lines; quarantined {}; store failures {}\n",
      FormatBytes(value("whittle_resident_memory_bytes")), FormatCount(Whole(value("whittle_files"))),
      FormatCount(Whole(value("whittle_open_files"))),
      parsed <= 0 ? 0 : 100 * value("whittle_recipe_cache_hits_total") / parsed,
      FormatCount(Whole(value("whittle_raw_lane_lines_total"))),
      FormatCount(Whole(value("whittle_quarantined_messages_total"))),
      FormatCount(Whole(value("whittle_store_failures_total"))));
}

struct SourceLine {
  std::string name, unit;
  double position = 0, lag = 0;
};

void AddSourceLines(const MetricSamples& samples, const char* position, const char* lag, bool kafka,
                    std::vector<SourceLine>* lines) {
  const auto positions = samples.find(position), lags = samples.find(lag);
  if (positions == samples.end() || lags == samples.end()) return;
  const size_t count = std::min(positions->second.size(), lags->second.size());
  for (size_t i = 0; i < count; ++i) {
    const MetricSample& sample = lags->second[i];
    lines->push_back({kafka ? LabelOf(sample, "topic") + "/" + LabelOf(sample, "partition") : LabelOf(sample, "path"),
                      kafka ? "messages" : "bytes", positions->second[i].value, sample.value});
  }
}

void AddSources(const DaemonView& view, size_t columns, std::string* out) {
  std::vector<SourceLine> lines;
  AddSourceLines(view.samples, "whittle_source_position_bytes", "whittle_source_lag_bytes", false, &lines);
  AddSourceLines(view.samples, "whittle_kafka_position", "whittle_kafka_lag_messages", true, &lines);
  std::stable_sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.lag > b.lag; });
  Table table({{"source", false}, {"position", true}, {"lag", true}, {"in", false}});
  for (size_t i = 0; i < std::min(lines.size(), kShownSources); ++i) {
    table.AddRow(
        {lines[i].name, FormatCount(Whole(lines[i].position)), FormatCount(Whole(lines[i].lag)), lines[i].unit});
  }
  if (!lines.empty()) *out += "\n" + table.Render(columns);
  if (lines.size() > kShownSources) {
    *out += fmt::format("and {} more with less lag\n", FormatCount(lines.size() - kShownSources));
  }
  const auto sinks = view.samples.find("whittle_sink_behind_events");
  if (sinks == view.samples.end()) return;
  Table sink_table({{"sink", false}, {"events behind", true}});
  for (const MetricSample& sink : sinks->second) {
    sink_table.AddRow({LabelOf(sink, "sink"), FormatCount(Whole(sink.value))});
  }
  *out += "\n" + sink_table.Render(columns);
}

// What sampling keeps, and the templates that come in; nothing when the store cannot be read from here.
void AddStore(const Env* env, const std::string& store, size_t columns, std::string* out) {
  const auto snapshot = TakeSnapshot(env, store);
  if (!snapshot.ok()) {
    *out += "\n" + snapshot.status().message() + "; name the daemon's store with --store\n";
    return;
  }
  const Ledger ledger = snapshot->manifest.TotalLedger();
  const double in = static_cast<double>(ledger.in.records);
  *out += fmt::format("\nstore {}: {} events in, {} kept ({:.1f} %), {} sampled out, {} dropped by rule, {} expired\n",
                      store, FormatCount(ledger.in.records), FormatCount(ledger.kept.records),
                      in <= 0 ? 100.0 : 100 * static_cast<double>(ledger.kept.records) / in,
                      FormatCount(ledger.sampled_out.records), FormatCount(ledger.dropped_by_rule.records),
                      FormatCount(ledger.expired.records));
  std::vector<std::string> newest;
  const auto& segments = snapshot->manifest.segments;
  for (size_t i = segments.size(); i > 0 && newest.size() < kNewestSegments; --i) {
    if (segments[i - 1].rows > 0) newest.push_back(snapshot->SegmentPath(segments[i - 1]));
  }
  if (newest.empty()) return;
  const auto reader = StoreReader::Open(env, newest);
  if (!reader.ok()) return;  // compacted away in this moment: the next round sees it
  auto uses = CountTemplates(env, reader->get());
  if (!uses.ok()) return;
  std::stable_sort(uses->begin(), uses->end(),
                   [](const auto& a, const auto& b) { return a.stats.records > b.stats.records; });
  Table table({{"newest events", true}, {"template", false}});
  for (size_t i = 0; i < std::min(uses->size(), kShownTemplates); ++i) {
    table.AddRow({FormatCount((*uses)[i].stats.records), (*uses)[i].mined.text});
  }
  *out += "\n" + table.Render(columns);
}

Result<std::pair<std::string, std::string>> AddressAndStore(const Env* env, const ParsedFlags& flags) {
  auto config = flags.Given("config") ? LoadConfig(env->files, flags.Text("config")) : ParseConfig("", "");
  WHITTLE_RETURN_IF_ERROR(config.status());
  std::string address = flags.Given("metrics") ? flags.Text("metrics") : config->metrics_listen;
  if (address.empty()) address = kDefaultAddress;
  return std::pair(std::move(address), StoreOf(flags, *config));
}

}  // namespace

int RunTop(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  const auto place = AddressAndStore(env, flags);
  if (!place.ok()) return Fail(streams, place.status());
  const auto interval_ns = ReadConfigDuration(flags.Text("interval"));
  if (!interval_ns || *interval_ns < kSecondNs / 10) {
    return Fail(streams, Status(StatusCode::kUsage, "--interval needs a duration of at least 100ms, such as 2s, not '" +
                                                        flags.Text("interval") + "'"));
  }
  const std::atomic<bool>* const stop = WatchForInterrupt();
  const bool once = flags.On("once");
  std::optional<DaemonView> before;
  int64_t before_ns = 0;
  while (!stop->load()) {
    auto now = FetchMetrics(place->first);
    const int64_t now_ns = env->clock->SteadyNs();
    if (!now.ok()) return Fail(streams, now.status());
    const double seconds = before ? static_cast<double>(now_ns - before_ns) / kSecondNs
                                  : MetricValue(now->samples, "whittle_uptime_seconds");
    const size_t columns = static_cast<size_t>(streams.out.terminal_columns());
    std::string page = streams.out.is_terminal() && !once ? kClearScreen : "";
    AddHead(place->first, *now, RatesOf(*now, before ? &*before : nullptr, seconds), &page);
    AddSources(*now, columns, &page);
    AddStore(env, place->second, columns, &page);
    streams.out.Write(page);
    streams.out.Flush();
    if (once || streams.out.closed()) return 0;
    before = std::move(*now);
    before_ns = now_ns;
    for (int64_t slept = 0; slept < *interval_ns && !stop->load(); slept += kStopStepNs) {
      env->clock->SleepNs(kStopStepNs);
    }
  }
  return 0;
}

}  // namespace whittle
