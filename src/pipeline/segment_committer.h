// SegmentCommitter: where parsed batches become committed segments. Collects batches, closes a segment when it is large
// enough, and has the worker pool encode, prove and commit it, while the next one is being collected where the pool has
// threads.
//
// For one thread (the one that reads); at most one segment is being closed at a time, so segments are committed in the
// order of the input, and memory holds at most two.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "format/message_section.h"
#include "pipeline/segment_unpacker.h"
#include "pipeline/template_tally.h"
#include "pipeline/worker_pool.h"
#include "sink/segment_builder.h"

namespace whittle {

// What the pipeline knows of one source while it is read.
struct SourceContext {
  SourceIdentity identity;  // `tails` are added by the committer
  SegmentSource segment_source;
  std::string tail;  // the last kFingerprintBytes assembled
  TimeState times;   // ... and what its times say about those behind it
  // Of a Kafka partition: the offsets that the open segment accounts for, and what its messages have beside their
  // bytes. Such a source is alone in its segments.
  std::optional<KafkaRange> kafka;
  std::vector<Message> messages;
  Tally quarantined;
  std::optional<std::string> sampler_state;  // where it is not the catalog that keeps it
  bool finished = false;                     // read to its end, all of it handed to Add
};

struct CommitTotals {
  uint64_t segments = 0;
  uint64_t segment_bytes = 0;
  uint64_t rows = 0;
  uint64_t records = 0;
  uint64_t text_bytes = 0;
  uint64_t raw_lane_rows = 0;
  uint64_t refused_ids = 0;
  uint64_t guessed_times = 0;
  Ledger ledger;

  CommitTotals& operator+=(const CommitTotals& other);
};

// What commits with a segment besides its rows: more sections, and records in the catalog. `sections` may run on
// another thread than the one that asked for it.
struct SegmentExtras {
  std::function<Result<std::vector<Section>>(const BuiltSegment& facts, const SegmentMeta& meta)> sections;
  CatalogRecords records;
};

struct CommitterOptions {
  uint64_t close_bytes = uint64_t{64} << 20;  // of source text
  // While the process holds more than this, nothing is added to a segment before the one before it is closed, and what
  // a closed one was made of is given back to the system. 0: it may hold what it likes.
  uint64_t careful_from_bytes = 0;
  SegmentBuilderOptions builder;
  Overrides overrides;         // what people decided about templates
  std::string overrides_text;  // ... as they wrote it: published, so that readers decide the same
  // Asked when a segment begins to close, on the thread that calls the committer; told the ids of its sources.
  std::function<SegmentExtras(const std::vector<std::string>& source_ids)> extras;
  // Where segments go instead of the catalog; it then knows nothing of them, and the state of the source's sampler
  // stands in the segment. On any thread. Empty: the catalog.
  std::function<Result<SegmentMeta>(SegmentCommit commit)> publish;
};

class SegmentCommitter {
 public:
  // `catalog`, `env` and `pool` must outlive it.
  SegmentCommitter(const Env* env, Catalog* catalog, WorkerPool* pool, CommitterOptions options);
  ~SegmentCommitter();  // waits for the segment under way; what was not closed is forgotten (and not covered)

  // Not ok: the store has a problem and nothing more can be committed. `left_out`: what the batch's gaps are, in the
  // terms of the ledger.
  Status Add(EventBatch batch, std::vector<RecordTime> times, const std::shared_ptr<SourceContext>& source,
             const LeftOut& left_out = {});

  // Bytes and lines of `source` that are accounted for without being kept or looked at; they commit with the open
  // segment. `source->tail` stands before the end of `bytes`.
  void AddDropped(const std::shared_ptr<SourceContext>& source, Interval bytes, Interval lines);
  // `source` was read to its end, even when nothing of it was new: the next Flush says so in the catalog.
  void Finish(const std::shared_ptr<SourceContext>& source) { unreleased_[source->identity.id] = source; }

  // Starts closing what was collected, after waiting for the segment before it.
  Status StartClose();
  // Closes and waits until everything is committed, marks and releases finished sources.
  Status Flush();

  uint64_t pending_bytes() const { return builder_ == nullptr ? 0 : builder_->raw_bytes() + message_bytes_; }
  // Something is collected, be it only lines that were left out.
  bool has_pending() const { return builder_ != nullptr; }
  int64_t pending_since_ns() const {
    return pending_since_ns_;
  }  // steady clock; when the open segment got its first row
  CommitTotals totals() const;
  // How much of what was committed each template is; once everything is, and nothing when it is not known without
  // reading it (TemplateTally).
  std::optional<std::vector<TemplateUse>> Templates() { return tally_.Sum(&consolidator_); }

 private:
  Status WaitForClosing();
  bool HoldsMuch() const;                                 // CommitterOptions::careful_from_bytes
  using Dropped = std::map<std::string, SourceCoverage>;  // by source id
  // What is being closed, beside the builder.
  struct Closing {
    std::vector<SourceIdentity> identities;
    LeftOutBySource left_out;
    Dropped dropped;
    SegmentExtras extras;
    std::optional<MessageTable> messages;  // of a Kafka partition
    std::optional<KafkaRange> kafka;
    Tally quarantined;
  };
  Result<SegmentMeta> MakeMeta(const BuiltSegment& built, const Closing& closing) const;
  void OpenBuilder();
  Result<SourceCoverage> PartitionCoverage(const BuiltSegment& built, const Closing& closing) const;
  void Cover(const std::shared_ptr<SourceContext>& source, uint64_t end);
  void TakeMessages(const MessageBatch& messages, const EventBatch& batch, SourceContext* source);
  Status CloseNow(std::shared_ptr<SegmentBuilder> builder, Closing closing);

  const Env* env_;
  Catalog* catalog_;
  WorkerPool* pool_;
  CommitterOptions options_;
  Consolidator consolidator_;  // touched only by the segment being closed
  TemplateTally tally_;        // ... as is this
  std::unique_ptr<SegmentBuilder> builder_;
  std::map<std::string, std::shared_ptr<SourceContext>> in_builder_;  // sources of the open segment, by id
  std::map<std::string, std::shared_ptr<SourceContext>> unreleased_;  // every source seen and not yet released
  LeftOutBySource left_out_;                                          // of the open segment
  Dropped dropped_;                                                   // with the open segment
  uint64_t message_bytes_ = 0;                                        // of keys and headers in the open segment
  uint64_t pending_source_bytes_ = 0;                                 // what it covers
  int64_t pending_since_ns_ = 0;

  mutable std::mutex mutex_;
  bool closing_ = false;
  Status status_;  // of the segments closed so far: the first problem
  CommitTotals totals_;
};

}  // namespace whittle
