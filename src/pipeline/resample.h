// Sampling of what is stored already: the events of a store go through samplers as they did when they came, in order
// and by source, and the same policy keeps the same events as it would have at ingest. `thin` writes what is kept into
// a new store; `plan` only counts.
//
// Only of stores that still have everything: what was sampled, dropped or has expired cannot be sampled as if it were
// there. One thread; may use many through the pool of the committer.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "env/env.h"
#include "pipeline/sampler.h"

namespace whittle {

struct ResamplePlan {
  SegmentLedger ledger;        // what came and what would be kept, by stratum
  uint64_t stored_bytes = 0;   // of the segments that the kept events would make
  uint64_t stored_before = 0;  // of the segments there are
};

// What `policy` would keep of the store, and what it would take on disk. Nothing is written.
Result<ResamplePlan> PlanStore(const Env* env, const std::string& store, const SamplingPolicy& policy,
                               const std::atomic<bool>* stop);

struct ThinReport {
  Ledger ledger;
  uint64_t segments = 0, stored_bytes = 0, stored_before = 0;
};

// Writes what `policy` keeps of store `from` into the empty store of `to`.
Result<ThinReport> ThinStore(const Env* env, const std::string& from, Catalog* to,
                             std::shared_ptr<const SamplingPolicy> policy, int jobs, const std::atomic<bool>* stop);

}  // namespace whittle
