// Compaction: small segments become large ones, and on request all of them are compressed as hard as possible. Every
// group of segments is rewritten, proven equal (segment_rewriter.h) and put in place of the old ones in one step of the
// catalog, so a crash at any point leaves the old ones or the new one, and readers see one or the other.
//
// One call at a time per catalog; other threads may commit new segments meanwhile. Old files go when no reader pins
// them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "env/env.h"
#include "pipeline/worker_pool.h"

namespace whittle {

struct CompactOptions {
  bool max_effort = false;  // rewrite all segments, with the strongest compression; else only small ones
  // Weight of a new segment. As large as ingest makes them: what fits in memory there fits here.
  uint64_t target_bytes = uint64_t{64} << 20;
  std::string writer = "whittle";  // name and version, for the footer
  std::string asked_by;            // for the journal: for whom the process does this; empty: for its own user
};

struct CompactReport {
  size_t segments_before = 0, segments_after = 0;
  uint64_t bytes_before = 0, bytes_after = 0;  // of the segment files of the store
  size_t rewritten = 0;                        // old segments that were replaced
  std::vector<std::string> left_alone;         // "NAME: why" of segments that could not be carried over
  bool stopped = false;
};

struct CompactHooks {
  std::function<void(size_t done, size_t total)> progress;  // segments
  const std::atomic<bool>* stop = nullptr;                  // raised: finish the group under way, then return
};

// Bytes of text, more when its lines are short: what CompactOptions::target_bytes limits.
uint64_t CompactionWeight(const SegmentMeta& meta);

// Whether a segment of that many bytes is to be merged into larger ones.
bool IsSmallSegment(const SegmentMeta& meta, uint64_t target_bytes);

// `pool` may be null: then everything happens on the calling thread.
Result<CompactReport> CompactStore(const Env* env, Catalog* catalog, WorkerPool* pool, const CompactOptions& options,
                                   const CompactHooks& hooks);

}  // namespace whittle
