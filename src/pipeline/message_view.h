// MessageView: what the broker knows of the records of a batch, if they are messages: the k-th record start is the k-th
// value of its streams. Views the batch, which must not change meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>

#include "event/batch.h"
#include "format/segment.h"

namespace whittle {

class MessageView {
 public:
  explicit MessageView(const EventBatch& batch) {
    if (batch.messages == nullptr) return;
    for (const RecordStream& stream : batch.streams) {
      if (stream.id == static_cast<uint16_t>(StreamId::kKafkaOffset)) offsets_ = &stream;
      if (stream.id == static_cast<uint16_t>(StreamId::kKafkaTime)) times_ = &stream;
      if (stream.id == static_cast<uint16_t>(StreamId::kTraceMethod)) methods_ = &stream;
      if (stream.id == static_cast<uint16_t>(StreamId::kTraceLow)) traces_ = &stream;
    }
  }
  uint64_t Offset(size_t record, uint64_t otherwise) const {
    return offsets_ == nullptr ? otherwise : static_cast<uint64_t>(offsets_->values[record]);
  }
  // When the broker says it was written; kNoTime: it does not, or nothing sane.
  int64_t TimeNs(size_t record) const {
    if (times_ == nullptr) return kNoTime;
    constexpr int64_t kNsPerMs = 1'000'000;
    const int64_t time_ms = times_->values[record];
    return time_ms > 0 && time_ms < INT64_MAX / kNsPerMs ? time_ms * kNsPerMs : kNoTime;
  }
  // Of a header: as an id in the text is joined, by its low 64 bits; 0: none.
  uint64_t Trace(size_t record) const {
    if (methods_ == nullptr || traces_ == nullptr || methods_->values[record] == 0) return 0;
    return static_cast<uint64_t>(traces_->values[record]);
  }

 private:
  const RecordStream* offsets_ = nullptr;
  const RecordStream* times_ = nullptr;
  const RecordStream* methods_ = nullptr;
  const RecordStream* traces_ = nullptr;
};

}  // namespace whittle
