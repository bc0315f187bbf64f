// Ingest: from inputs to committed segments. Opens sources in order, finds out what of them is new, frames them, parses
// on many threads and commits. The one place where the stages are wired for batch work.
//
// RunIngest's thread reads, and works along while it would wait for others, of which there are `jobs` - 1. The
// callbacks run on the calling thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "parse/framing.h"
#include "parse/line_analyzer.h"
#include "pipeline/incoming_rates.h"
#include "pipeline/parse_stage.h"
#include "pipeline/record_times.h"
#include "pipeline/sampler.h"
#include "pipeline/segment_committer.h"
#include "source/byte_stream.h"
#include "source/input_set.h"

namespace whittle {

// What may differ from input to input.
struct SourceSettings {
  FramingOptions framing;
  TimeOptions time;
};

struct IngestOptions {
  int jobs = 1;
  bool store_is_new = false;  // as far as is known nothing is stored yet: the first file may be read ahead of asking
  ParsingOptions parsing;
  bool fail_fast = false;     // stop at the first input that fails
  bool retry_failed = false;  // read inputs again that failed before, unchanged as they are
  std::string source_name;    // of standard input; empty: a random id for each run
  // How the lines of one input are framed and dated; positions are filled in by the pipeline.
  std::function<SourceSettings(const Input&)> settings_of;
  CommitterOptions committer;
  std::shared_ptr<const SamplingPolicy> sampling;  // null or not active: everything is kept
  double sampling_share = 1;                       // of an absolute budget, for each source
  int64_t close_after_ns = 10'000'000'000;         // a pipe's open segment is committed after this long
};

// Counted as it goes; all exact.
struct IngestProgress {
  uint64_t text_bytes = 0;    // read, decompressed
  uint64_t stored_bytes = 0;  // of the input files, as they are stored
  uint64_t stored_total = 0;  // 0 when not known (a pipe)
  size_t inputs_done = 0;
  size_t inputs_total = 0;
};

struct InputFailure {
  std::string name;
  Status status;
};

struct IngestReport {
  uint64_t lines = 0;  // new ones, committed
  uint64_t records = 0;
  uint64_t text_bytes = 0;
  size_t inputs = 0;
  size_t unchanged = 0;  // nothing new in them
  size_t continued = 0;  // known, and grown
  uint64_t guessed_times = 0;
  uint64_t raw_lane_rows = 0;
  uint64_t refused_ids = 0;  // trace and span ids that are none
  IncomingRateCounts rates;  // of all events that were read
  Ledger ledger;             // of what is new: what came, what was kept, where the rest went
  uint64_t segments = 0;
  bool stopped = false;  // the stop flag was raised: the rest was not read
  LineParserStats parser;
  // Of the whole store, their slots without names, when all of it is of this run and the run knows; else they are to be
  // read from it.
  std::optional<std::vector<TemplateUse>> templates;
  std::vector<InputFailure> failures;
};

struct IngestHooks {
  std::function<void(const IngestProgress&)> progress;      // called often
  std::function<void(std::string_view)> tee;                // sees all text read, in order
  std::function<std::unique_ptr<ByteStream>()> open_stdin;  // for InputKind::kStdin
  const std::atomic<bool>* stop = nullptr;                  // raised by a signal: finish, commit, return
};

// The store to write to. Called once, on any of the run's threads, beside which the first lines may be parsed.
using OpenStore = std::function<Result<Catalog*>()>;

// `env`, the catalog and what the options point to must live through the call. An error is one of the store; what is
// wrong with single inputs stands in the report.
Result<IngestReport> RunIngest(const Env* env, const OpenStore& open_store, const std::vector<Input>& inputs,
                               const IngestOptions& options, const IngestHooks& hooks);

}  // namespace whittle
