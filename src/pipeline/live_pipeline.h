// LivePipeline: the stages behind sources that never end: parsing on many threads, then the committer. Sources come and
// go while it runs. The twin of what RunIngest does for finished inputs; both share the stages.
//
// For one thread, the one that reads. `env`, `catalog`, `pool` and the options must outlive it. An error is one of the
// store: nothing more can be committed, and what was not committed has to be read again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "pipeline/enricher.h"
#include "pipeline/parse_stage.h"
#include "pipeline/record_times.h"
#include "pipeline/run_sampling.h"
#include "pipeline/segment_committer.h"

namespace whittle {

class LivePipeline {
 public:
  LivePipeline(const Env* env, Catalog* catalog, WorkerPool* pool, const ParsingOptions* parsing,
               CommitterOptions committer, std::shared_ptr<const SamplingPolicy> sampling);

  // Batches of this source carry the number that is returned.
  // `resumes`: the source goes on where a segment in the catalog ends.
  Result<uint32_t> AddSource(std::shared_ptr<SourceContext> context, std::unique_ptr<RecordTimes> times, bool resumes);
  // No more batches will come; the source is marked finished and released with the next Flush.
  Status FinishSource(uint32_t source);
  SourceContext* context(uint32_t source) { return sources_.at(source).context.get(); }

  Status Submit(std::vector<LineBatch>* batches);
  // Everything before it must be assembled: right after AddSource.
  Status Drop(uint32_t source, Interval bytes, Interval lines);
  // Hands everything parsed to the committer.
  Status AssembleAll();
  // Begins to commit everything submitted; Flush waits for it.
  Status StartFlush();
  // Commits everything submitted, and waits for it.
  Status Flush();

  // When the oldest line that is not being committed yet was submitted, on the steady clock; 0: there is none.
  int64_t pending_since_ns() const;
  uint64_t pending_bytes() const { return committer_.pending_bytes(); }
  bool has_finished_sources() const { return finished_ > 0; }
  CommitTotals totals() const { return committer_.totals(); }
  LineParserStats parser_stats() const;

 private:
  struct Source {
    std::shared_ptr<SourceContext> context;
    std::unique_ptr<RecordTimes> times;
    std::unique_ptr<Enricher> enricher;
    std::unique_ptr<Sampler> sampler;
    size_t in_flight = 0;  // batches being parsed
    bool finished = false;
    int64_t held_since_ns = 0;  // when the newest batch came, on the steady clock; 0: none waits
  };
  Status Assemble(EventBatch batch);
  Status AddSampled(uint32_t number, Source* source);
  Status AddHeld(uint32_t number, Source* source);
  Status AddSilent();
  void Retire(std::map<uint32_t, Source>::iterator source);

  CommitterOptions WithSampling(CommitterOptions options);

  const Env* const env_;
  Catalog* const catalog_;
  const ParsingOptions* const parsing_;
  ParseStage parse_;
  RunSampling sampling_;
  bool dropping_ = false;  // a segment with what was passed over is being closed
  SegmentCommitter committer_;
  std::map<uint32_t, Source> sources_;
  uint32_t next_source_ = 0;
  uint32_t last_source_ = UINT32_MAX;  // of the last rows handed to the committer
  uint64_t next_sequence_ = 0;
  size_t finished_ = 0;
  int64_t submitted_since_ns_ = 0;
  IncomingRateCounts rates_;
};

}  // namespace whittle
