#include "pipeline/message_inserter.h"

#include <algorithm>
#include <utility>

namespace whittle {
namespace {

// Of the first record of a batch; nothing when it has none.
std::optional<int64_t> FirstOffset(const EventBatch& batch) {
  for (const RecordStream& stream : batch.streams) {
    if (stream.id == static_cast<uint16_t>(StreamId::kKafkaOffset) && !stream.values.empty()) return stream.values[0];
  }
  return std::nullopt;
}

}  // namespace

std::vector<int64_t> MessageInserter::Offsets() const {
  std::vector<int64_t> offsets;
  for (const AddedMessage& added : added_) offsets.push_back(added.offset);
  return offsets;
}

Tally MessageInserter::Total() const {
  Tally total;
  for (const AddedMessage& added : added_) total += added.tally;
  return total;
}

void MessageInserter::InsertBefore(int64_t offset, const SegmentSource& source, const SegmentUnpacker::Take& take) {
  for (; next_ < added_.size() && added_[next_].offset < offset; ++next_) {
    AddedMessage& added = added_[next_];
    added.batch.first_offset = position_;
    added.batch.first_line = line_;
    position_ += added.batch.SourceBytes();
    line_ += added.batch.SourceLines();
    inserted_bytes_ += added.batch.SourceBytes();
    inserted_lines_ += added.batch.SourceLines();
    take(std::move(added.batch), std::move(added.times), source);
  }
}

void MessageInserter::Pass(EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source,
                           const SegmentUnpacker::Take& take) {
  otherwise_ = source;
  position_ = batch.first_offset + inserted_bytes_;
  line_ = batch.first_line + inserted_lines_;
  if (const auto first = FirstOffset(batch)) InsertBefore(*first, source, take);
  batch.first_offset = position_;
  batch.first_line = line_;
  position_ += batch.SourceBytes();
  line_ += batch.SourceLines();
  take(std::move(batch), std::move(times), source);
}

void MessageInserter::Finish(const SegmentUnpacker::Take& take) { InsertBefore(INT64_MAX, otherwise_, take); }

void MessageInserter::AddTo(MessageTable* table) const {
  for (const AddedMessage& added : added_) {
    if (!added.message) continue;
    const auto behind = std::upper_bound(table->messages.begin(), table->messages.end(), added.offset,
                                         [](int64_t offset, const Message& other) { return offset < other.offset; });
    table->messages.insert(behind, *added.message);
  }
}

}  // namespace whittle
