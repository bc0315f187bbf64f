#include <algorithm>
#include <set>

#include "catalog/catalog.h"
#include "catalog/segment_file.h"
#include "catalog/store_layout.h"
#include "catalog/stream_name.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/reading.h"
#include "cli/store_report.h"
#include "cli/writing.h"
#include "env/posix_file_system.h"
#include "pipeline/ingest.h"
#include "source/progress.h"

namespace whittle {
namespace {

// Between two progress lines, on a terminal and where lines are collected.
constexpr int64_t kTerminalIntervalNs = 200'000'000;
constexpr int64_t kPlainIntervalNs = 60'000'000'000;

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
  options.jobs = JobsOf(env, flags);
  options.parsing.analyzer = reading.analyzer.get();
  options.parsing.use_recipe_cache = !flags.On("no-recipe-cache");
  options.fail_fast = flags.On("fail-fast");
  options.retry_failed = flags.On("retry-failed");
  options.source_name = flags.Text("source-name");
  options.settings_of = [&reading](const Input& input) { return reading.SettingsOf(input); };
  options.close_after_ns = reading.config.segments.close_after_ns;
  return options;
}

Status SetSampling(const Env* env, const ParsedFlags& flags, const Config& config, const InputSet& inputs,
                   IngestOptions* options) {
  WHITTLE_ASSIGN_OR_RETURN(options->sampling, SamplingOf(env, flags, config));
  // Rotations of one log follow each other in time; different logs go on side by side and divide what there is.
  std::set<std::string> streams;
  for (const Input& input : inputs.inputs) streams.insert(StreamName(input.path));
  options->sampling_share = 1.0 / static_cast<double>(std::max<size_t>(1, streams.size()));
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
  std::unique_ptr<Catalog> catalog;
  std::string policy_hash;
  const OpenStore open_store = [&]() -> Result<Catalog*> {
    if (catalog == nullptr) {
      CatalogOptions catalog_options;
      catalog_options.read_footer = ReadSegmentEntry;
      WHITTLE_ASSIGN_OR_RETURN(catalog, Catalog::Open(env, store, catalog_options));
    }
    if (!policy_hash.empty()) catalog->SetPolicyHash(policy_hash);
    return catalog.get();
  };
  IngestOptions options = OptionsFrom(env, flags, **reading);
  // What scrubs may do so with a key that is kept in the store.
  options.store_is_new = (*reading)->config.scrub.empty() && CheckStore(env, store).code() == StatusCode::kNotFound;
  if (!options.store_is_new) {
    if (const auto opened = open_store(); !opened.ok()) return Fail(streams, opened.status());
  }
  auto scrubbers = MakeScrubbers(env, (*reading)->config, store);
  if (!scrubbers.ok()) return Fail(streams, scrubbers.status());
  options.parsing.scrubbers = std::move(*scrubbers);
  options.parsing.field_rules = (*reading)->config.field_rules;
  auto committer = CommitterOptionsOf(env, flags, (*reading)->config);
  if (!committer.ok()) return Fail(streams, committer.status());
  options.committer = std::move(*committer);
  if (const Status status = SetSampling(env, flags, (*reading)->config, *inputs, &options); !status.ok())
    return Fail(streams, status);
  options.parsing.incoming = options.sampling->incoming;
  if (options.sampling->active()) policy_hash = ToHex(HashBytes128(options.sampling->text));

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
  const auto report = RunIngest(env, open_store, inputs->inputs, options, hooks);
  if (!report.ok()) return Fail(streams, report.status());
  if (const Status closed = catalog->Close(); !closed.ok()) return Fail(streams, closed);
  if (!quiet) WriteIngestReport(env, store, *report, tee ? &streams.err : &streams.out);
  return PrintFailures(*inputs, *report, &streams.err);
}

}  // namespace whittle
