// EventBatch: what the stages hand to each other. Lines of one source in order, each as a shape plus slot spans.
// The batch owns the text through `text`; spans and rows are offsets into it, so a batch may be moved between threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/message.h"
#include "event/shape.h"
#include "event/time_state.h"

namespace whittle {

enum class LineEnd : uint8_t { kNone = 0, kLf = 1, kCrLf = 2 };

inline constexpr uint32_t TerminatorSize(LineEnd end) { return static_cast<uint32_t>(end); }
inline constexpr std::string_view TerminatorText(LineEnd end) {
  return end == LineEnd::kCrLf ? "\r\n" : end == LineEnd::kLf ? "\n" : "";
}

// A line as framing finds it. begin/size exclude the terminator.
struct Line {
  uint32_t begin = 0;
  uint32_t size = 0;
  LineEnd end = LineEnd::kLf;
  bool record_start = true;  // false: belongs to the record of the line before
};

// What is known of each record beside its text, by number of the segment's stream (StreamId of format/segment.h).
struct RecordStream {
  uint16_t id = 0;
  std::vector<int64_t> values;  // one per record start
};

// Of a batch whose records are messages: what the broker knows of them.
struct MessageBatch {
  uint64_t end_offset = 0;            // one past the last message that the batch accounts for
  std::vector<Message> messages;      // those that are not plain, by offset
  std::vector<RecordStream> streams;  // offsets, times and trace ids
  // Messages that could not be taken and are kept beside the store, by number, and lines and bytes of their values.
  uint64_t quarantined = 0;
  uint64_t quarantined_lines = 0;
  uint64_t quarantined_bytes = 0;
};

// Lines of one source, in order and contiguous: line i+1 begins where line i's terminator ends.
struct LineBatch {
  std::shared_ptr<const std::string> text;
  std::vector<Line> lines;
  uint32_t source = 0;                           // index into the run's table of sources
  uint64_t first_offset = 0;                     // byte offset in the (decompressed) source of the first line
  uint64_t first_line = 1;                       // 1-based line number of the first line
  uint64_t sequence = 0;                         // order within the run, from 0, without gaps
  std::shared_ptr<const MessageBatch> messages;  // null where records are no messages
};

struct Span {
  uint32_t begin = 0;
  uint32_t size = 0;
};

struct Row {
  enum Flags : uint8_t {
    kRecordStart = 1,
    kHasTime = 2,     // local_time_ns was read from the line
    kHasYear = 4,     // ... and its layout carries a year
    kHasZone = 8,     // ... and a zone, so local_time_ns is UTC
    kTimeOfDay = 16,  // local_time_ns is a time of day without a date
  };
  uint32_t shape = 0;  // index into EventBatch::shapes
  uint32_t begin = 0;  // line bytes in text, without terminator
  uint32_t size = 0;
  uint32_t first_slot = 0;  // slot k of the shape is slots[first_slot + k]
  int64_t local_time_ns = 0;
  uint8_t flags = 0;
  LineEnd end = LineEnd::kLf;
};

// A stretch of a row's text that scrubbing put there in place of what the source said.
struct ScrubbedSpan {
  uint32_t row = 0;    // of the batch
  uint32_t begin = 0;  // bytes of the row
  uint32_t end = 0;
  uint8_t kind = 0;  // ScrubKind of parse/scrub_detectors.h
};

// Lines of the source that are not in the batch: sampled out, dropped or expired.
struct RowGap {
  uint64_t bytes = 0;  // of the source, line ends included
  uint64_t lines = 0;
};

struct EventBatch {
  std::shared_ptr<const std::string> text;
  uint32_t source = 0;
  uint64_t first_offset = 0;
  uint64_t first_line = 1;
  uint64_t sequence = 0;
  std::vector<std::shared_ptr<const Shape>> shapes;  // distinct shapes of this batch
  std::vector<Row> rows;
  std::vector<Span> slots;
  // Only when something was scrubbed, so that `text` is not what the source says: per row the bytes it has in the
  // source, terminator included, and the last bytes of the batch as they stand there.
  std::vector<uint32_t> source_sizes;
  std::string source_tail;
  std::vector<ScrubbedSpan> scrubbed;
  // Only when lines were left out: per row what stands in the source just before it and is not here, and what stands
  // after the last row. A batch may have no rows and only that.
  std::vector<RowGap> gaps;
  RowGap last_gap;
  std::vector<RecordStream> streams;  // those that differ from their default
  std::shared_ptr<const MessageBatch> messages;
  TimeState times_after;  // of the source behind the last row

  uint64_t SourceSize(size_t row) const {
    return source_sizes.empty() ? rows[row].size + TerminatorSize(rows[row].end) : source_sizes[row];
  }
  // What the batch covers of its source, in bytes.
  uint64_t SourceBytes() const {
    uint64_t bytes = last_gap.bytes;
    for (size_t i = 0; i < rows.size(); ++i) bytes += SourceSize(i);
    for (const RowGap& gap : gaps) bytes += gap.bytes;
    return bytes;
  }
  // ... and in lines.
  uint64_t SourceLines() const {
    uint64_t lines = rows.size() + last_gap.lines;
    for (const RowGap& gap : gaps) lines += gap.lines;
    return lines;
  }

  std::string_view Text(const Span& s) const { return std::string_view(*text).substr(s.begin, s.size); }
};

}  // namespace whittle
