// diff and mark: what is different about the bad events, and the moments to compare around.
#include "base/rfc3339.h"
#include "catalog/marks.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/stores.h"
#include "query/compare.h"

namespace whittle {
namespace {

constexpr int kInterrupted = 130;

Result<int64_t> ReadTime(const std::string& flag, const std::string& text) {
  const auto time = ParseTimeSpan(text);
  if (time) return time->begin;
  return Status(StatusCode::kUsage, flag + " " + text + ": write a time such as 2024-05-01T10:00:00Z");
}

// 'bad: FILTER' and 'base: FILTER' in any order; without the word, the first is bad.
Status ReadSides(const std::vector<std::string>& arguments, CompareOptions* options) {
  bool bad_given = false, base_given = false;
  for (const std::string& argument : arguments) {
    const bool is_base = argument.starts_with("base:");
    const bool is_bad = argument.starts_with("bad:");
    const std::string filter = is_base ? argument.substr(5) : is_bad ? argument.substr(4) : argument;
    const bool base = is_base || (!is_bad && bad_given);
    if (base ? base_given : bad_given)
      return Status(StatusCode::kUsage, "give one 'bad: FILTER' and at most one 'base: FILTER'");
    (base ? base_given : bad_given) = true;
    (base ? options->base : options->bad) = filter;
  }
  return Status::Ok();
}

Status ReadOptions(const Env* env, const ParsedFlags& flags, const std::vector<std::string>& stores,
                   CompareOptions* options) {
  WHITTLE_RETURN_IF_ERROR(ReadSides(flags.positionals(), options));
  options->format = flags.Text("format") == "ndjson" ? OutputFormat::kNdjson : OutputFormat::kTable;
  options->by_trace = flags.Text("by") == "trace";
  options->unweighted = flags.On("unweighted");
  options->shown = static_cast<size_t>(flags.Integer("top"));
  if (flags.Text("now") != "data") options->now_ns = env->clock->WallNs();
  if (flags.Given("now") && flags.Text("now") != "data") {
    WHITTLE_ASSIGN_OR_RETURN(const int64_t now, ReadTime("--now", flags.Text("now")));
    options->now_ns = now;
  }
  const bool sides_by_flag = flags.Given("around") || flags.Given("base-store");
  if (flags.Given("around")) {
    if (const auto time = ParseTimeSpan(flags.Text("around"))) {
      options->around_ns = time->begin;
    } else {
      WHITTLE_ASSIGN_OR_RETURN(const Mark mark, FindMark(env, stores.front(), flags.Text("around")));
      options->around_ns = mark.time_ns;
    }
    const Value window = ParseValue(ValueType::kDuration, flags.Text("window"));
    if (window.type != ValueType::kDuration || window.integer <= 0)
      return Status(StatusCode::kUsage, "--window needs a duration such as 1h, not '" + flags.Text("window") + "'");
    options->window_ns = window.integer;
  }
  if (!sides_by_flag && options->bad.find_first_not_of(' ') == std::string::npos)
    return Status(StatusCode::kUsage,
                  "say what is bad: whittle diff 'bad: severity>=error', or --around MARK, or --base-store");
  return Status::Ok();
}

bool Fails(const std::string& condition, const CompareReport& report) {
  if (condition == "any") return !report.differences.empty();
  if (condition == "errors") return report.more_errors;
  for (const FoundDifference& one : report.differences) {
    if (one.kind == FoundDifference::Kind::kNewTemplate) return true;
  }
  return false;
}

}  // namespace

int RunDiff(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  auto stores = StoresOf(env, flags);
  if (!stores.ok()) return Fail(streams, stores.status());
  CompareOptions options;
  if (const Status status = ReadOptions(env, flags, *stores, &options); !status.ok()) return Fail(streams, status);
  options.width = static_cast<size_t>(streams.out.terminal_columns());
  options.stop = WatchForInterrupt();
  if (flags.Given("base-store")) {
    const auto bad = StoreReader::Open(env, *stores);
    if (!bad.ok()) return Fail(streams, bad.status());
    options.first_base_segment = (*bad)->segments().size();
    const auto base = ExpandStores(env, flags.All("base-store"));
    if (!base.ok()) return Fail(streams, base.status());
    stores->insert(stores->end(), base->begin(), base->end());
  }
  auto reader = StoreReader::Open(env, *stores);
  if (!reader.ok()) return Fail(streams, reader.status());
  const auto report = Compare(reader->get(), options, [&](std::string_view piece) {
    streams.out.Write(piece);
    return streams.out.closed() ? Status(StatusCode::kCancelled, "nobody reads the output any more") : Status::Ok();
  });
  if (!report.ok()) return report.status().code() == StatusCode::kCancelled ? 0 : Fail(streams, report.status());
  streams.out.Flush();
  for (const std::string& note : report->notes) streams.err.Write("whittle: note: " + note + "\n");
  if (report->partial) {
    streams.err.Write("whittle: interrupted: the answer is partial\n");
    return kInterrupted;
  }
  return flags.Given("fail-if") && Fails(flags.Text("fail-if"), *report) ? 1 : 0;
}

int RunMark(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  const std::string store = flags.Text("store");
  if (flags.positionals().empty()) {
    const auto marks = ReadMarks(env, store);
    if (!marks.ok()) return Fail(streams, marks.status());
    for (const Mark& mark : *marks) {
      streams.out.Write(FormatRfc3339(mark.time_ns) + "  " + mark.name +
                        (mark.version.empty() ? "" : " " + mark.version) + "\n");
    }
    return 0;
  }
  Mark mark;
  mark.name = flags.positionals()[0];
  if (flags.positionals().size() > 1) mark.version = flags.positionals()[1];
  mark.time_ns = env->clock->WallNs();
  if (flags.Given("at")) {
    const auto at = ReadTime("--at", flags.Text("at"));
    if (!at.ok()) return Fail(streams, at.status());
    mark.time_ns = *at;
  }
  const Status added = AddMark(env, store, mark);
  if (!added.ok()) return Fail(streams, added);
  streams.out.Write("marked " + mark.name + (mark.version.empty() ? "" : " " + mark.version) + " at " +
                    FormatRfc3339(mark.time_ns) + "\n");
  return 0;
}

}  // namespace whittle
