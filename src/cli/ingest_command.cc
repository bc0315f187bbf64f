#include <algorithm>
#include <set>

#include "catalog/catalog.h"
#include "catalog/segment_file.h"
#include "catalog/stream_name.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/reading.h"
#include "cli/store_report.h"
#include "env/posix_file_system.h"
#include "pipeline/ingest.h"
#include "source/progress.h"

namespace whittle {
namespace {

// Between two progress lines, on a terminal and where lines are collected.
constexpr int64_t kTerminalIntervalNs = 200'000'000;
constexpr int64_t kPlainIntervalNs = 60'000'000'000;

// Memory that ingesting takes for each byte of a segment's text, measured on many logs and doubled.
constexpr uint64_t kMemoryPerSegmentByte = 8;
constexpr uint64_t kSmallestSegment = uint64_t{1} << 20;

class ProgressPrinter {
 public:
  ProgressPrinter(Clock* clock, OutputStream* err)
      : clock_(clock), err_(err), start_ns_(clock->SteadyNs()), meter_(start_ns_) {
    last_ns_ = start_ns_;
  }
  ~ProgressPrinter() {
    if (shown_) err_->Write("\r\033[K");
  }

  void Update(const IngestProgress& progress) {
    const int64_t now = clock_->SteadyNs();
    const bool terminal = err_->is_terminal();
    if (now - last_ns_ < (terminal ? kTerminalIntervalNs : kPlainIntervalNs)) return;
    last_ns_ = now;
    ProgressCounts counts;
    counts.files_done = progress.inputs_done;
    counts.files_total = progress.stored_total > 0 ? progress.inputs_total : 0;
    counts.stored_bytes = progress.stored_bytes;
    if (progress.stored_total > 0) counts.stored_total = progress.stored_total;
    counts.text_bytes = progress.text_bytes;
    const ProgressView view = meter_.Update(now, counts);
    if (terminal) {
      err_->Write("\r\033[K" + FormatProgress(view, static_cast<size_t>(std::max(20, err_->terminal_columns() - 1))));
      shown_ = true;
    } else {
      err_->Write(FormatProgress(view) + "\n");
    }
    err_->Flush();
  }

