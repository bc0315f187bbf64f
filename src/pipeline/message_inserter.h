// MessageInserter: puts messages between the batches that a segment of a Kafka partition is unpacked into, where their
// offsets say. Positions in such a segment are bytes that only tell how batches follow each other, so those behind an
// added message move.
//
// For one rewrite, one thread. Owns the messages.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "catalog/ledger.h"
#include "event/batch.h"
#include "format/message_section.h"
#include "pipeline/segment_unpacker.h"
#include "sink/segment_builder.h"

namespace whittle {

// A message that was not stored with its neighbours and is now.
struct AddedMessage {
  int64_t offset = 0;
  EventBatch batch;  // with its one record
  std::vector<RecordTime> times;
  std::optional<Message> message;  // when it is not plain
  Tally tally;                     // what it is in the ledger
};

class MessageInserter {
 public:
  // `added` ascends by offset. `otherwise`: the source in a segment that has no rows yet.
  MessageInserter(std::vector<AddedMessage> added, SegmentSource otherwise)
      : added_(std::move(added)), otherwise_(std::move(otherwise)) {}

  std::vector<AddedMessage>* added() { return &added_; }
  // A batch has to end before the first record at or behind each of these.
  std::vector<int64_t> Offsets() const;
  // Everything that was added, as the ledger counts it.
  Tally Total() const;

  // Each batch of the segment in turn, then Finish; `take` gets them and what comes between.
  void Pass(EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source,
            const SegmentUnpacker::Take& take);
  void Finish(const SegmentUnpacker::Take& take);

  // Adds keys and headers to those of the segment.
  void AddTo(MessageTable* table) const;

 private:
  // Those before `offset`, at the place reached.
  void InsertBefore(int64_t offset, const SegmentSource& source, const SegmentUnpacker::Take& take);

  std::vector<AddedMessage> added_;
  SegmentSource otherwise_;
  size_t next_ = 0;
  uint64_t position_ = 0, line_ = 1;  // behind what was taken so far
  uint64_t inserted_bytes_ = 0, inserted_lines_ = 0;
};

}  // namespace whittle
