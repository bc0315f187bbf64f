// cat and query: the commands that print events and answers.
#include "base/rfc3339.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/stores.h"
#include "env/user_directories.h"
#include "expr/parser.h"
#include "query/query_engine.h"

namespace whittle {
namespace {

// What shells say of a program ended by Ctrl-C: the answer is not whole.
constexpr int kInterrupted = 130;
// How often a followed store is looked at, and Ctrl-C is seen while nothing comes.
constexpr int64_t kFollowIntervalNs = 500'000'000;
constexpr int64_t kStopIntervalNs = 50'000'000;

OutputFormat FormatOf(const ParsedFlags& flags) {
  const std::string& format = flags.Text("format");
  return format == "ndjson" ? OutputFormat::kNdjson : format == "csv" ? OutputFormat::kCsv : OutputFormat::kTable;
}

// --now: "data" is the newest event, else a time, else the clock.
Result<std::optional<int64_t>> NowOf(const Env* env, const ParsedFlags& flags) {
  if (!flags.Given("now")) return std::optional<int64_t>(env->clock->WallNs());
  const std::string& text = flags.Text("now");
  if (text == "data") return std::optional<int64_t>();
  const auto time = ParseTimeSpan(text);
  if (!time)
    return Status(StatusCode::kUsage, "--now " + text + ": write data, or a time such as 2024-05-01T10:00:00Z");
  return std::optional<int64_t>(time->begin);
}

// Segments whose footers or filters answered for them were opened, but no row of theirs was looked at.
std::string WhatWasRead(const StoreReader& reader, const VisitStatistics& visited) {
  uint64_t stored = 0;
  for (const SegmentFile& segment : reader.segments()) {
    for (const FrameInfo& frame : segment.footer.frames) stored += frame.stored_size;
  }
  return "read the rows of " + std::to_string(visited.segments_read) + " of " + std::to_string(visited.segments) +
         " segments, " + std::to_string(visited.bytes_read) + " of " + std::to_string(stored) + " bytes; " +
         std::to_string(visited.records_read) + " events looked at, " + std::to_string(visited.records_matched) +
         " matched";
}

class Reader {
 public:
  Reader(const ParsedFlags& flags, const QueryOptions& options, Streams& streams)
      : env_(DefaultEnv()), flags_(flags), options_(options), streams_(streams) {}

  int Run(const std::string& text) {
    const auto stores = StoresOf(env_, flags_);
    if (!stores.ok()) return Fail(streams_, stores.status());
    const auto now = NowOf(env_, flags_);
    if (!now.ok()) return Fail(streams_, now.status());
    options_.now_ns = *now;
    options_.width = static_cast<size_t>(streams_.out.terminal_columns());
    options_.colour = streams_.out.is_terminal() && !ColourIsUnwanted();
    options_.unweighted = flags_.On("unweighted");
    const std::string& fields = flags_.Text("sampling-fields");
    options_.sampling_fields = fields == "otel"        ? SamplingExport::kOtel
                               : fields == "honeycomb" ? SamplingExport::kHoneycomb
                                                       : SamplingExport::kNone;
    options_.stop = WatchForInterrupt();
    return flags_.On("follow") ? Follow(*stores, text) : Once(*stores, text);
  }

 private:
  Result<QueryReport> Ask(StoreReader* reader, const std::string& text) {
    return RunQuery(reader, text, options_, [&](std::string_view piece) {
      streams_.out.Write(piece);
      return streams_.out.closed() ? Status(StatusCode::kCancelled, "nobody reads the output any more") : Status::Ok();
    });
  }

  int Once(const std::vector<std::string>& stores, const std::string& text) {
    auto reader = StoreReader::Open(env_, stores);
    if (!reader.ok()) return Fail(streams_, reader.status());
    const auto report = Ask(reader->get(), text);
    if (!report.ok())
      return report.status().code() == StatusCode::kCancelled ? 0 : FailQuery(streams_, report.status(), text);
    streams_.out.Flush();
    for (const std::string& note : report->notes) streams_.err.Write("whittle: note: " + note + "\n");
    if (report->visited.runs_covered_twice > 0) {
      streams_.err.Write("whittle: note: some stretches of a source stand in two segments; each was counted once\n");
    }
    if (flags_.On("stats")) streams_.err.Write("whittle: " + WhatWasRead(**reader, report->visited) + "\n");
    if (!report->partial) return 0;
    streams_.err.Write("whittle: interrupted: the answer is partial, of " +
                       std::to_string(report->visited.records_matched) + " matching events seen so far\n");
    return kInterrupted;
  }

  // What is there, then what comes, until Ctrl-C.
  int Follow(const std::vector<std::string>& stores, const std::string& text) {
    const auto query = ParseQuery(text, ParseOptions{.now_ns = 0});
    if (!query.ok()) return FailQuery(streams_, query.status(), text);
    for (const Stage& stage : query->stages) {
      if (stage.kind == Stage::Kind::kSelect && query->stages.size() == 1) continue;
      return Fail(streams_, Status(StatusCode::kUsage,
                                   "column " + std::to_string(stage.column) +
                                       ": --follow prints events as they come; only '| select' can stand with it"));
    }
    std::map<std::string, uint64_t> covered;
    std::vector<uint64_t> versions;
    bool first = true;
    while (!options_.stop->load()) {
      std::vector<uint64_t> now = VersionsOf(stores);
      if (first || now != versions) {
        auto reader = StoreReader::Open(env_, stores);
        if (!reader.ok()) return Fail(streams_, reader.status());
        options_.from_offsets = first ? nullptr : &covered;
        const auto report = Ask(reader->get(), text);
        if (!report.ok())
          return report.status().code() == StatusCode::kCancelled ? 0 : FailQuery(streams_, report.status(), text);
        streams_.out.Flush();
        if (streams_.out.closed()) return 0;
        for (const auto& [source, offset] : (*reader)->CoveredOffsets()) {
          uint64_t& end = covered[source];
          end = std::max(end, offset);
        }
        if (first) {
          for (const std::string& note : report->notes) streams_.err.Write("whittle: note: " + note + "\n");
          streams_.err.Flush();
        }
        versions = std::move(now);
        first = false;
      }
      for (int64_t slept = 0; slept < kFollowIntervalNs && !options_.stop->load(); slept += kStopIntervalNs) {
        env_->clock->SleepNs(kStopIntervalNs);
      }
    }
    return 0;
  }

  // Changes when a store does; a directory of segments without a catalog is looked at each time.
  std::vector<uint64_t> VersionsOf(const std::vector<std::string>& stores) {
    std::vector<uint64_t> versions;
    for (const std::string& store : stores) {
      const auto manifest = ReadManifest(env_, store);
      versions.push_back(manifest.ok() ? manifest->version : ++unknown_version_);
    }
    return versions;
  }

  const Env* env_;
  const ParsedFlags& flags_;
  QueryOptions options_;
  Streams& streams_;
  uint64_t unknown_version_ = 0;
};

}  // namespace

int RunCat(const ParsedFlags& flags, Streams& streams) {
  QueryOptions options;
  options.format = flags.On("raw") ? OutputFormat::kRaw : FormatOf(flags);
  options.separate_messages = !flags.On("no-separator");
  options.order = VisitOptions::Order::kSourcePosition;
  return Reader(flags, options, streams).Run(flags.positional());
}

int RunQuery(const ParsedFlags& flags, Streams& streams) {
  QueryOptions options;
  options.format = FormatOf(flags);
  return Reader(flags, options, streams).Run(flags.positional());
}

}  // namespace whittle
