// Replaying the quarantine: messages that could not become records when they came are read again, as the configuration
// says now, and put where they belong: into the segment that covers their offset and counts them as quarantined. One
// commit replaces that segment and moves them from quarantined to kept, so nothing is counted twice; the files go after
// it. Killed in between, the next replay finds the messages in their segment and only removes the files.
//
// One thread; rewriting may use many through the pool.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "env/env.h"
#include "pipeline/kafka_plan.h"
#include "pipeline/line_parser.h"
#include "pipeline/worker_pool.h"
#include "sink/segment_builder.h"

namespace whittle {

struct ReplayOptions {
  const ParsingOptions* parsing = nullptr;
  SegmentBuilderOptions builder;
  // How the messages of a topic are read, and how large they may be.
  std::function<Result<KafkaSourcePlan>(const std::string& topic)> plan_of;
  std::string asked_by;  // for the journal: for whom the process does this; empty: for its own user
};

// Values that are put into one segment at a time: they are in memory together with it.
inline constexpr uint64_t kMaxReplayBytes = uint64_t{32} << 20;

struct ReplayReport {
  uint64_t replayed = 0;
  uint64_t stored_before = 0;  // by a replay that did not get to removing the file
  struct Left {
    std::string name;
    std::string why;
  };
  std::vector<Left> left;
  bool stopped = false;
};

// `names`: what people call the messages; empty: all there are. What cannot be replayed stays and is named.
Result<ReplayReport> ReplayQuarantine(const Env* env, Catalog* catalog, WorkerPool* pool,
                                      const std::vector<std::string>& names, const ReplayOptions& options,
                                      const std::atomic<bool>* stop);

}  // namespace whittle
