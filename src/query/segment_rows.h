// SegmentRows: the rows of one segment with only the columns somebody needs, and a cursor over its records. The cursor
// moves forward cheaply (one step per value of a loaded column) and backward by starting over, or to a saved mark.
// Not thread-safe. Views die with the object or when it moves to another record.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "format/message_section.h"
#include "format/segment_reader.h"
#include "sample/segment_ledger.h"

namespace whittle {

// Slots of one or more rows, one after the other.
struct RecordRows {
  size_t first_row = 0;
  std::optional<size_t> record;         // index into the per-record streams; nothing before the first record start
  std::vector<uint32_t> shapes;         // per row
  std::vector<size_t> first_slot;       // per row: index into slots
  std::vector<std::string_view> slots;  // of unloaded columns: empty
  const std::string_view* Slots(size_t row) const { return slots.data() + first_slot[row]; }
};

class SegmentRows {
 public:
  // Loads rows, shapes and the record streams, no columns.
  static Result<std::unique_ptr<SegmentRows>> Load(std::unique_ptr<SegmentReader> reader);

  const SegmentFooter& footer() const { return reader_->footer(); }
  const std::vector<StoredShape>& shapes() const { return *shapes_; }
  bool ShapeHasRows(size_t shape) const { return shape_rows_[shape] > 0; }
  const SegmentReader& reader() const { return *reader_; }
  size_t row_count() const { return rows_.row_shape.size(); }
  size_t record_count() const { return record_count_; }
  uint32_t RowShape(size_t row) const { return rows_.row_shape[row]; }
  // The values of a column in row order; null when it is not loaded.
  const CodedTexts* ColumnValues(size_t column) const {
    return columns_[column] == nullptr ? nullptr : &columns_[column]->values;
  }
  bool IsRecordStart(size_t row) const { return (rows_.row_flags[row] & 1) != 0; }
  std::string_view LineEndOf(size_t row) const;

  // Loads the columns that are wanted and not there yet. Moves the cursor to row 0 if any was loaded.
  Status LoadColumns(const std::vector<bool>& wanted);

  // Event times are stored as differences to the time stamps in the text: loads those and works the times out, once.
  Status LoadTimes();

  // A position of the cursor, to come back to for free while no column is loaded.
  struct Mark {
    size_t row = 0;
    std::optional<size_t> record;
    std::vector<uint32_t> next_value;
  };
  void Seek(size_t row);
  Mark Save() const { return {row_, record_, next_value_}; }
  void Restore(const Mark& mark);
  size_t position() const { return row_; }

  // Reads the record at the cursor, at most up to row `end` (> position()), and moves past it.
  void ReadRecord(size_t end, RecordRows* record);

  // Streams; their defaults where the segment has none. Time needs LoadTimes.
  std::optional<int64_t> Time(size_t record) const;
  bool TimeGuessed(size_t record) const { return At(time_quality_, record, 0) != 0; }
  uint8_t TimeQuality(size_t record) const { return static_cast<uint8_t>(At(time_quality_, record, 0)); }
  double SampleRate(size_t record) const;
  // The part of SampleRate that an earlier stage is the cause of; 1: it came unsampled.
  double IncomingRate(size_t record) const;
  // That stage threw the coin that was thrown again here: Threshold is that of both together.
  bool SharesCoin(size_t record) const;
  // The exact counts of the segment; null when nothing was sampled into it.
  const SegmentLedger* ledger() const { return ledger_ ? &*ledger_ : nullptr; }
  // Index into ledger()->strata(), which is not null then.
  size_t Stratum(size_t record) const { return static_cast<size_t>(At(stratum_, record, 0)); }
  uint64_t Threshold(size_t record) const { return static_cast<uint64_t>(At(threshold_, record, 0)); }
  // 0 none, 1 explicit, 2.. inferred; the ids are set when it is not 0.
  int64_t TraceMethod(size_t record) const { return At(trace_method_, record, 0); }
  std::string TraceId(size_t record) const;
  std::string SpanId(size_t record) const;
  std::string ParentSpanId(size_t record) const;
  double TraceConfidence(size_t record) const {
    return static_cast<double>(At(trace_confidence_, record, 1'000'000)) / 1e6;
  }
  uint64_t GapBytes(size_t row) const { return static_cast<uint64_t>(At(gap_bytes_, row, 0)); }
  uint64_t GapLines(size_t row) const { return static_cast<uint64_t>(At(gap_lines_, row, 0)); }
  bool has_gaps() const { return !gap_bytes_.empty() || !gap_lines_.empty(); }

  // A segment of a Kafka partition: its records stand at offsets, not at bytes.
  bool is_kafka() const { return !kafka_offset_.empty(); }
  int64_t KafkaOffset(size_t record) const { return At(kafka_offset_, record, 0); }
  int64_t KafkaTimeMs(size_t record) const { return At(kafka_time_, record, kNoTime); }
  // Loads keys and headers; until then, and where a message has neither, the answer is null.
  Status LoadMessages();
  const MessageTable* messages() const { return messages_ ? &*messages_ : nullptr; }
  const Message* MessageOf(size_t record) const { return messages_ ? messages_->Find(KafkaOffset(record)) : nullptr; }

  // Bytes of a row as it renders, terminator included, if all its columns are loaded.
  uint64_t RowBytes(size_t row, uint32_t shape, const std::string_view* slots) const;
  void AppendRow(size_t row, uint32_t shape, const std::string_view* slots, std::string* out) const;

 private:
  struct LoadedSlot {
    uint32_t slot = 0;
    uint32_t column = 0;
  };
  explicit SegmentRows(std::unique_ptr<SegmentReader> reader) : reader_(std::move(reader)) {}
  static int64_t At(const std::vector<int64_t>& stream, size_t i, int64_t absent) {
    return stream.empty() ? absent : stream[i];
  }
  Status LoadStreams();
  Status LoadLedger();
  Status CheckBindings();
  Status LoadOne(StreamId id, size_t count, std::vector<int64_t>* values) const;
  void PlanSlots();
  void SkipRow();

  std::unique_ptr<SegmentReader> reader_;
  const std::vector<StoredShape>* shapes_ = nullptr;
  LoadedRows rows_;
  size_t record_count_ = 0;
  std::vector<uint64_t> shape_rows_;
  std::vector<uint64_t> fixed_bytes_;                   // per shape
  std::vector<uint64_t> expected_values_;               // per column
  std::vector<std::unique_ptr<LoadedColumn>> columns_;  // null: not loaded
  std::vector<std::vector<LoadedSlot>> loaded_slots_;   // per shape
  std::optional<SegmentLedger> ledger_;
  bool has_times_ = false;
  std::vector<int64_t> time_, time_quality_, threshold_, stratum_, incoming_rate_, gap_bytes_, gap_lines_;
  std::vector<int64_t> trace_method_, trace_high_, trace_low_, span_, parent_span_, trace_confidence_;
  std::vector<int64_t> kafka_offset_, kafka_time_;
  std::optional<MessageTable> messages_;
  size_t row_ = 0;
  std::optional<size_t> record_;      // of the row before row_
  std::vector<uint32_t> next_value_;  // per column
};

}  // namespace whittle
