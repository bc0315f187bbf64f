// RunCursor: walks the records of one run and knows where in the source each of them stands, if all columns are loaded.
// Borrows the rows and moves their cursor; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "format/footer.h"
#include "query/segment_rows.h"

namespace whittle {

class RunCursor {
 public:
  RunCursor(SegmentRows* rows, const SourceRun& run, uint64_t first_row, bool positions)
      : rows_(*rows),
        end_(first_row + run.row_count),
        offset_(run.first_offset),
        line_(run.first_line),
        positions_(positions) {
    if (rows_.position() != first_row) rows_.Seek(first_row);
  }
  bool done() const { return rows_.position() >= end_; }
  // Goes on to the record that begins at `row`, not before the cursor.
  void SkipTo(size_t row) {
    if (positions_) {
      RecordRows skipped;
      while (rows_.position() < row) Read(&skipped);
      return;
    }
    const size_t from = rows_.position();
    if (row == from) return;
    line_ += row - from;
    for (size_t i = from; rows_.has_gaps() && i < row; ++i) line_ += rows_.GapLines(i);
    rows_.Seek(row);
  }
  void Read(RecordRows* record) {
    rows_.ReadRecord(end_, record);
    for (size_t i = 0; i < record->shapes.size(); ++i) {
      const size_t row = record->first_row + i;
      offset_ += rows_.GapBytes(row);
      line_ += rows_.GapLines(row);
      if (i == 0) {
        record_offset_ = offset_;
        record_line_ = line_;
        if (rows_.is_kafka())
          record_offset_ = record->record ? static_cast<uint64_t>(rows_.KafkaOffset(*record->record)) : 0;
      }
      if (positions_) offset_ += rows_.RowBytes(row, record->shapes[i], record->Slots(i));
      ++line_;
    }
  }
  uint64_t record_offset() const { return positions_ || rows_.is_kafka() ? record_offset_ : 0; }
  uint64_t record_line() const { return rows_.is_kafka() ? 0 : record_line_; }

 private:
  SegmentRows& rows_;
  uint64_t end_;
  uint64_t offset_, line_;
  uint64_t record_offset_ = 0, record_line_ = 0;
  bool positions_;
};

}  // namespace whittle
