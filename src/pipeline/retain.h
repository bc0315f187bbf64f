// Retention: events that are older than allowed, too many, or of a kind that need not stay go; what they were stays in
// the ledger as `expired`, their source positions stay covered (nothing is read twice), and the journal says what went
// and why. Segments that lose everything become one tombstone: a segment without rows.
//
// A segment goes by age when its newest event is older; without times the clock of its making counts. With a filter
// only events that match go, older than the age when one is given; events that match a hold never go. Each step is one
// change of the catalog, so a crash leaves a step done or not done. One call at a time per catalog.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "env/env.h"
#include "expr/filter.h"
#include "pipeline/worker_pool.h"

namespace whittle {

struct RetainOptions {
  std::optional<int64_t> age_ns;       // events older than this go
  std::optional<uint64_t> size_bytes;  // then the oldest segments, until the segment files take no more than this
  std::string filter;                  // only events that match it go by age; without an age all of them. Not with size
  std::vector<std::string> holds;      // filters: what matches one never goes
  std::optional<int64_t> now_ns;       // nothing: the clock
  bool dry_run = false;                // only count the events that would go
  std::string writer = "whittle";
  std::string asked_by;  // for the journal: for whom the process does this; empty: for its own user
};

struct RetainReport {
  Tally expired;                               // what went, or would go
  uint64_t bytes_before = 0, bytes_after = 0;  // of segment files; after a dry run the same
  size_t segments_expired = 0;                 // that lost all their events
  size_t segments_rewritten = 0;               // that lost some
  std::vector<std::string> left_alone;         // "NAME: why"
  bool stopped = false;
};

// kUsage when nothing is asked for or the filters do not parse.
Result<RetainReport> RetainStore(const Env* env, Catalog* catalog, WorkerPool* pool, const RetainOptions& options,
                                 const std::atomic<bool>* stop);

}  // namespace whittle
