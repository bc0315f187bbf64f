// The logical content of a segment: what goes into the encoder and comes back out of the decoder.
// docs/segment-format.md specifies the bytes.
//
// A row is a line: a stored shape plus one text per slot of that shape. Every slot is bound to a column, several shapes
// may share a column (all shapes with one header share its timestamp column), and a column holds its values in row
// order. A record (event) is a row with kRecordStart and the rows after it up to the next such row. A line that could
// not be understood is a row of the raw shape: one slot that is the whole line ("raw lane").
//
// Views in SegmentInput point into buffers of the caller and must live until EncodeSegment returns.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/batch.h"
#include "event/shape.h"
#include "format/row_groups.h"

namespace whittle {

struct StoredShape {
  std::shared_ptr<const Shape> shape;
  std::vector<uint32_t> columns;  // columns[k] holds slot k
};

struct ColumnInput {
  TokenClass token_class = TokenClass::kMixed;  // a hint; the encoder looks at the values
  uint16_t time_layout = 0;                     // a hint: values parse as this layout of scan/time_layout.h
  bool is_free_text = false;                    // a hint: whole lines that could not be understood
  std::vector<std::string_view> values;         // in row order
};

// A contiguous stretch of rows from one source. Bytes and lines that were not kept stand in `gap_*` streams.
struct SourceRun {
  uint32_t source = 0;        // index into SegmentInput::sources
  uint64_t first_offset = 0;  // of the first byte covered (kept or not)
  uint64_t end_offset = 0;    // one past the last byte covered, terminator included
  uint64_t first_line = 1;
  uint64_t line_count = 0;  // lines covered (kept or not)
  uint64_t row_count = 0;   // rows stored
};

struct SegmentSource {
  std::string id;                     // 32 hex digits of the source id
  std::string name;                   // as the user knows it
  std::vector<Attribute> attributes;  // resource attributes of every event of this source
};

// A stream of integers, one per record (or per row), by number; absent streams read as their default. Reserved:
enum class StreamId : uint16_t {
  kTimeResidual = 1,  // per record: event time minus its base, both ns since the epoch; kNoTime when the event has no
                      // time. The base is the shape's timestamp slot as ParseTime reads it or, without one, the time of
                      // the record before in the segment (0 for the first): so the stream is nearly constant
  kTimeQuality = 2,   // per record: 0 exact, 1 zone or year filled in, 2 taken from the record before
  kSampleThreshold = 3,  // per record: T of the 56-bit coin, 0 = always kept
  kStratum = 4,          // per record: index into the strata section
  kIncomingRate = 5,     // per record: bits of a double, 1.0 when absent
  kGapBytes = 6,         // per row: source bytes skipped just before this row
  kGapLines = 7,         // per row: source lines skipped just before this row
  kTraceMethod = 8,      // per record: 0 none, 1 explicit, 2.. inferred by ...
  kTraceHigh = 9,
  kTraceLow = 10,
  kSpan = 11,
  kParentSpan = 12,
  kTraceConfidence = 13,  // per record: parts per million
  kKafkaOffset = 14,      // per record: where it stands in its source, which is a Kafka partition
  kKafkaTime = 15,        // per record: the message's time stamp, ms since the epoch; kNoTime when it has none
};

// What an absent stream reads as.
constexpr int64_t DefaultOf(StreamId id) {
  constexpr int64_t kOneAsBits = 0x3FF0000000000000;  // of the double 1.0
  return id == StreamId::kIncomingRate      ? kOneAsBits
         : id == StreamId::kTimeResidual    ? kNoTime
         : id == StreamId::kKafkaTime       ? kNoTime
         : id == StreamId::kTraceConfidence ? 1'000'000
                                            : 0;
}

struct IntStream {
  StreamId id;
  std::vector<int64_t> values;
};

// A named blob of the footer: strata, counters by (window, stratum), ledger, journal entries, tombstones, evidence ...
struct Section {
  uint16_t id = 0;
  bool required = false;  // a reader that does not know this section must refuse the segment
  std::string bytes;
};

struct SegmentInput {
  std::vector<SegmentSource> sources;
  std::vector<SourceRun> runs;  // in row order; sum of row_count = rows
  std::vector<StoredShape> shapes;
  std::vector<uint32_t> row_shape;  // per row: index into shapes
  std::vector<uint8_t> row_flags;   // per row: bit 0 record start, bits 1-2 LineEnd
  std::vector<ColumnInput> columns;
  std::vector<IntStream> streams;
  std::vector<Section> sections;
  std::vector<RowGroupInfo> row_groups;  // their rows add up to the rows; empty: no record has a time
};

}  // namespace whittle