 private:
  Clock* clock_;
  OutputStream* err_;
  int64_t start_ns_;
  int64_t last_ns_;
  ProgressMeter meter_;
  bool shown_ = false;
};

IngestOptions OptionsFrom(const Env* env, const ParsedFlags& flags, const Reading& reading) {
  IngestOptions options;
  options.jobs = flags.Given("jobs") ? static_cast<int>(flags.Integer("jobs")) : env->host->UsableProcessors();
  options.parsing.analyzer = reading.analyzer.get();
  options.parsing.use_recipe_cache = !flags.On("no-recipe-cache");
  options.fail_fast = flags.On("fail-fast");
  options.retry_failed = flags.On("retry-failed");
  options.source_name = flags.Text("source-name");
  options.settings_of = [&reading](const Input& input) { return reading.SettingsOf(input); };
  const Config& config = reading.config;
  if (flags.Given("level")) {
    options.committer.builder.encode.zstd_level = static_cast<int>(flags.Integer("level"));
  } else if (config.segments.level_given) {
    options.committer.builder.encode.zstd_level = config.segments.level;
  }
  const auto memory = flags.Given("memory") || !config.limits.memory_given
                          ? static_cast<uint64_t>(flags.Integer("memory"))
                          : config.limits.memory_bytes;
  // A segment being closed and the next one take up to six times their text, at most twice that with hostile text.
  options.committer.close_bytes =
      std::clamp(memory / kMemoryPerSegmentByte, kSmallestSegment, config.segments.close_size_bytes);
  options.close_after_ns = config.segments.close_after_ns;
  return options;
}

Status SetSampling(const Env* env, const ParsedFlags& flags, const Config& config, const InputSet& inputs,
                   IngestOptions* options) {
  options->sampling = config.sampling;
  const bool changed = flags.Given("policy") || flags.Given("keep") || flags.On("keep-errors");
  if (changed) {
    // A policy owns its filters, so it is read again rather than copied.
    PolicyFile file;
    if (flags.Given("policy")) {
      WHITTLE_ASSIGN_OR_RETURN(file, LoadPolicyFile(env->files, flags.Text("policy")));
    } else if (!config.file_name.empty()) {
      WHITTLE_ASSIGN_OR_RETURN(file, LoadPolicyFile(env->files, config.file_name));
    }
    std::optional<double> keep;
    if (flags.Given("keep")) {
      keep = ReadKeepFlag(flags.Text("keep"));
      if (!keep) {
        return Status(StatusCode::kUsage,
                      "--keep needs a percentage above 0%, such as 10%, not '" + flags.Text("keep") + "'");
      }
    }
    WHITTLE_RETURN_IF_ERROR(ApplyKeepFlags(keep, flags.On("keep-errors"), &file.policy));
    options->sampling = std::make_shared<const SamplingPolicy>(std::move(file.policy));
  }
  // Rotations of one log follow each other in time; different logs go on side by side and divide what there is.
  std::set<std::string> streams;
  for (const Input& input : inputs.inputs) streams.insert(StreamName(input.path));
  options->sampling_share = 1.0 / static_cast<double>(std::max<size_t>(1, streams.size()));
  return Status::Ok();
}

Status LoadOverrides(const Env* env, const Config& config, CommitterOptions* committer) {
  if (config.templates.overrides.empty()) return Status::Ok();
  WHITTLE_ASSIGN_OR_RETURN(committer->overrides_text,
                           ReadFile(env->files, config.templates.overrides, kMaxOverrideBytes));
  WHITTLE_ASSIGN_OR_RETURN(committer->overrides, ParseOverrides(committer->overrides_text, config.templates.overrides));
  return Status::Ok();
}

int PrintFailures(const InputSet& inputs, const IngestReport& report, OutputStream* err) {
  const size_t failed = inputs.problems.size() + report.failures.size();
  if (failed == 0) return 0;
  for (const InputProblem& problem : inputs.problems) err->Write("whittle: " + problem.status.message() + "\n");
  for (const InputFailure& failure : report.failures) err->Write("whittle: " + failure.status.message() + "\n");
  err->Write("whittle: " + FormatCount(failed) + (failed == 1 ? " input" : " inputs") +
             " could not be read completely; everything else is stored\n");
  return 1;
}

}  // namespace

int RunIngest(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  auto reading = PrepareReading(env, flags);
  if (!reading.ok()) return Fail(streams, reading.status());
  const std::string store = StoreOf(flags, (*reading)->config);
  (*reading)->inputs.skip.push_back(store);
  const auto inputs = InputsOf(env, flags, **reading);
  if (!inputs.ok()) return Fail(streams, inputs.status());
  if (inputs->inputs.empty() && !inputs->problems.empty()) {
    return PrintFailures(*inputs, {}, &streams.err);
  }
  CatalogOptions catalog_options;
  catalog_options.read_footer = ReadSegmentEntry;
  auto catalog = Catalog::Open(env, store, catalog_options);
  if (!catalog.ok()) return Fail(streams, catalog.status());

  IngestOptions options = OptionsFrom(env, flags, **reading);
  auto scrubbers = MakeScrubbers(env, (*reading)->config, store);
  if (!scrubbers.ok()) return Fail(streams, scrubbers.status());
  options.parsing.scrubbers = std::move(*scrubbers);
  if (const Status status = LoadOverrides(env, (*reading)->config, &options.committer); !status.ok())
    return Fail(streams, status);
  if (const Status status = SetSampling(env, flags, (*reading)->config, *inputs, &options); !status.ok())
    return Fail(streams, status);
  if (options.sampling->active()) (*catalog)->SetPolicyHash(ToHex(HashBytes128(options.sampling->text)));

  const bool quiet = flags.On("quiet");
  const bool tee = flags.On("tee");
  ProgressPrinter progress(env->clock, &streams.err);
  IngestHooks hooks;
  hooks.stop = WatchForInterrupt();
  hooks.open_stdin = [] { return NewPipeStream(StandardInput()); };
  if (!quiet) hooks.progress = [&](const IngestProgress& state) { progress.Update(state); };
  if (tee) {
    streams.out.KeepGoingWhenClosed();
    hooks.tee = [&](std::string_view bytes) {
      streams.out.Write(bytes);
      streams.out.Flush();
    };
  }
  const auto report = RunIngest(env, catalog->get(), inputs->inputs, options, hooks);
  if (!report.ok()) return Fail(streams, report.status());
  if (const Status closed = (*catalog)->Close(); !closed.ok()) return Fail(streams, closed);
  if (!quiet) WriteIngestReport(env, store, *report, tee ? &streams.err : &streams.out);
  return PrintFailures(*inputs, *report, &streams.err);
}

}  // namespace whittle
