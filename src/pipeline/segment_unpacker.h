// SegmentUnpacker: a stored segment as the batches it could have been made from, so that whatever rewrites segments
// (compaction, retention, thinning) builds the new ones exactly as ingest builds them. Records may be left out on the
// way; what they were is counted.
//
// Not thread-safe. The batches it hands out own their text; the source in Take is valid while the unpacker lives.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "catalog/ledger.h"
#include "event/batch.h"
#include "format/message_section.h"
#include "query/segment_rows.h"
#include "sink/segment_builder.h"
#include "templates/folded_bodies.h"

namespace whittle {

// What becomes of a record when its segment is rewritten.
enum class RecordFate : uint8_t { kKept, kSampledOut, kDroppedByRule, kExpired };

// What rewriting changes in one segment. Empty vectors change nothing.
struct SegmentEdit {
  std::vector<RecordFate> fates;  // per record of the segment, in its order
  // Of lines before the first record start of a run: they belong to a record of another segment.
  RecordFate leading_lines = RecordFate::kKept;
  std::vector<RecordStream> streams;  // new values (thresholds, strata ...), one per record, kept or not
  // Of a Kafka partition, ascending: a batch ends before the first record at or behind each of these offsets.
  std::vector<int64_t> cuts;
};

// Records that were left out, in the terms of the ledger.
struct LeftOut {
  Tally sampled_out, dropped_by_rule, expired;
};

using LeftOutBySource = std::map<std::string, LeftOut>;

class SegmentUnpacker {
 public:
  // kUnsupported when the segment carries a section that nobody knows how to carry over.
  static Result<std::unique_ptr<SegmentUnpacker>> Open(std::unique_ptr<SegmentReader> reader, SegmentEdit edit);

  using Take = std::function<void(EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source)>;
  // Hands out all rows in order. kCorrupt when they are not the rows that were written: the section with their hash
  // says so.
  Status Unpack(const Take& take);

  // The exact counts of what Unpack handed out and of what it left out, and what their numbers of strata are there:
  // none when the segment has no such counts. Complete after Unpack; what expired is in them no more.
  const SegmentLedger* ledger() const { return ledger_ ? &*ledger_ : nullptr; }

  const SegmentFooter& footer() const { return rows_->footer(); }
  const std::vector<StoredShape>& shapes() const { return rows_->shapes(); }
  // Of a Kafka partition: keys and headers of the records that were handed out. Complete after Unpack.
  std::optional<MessageTable> messages() const;
  // What the shapes were folded from; nothing for those that lost a record for good, since it may be what was erased.
  const FoldedBodies& folded() const { return folded_; }
  const LeftOutBySource& left_out() const { return left_out_; }  // by source id, after Unpack

 private:
  struct Mark {
    uint64_t row = 0;
    ScrubbedSpan span;
  };
  class RunUnpacker;
  SegmentUnpacker() = default;
  Status LoadMarks();
  Status LoadStreams();
  RecordFate FateOf(const RecordRows& record) const;
  bool PassesCut(const RecordRows& record);

  std::unique_ptr<SegmentRows> rows_;
  SegmentEdit edit_;
  size_t next_cut_ = 0;
  std::vector<Mark> marks_;
  FoldedBodies folded_;
  void CountLeftOut(size_t record, RecordFate fate, const SegmentSource& source, const Tally& lost);
  std::optional<SegmentLedger> ledger_;
  std::vector<RecordStream> streams_;  // those that are carried over, of the whole segment
  LeftOutBySource left_out_;
  std::vector<int64_t> kept_offsets_;  // of a Kafka partition: of the records handed out
};

}  // namespace whittle
