#include "query/segment_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <utility>

#include "base/hash.h"
#include "query/store_ledger.h"
#include "sample/coin.h"
#include "scan/time_series.h"

namespace whittle {
namespace {

Status Corrupt(const std::string& what) { return Status(StatusCode::kCorrupt, "segment: " + what); }

TimeLayoutId TimestampLayout(const Shape& shape) {
  for (const Piece& piece : shape.pieces) {
    if (piece.kind == Piece::Kind::kSlot && piece.slot == static_cast<uint32_t>(shape.timestamp_slot))
      return piece.time_layout;
  }
  return 0;
}

}  // namespace

Result<std::unique_ptr<SegmentRows>> SegmentRows::Load(std::unique_ptr<SegmentReader> reader) {
  std::unique_ptr<SegmentRows> rows(new SegmentRows(std::move(reader)));
  WHITTLE_ASSIGN_OR_RETURN(rows->shapes_, rows->reader_->Shapes());
  WHITTLE_ASSIGN_OR_RETURN(rows->rows_, rows->reader_->LoadRows());
  WHITTLE_RETURN_IF_ERROR(rows->CheckBindings());
  WHITTLE_RETURN_IF_ERROR(rows->LoadStreams());
  rows->PlanSlots();
  rows->Seek(0);
  return rows;
}

Status SegmentRows::CheckBindings() {
  const size_t column_count = footer().column_count;
  shape_rows_.assign(shapes_->size(), 0);
  expected_values_.assign(column_count, 0);
  columns_.resize(column_count);
  next_value_.assign(column_count, 0);
  for (const uint32_t shape : rows_.row_shape) {
    if (shape >= shapes_->size()) return Corrupt("a row has an unknown shape");
    ++shape_rows_[shape];
  }
  for (const uint8_t flags : rows_.row_flags) record_count_ += flags & 1;
  for (size_t s = 0; s < shapes_->size(); ++s) {
    const StoredShape& stored = (*shapes_)[s];
    if (stored.columns.size() != stored.shape->slot_count) return Corrupt("shapes and columns differ");
    for (const uint32_t column : stored.columns) {
      if (column >= column_count) return Corrupt("a slot has an unknown column");
      expected_values_[column] += shape_rows_[s];
    }
    uint64_t fixed = 0;
    for (const Piece& piece : stored.shape->pieces) fixed += piece.kind == Piece::Kind::kSlot ? 0 : piece.text.size();
    fixed_bytes_.push_back(fixed);
  }
  return Status::Ok();
}

Status SegmentRows::LoadOne(StreamId id, size_t count, std::vector<int64_t>* values) const {
  if (!reader_->HasStream(id)) return Status::Ok();
  WHITTLE_ASSIGN_OR_RETURN(*values, reader_->LoadStream(id));
  if (values->size() != count) return Corrupt("a stream does not have one value per record");
  return Status::Ok();
}

Status SegmentRows::LoadStreams() {
  const size_t rows = row_count();
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kSampleThreshold, record_count_, &threshold_));
  WHITTLE_RETURN_IF_ERROR(LoadLedger());
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kIncomingRate, record_count_, &incoming_rate_));
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kGapBytes, rows, &gap_bytes_));
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kGapLines, rows, &gap_lines_));
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kKafkaOffset, record_count_, &kafka_offset_));
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kKafkaTime, record_count_, &kafka_time_));
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kTraceMethod, record_count_, &trace_method_));
  if (trace_method_.empty()) return Status::Ok();
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kTraceHigh, record_count_, &trace_high_));
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kTraceLow, record_count_, &trace_low_));
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kSpan, record_count_, &span_));
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kParentSpan, record_count_, &parent_span_));
  return LoadOne(StreamId::kTraceConfidence, record_count_, &trace_confidence_);
}

Status SegmentRows::LoadMessages() {
  if (messages_) return Status::Ok();
  const auto section = reader_->LoadSection(static_cast<uint16_t>(SectionId::kKafka));
  if (!section.ok() && section.status().code() != StatusCode::kNotFound) return section.status();
  if (!section.ok()) return Status::Ok();
  WHITTLE_ASSIGN_OR_RETURN(messages_, DecodeMessages(*section));
  return Status::Ok();
}

Status SegmentRows::LoadLedger() {
  WHITTLE_ASSIGN_OR_RETURN(ledger_, ReadSegmentLedger(*reader_));
  if (!ledger_) return Status::Ok();
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kStratum, record_count_, &stratum_));
  for (const int64_t stratum : stratum_) {
    if (stratum < 0 || static_cast<size_t>(stratum) >= ledger_->strata().size()) return Corrupt("unknown stratum");
  }
  if (stratum_.empty() && record_count_ > 0 && ledger_->strata().empty()) return Corrupt("records without a stratum");
  return Status::Ok();
}

std::string_view SegmentRows::LineEndOf(size_t row) const {
  switch (static_cast<LineEnd>(rows_.row_flags[row] >> 1 & 3)) {
    case LineEnd::kLf:
      return "\n";
    case LineEnd::kCrLf:
      return "\r\n";
    default:
      return "";
  }
}

Status SegmentRows::LoadColumns(const std::vector<bool>& wanted) {
  bool any = false;
  for (uint32_t c = 0; c < columns_.size() && c < wanted.size(); ++c) {
    if (!wanted[c] || columns_[c] != nullptr) continue;
    WHITTLE_ASSIGN_OR_RETURN(LoadedColumn column, reader_->LoadColumn(c));
    if (column.values.size() != expected_values_[c]) return Corrupt("columns and rows differ");
    columns_[c] = std::make_unique<LoadedColumn>(std::move(column));
    any = true;
  }
  if (!any) return Status::Ok();
  reader_->ReleaseFrames();
  PlanSlots();
  Restore(Mark{0, std::nullopt, std::vector<uint32_t>(columns_.size(), 0)});
  return Status::Ok();
}

namespace {

// Where the rows of a shape have their time, and how far they move on in the columns of times.
struct ClockOfShape {
  ClockOfShape(const StoredShape& stored, const std::vector<bool>& is_time) {
    const int32_t time_slot = stored.shape->timestamp_slot;
    if (time_slot >= 0) layout = TimestampLayout(*stored.shape);
    std::map<uint32_t, uint32_t> uses;
    for (size_t slot = 0; slot < stored.columns.size(); ++slot) {
      if (!is_time[stored.columns[slot]]) continue;
      const uint32_t before = uses[stored.columns[slot]]++;
      if (static_cast<int64_t>(slot) != time_slot) continue;
      column = stored.columns[slot];
      offset = before;
    }
    advance.assign(uses.begin(), uses.end());
  }

  int64_t column = -1;
  uint32_t offset = 0;  // among the values of the column in one row
  TimeLayoutId layout = 0;
  std::vector<std::pair<uint32_t, uint32_t>> advance;
};

// The values of a column as times; what many rows share is read once.
class TimeColumn {
 public:
  explicit TimeColumn(const CodedTexts* values) : values_(values) {}

  // UTC or local ns as written; kNoTime when it is no time with a date.
  int64_t At(TimeLayoutId layout, size_t i) {
    if (layout != layout_) {
      layout_ = layout;
      known_.assign(values_->numbers().empty() ? 1 : values_->texts().size(), Known());
    }
    const std::string_view text = (*values_)[i];
    Known& known = known_[values_->numbers().empty() ? 0 : values_->TextIndex(i)];
    // Equal times of a column without numbers follow each other, and have the same bytes.
    if (known.text.data() != text.data() || known.text.size() != text.size()) {
      ParsedTime parsed;
      known = {text, times_.ParseTime(layout, text, &parsed) && parsed.has_date ? parsed.nanos : kNoTime};
    }
    return known.time_ns;
  }

 private:
  struct Known {
    std::string_view text;
    int64_t time_ns = kNoTime;
  };
  const CodedTexts* values_;
  TimeLayoutId layout_ = UINT16_MAX;
  TimeReader times_;
  std::vector<Known> known_;
};

}  // namespace

// docs/segment-format.md: the base of a record's residual is the time stamp of its first line or, without one, the time
// of the record before that has a time.
Status SegmentRows::LoadTimes() {
  if (has_times_) return Status::Ok();
  has_times_ = true;
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kTimeResidual, record_count_, &time_));
  WHITTLE_RETURN_IF_ERROR(LoadOne(StreamId::kTimeQuality, record_count_, &time_quality_));
  if (time_.empty()) return Status::Ok();
  std::vector<bool> wanted(columns_.size(), false);
  for (const StoredShape& stored : *shapes_) {
    if (stored.shape->timestamp_slot >= 0)
      wanted[stored.columns[static_cast<size_t>(stored.shape->timestamp_slot)]] = true;
  }
  WHITTLE_RETURN_IF_ERROR(LoadColumns(wanted));
  std::vector<ClockOfShape> clocks;
  for (const StoredShape& stored : *shapes_) clocks.emplace_back(stored, wanted);
  std::vector<TimeColumn> times;
  for (const auto& column : columns_) times.emplace_back(column == nullptr ? nullptr : &column->values);
  std::vector<size_t> next(columns_.size());
  size_t records = 0;
  uint64_t previous = 0;  // sums wrap: a damaged stream gives a wrong time, nothing worse
  for (size_t row = 0; row < row_count(); ++row) {
    const ClockOfShape& clock = clocks[rows_.row_shape[row]];
    if (IsRecordStart(row) && time_[records++] != kNoTime) {
      int64_t& time = time_[records - 1];
      const int64_t said = clock.column < 0 ? kNoTime
                                            : times[static_cast<size_t>(clock.column)].At(
                                                  clock.layout, next[static_cast<size_t>(clock.column)] + clock.offset);
      previous = (said == kNoTime ? previous : static_cast<uint64_t>(said)) + static_cast<uint64_t>(time);
      time = static_cast<int64_t>(previous);
    }
    for (const auto& [column, count] : clock.advance) next[column] += count;
  }
  return Status::Ok();
}

void SegmentRows::PlanSlots() {
  loaded_slots_.assign(shapes_->size(), {});
  for (size_t s = 0; s < shapes_->size(); ++s) {
    const std::vector<uint32_t>& columns = (*shapes_)[s].columns;
    for (uint32_t slot = 0; slot < columns.size(); ++slot) {
      if (columns_[columns[slot]] != nullptr) loaded_slots_[s].push_back({slot, columns[slot]});
    }
  }
}

void SegmentRows::Restore(const Mark& mark) {
  row_ = mark.row;
  record_ = mark.record;
  next_value_ = mark.next_value;
}

void SegmentRows::SkipRow() {
  if (IsRecordStart(row_)) record_ = record_ ? *record_ + 1 : 0;
  for (const LoadedSlot& slot : loaded_slots_[rows_.row_shape[row_]]) ++next_value_[slot.column];
  ++row_;
}

void SegmentRows::Seek(size_t row) {
  if (row < row_) Restore(Mark{0, std::nullopt, std::vector<uint32_t>(columns_.size(), 0)});
  while (row_ < row && row_ < row_count()) SkipRow();
}

void SegmentRows::ReadRecord(size_t end, RecordRows* record) {
  record->first_row = row_;
  record->shapes.clear();
  record->first_slot.clear();
  record->slots.clear();
  do {
    if (IsRecordStart(row_)) record_ = record_ ? *record_ + 1 : 0;
    const uint32_t shape = rows_.row_shape[row_];
    record->shapes.push_back(shape);
    const size_t first = record->slots.size();
    record->first_slot.push_back(first);
    record->slots.resize(first + (*shapes_)[shape].shape->slot_count);
    for (const LoadedSlot& slot : loaded_slots_[shape]) {
      record->slots[first + slot.slot] = columns_[slot.column]->values[next_value_[slot.column]++];
    }
    ++row_;
  } while (row_ < end && !IsRecordStart(row_));
  record->record = record_;
}

std::optional<int64_t> SegmentRows::Time(size_t record) const {
  const int64_t time = At(time_, record, kNoTime);
  if (time == kNoTime) return std::nullopt;
  return time;
}

// One in how many events of this kind was kept, times the rate it arrived with.
double SegmentRows::SampleRate(size_t record) const {
  const auto threshold = Threshold(record);
  const double rate = threshold < kCoinSides ? RateOf(threshold) : 1.0;
  return SharesCoin(record) ? std::max(rate, IncomingRate(record)) : rate * IncomingRate(record);
}

double SegmentRows::IncomingRate(size_t record) const {
  if (incoming_rate_.empty()) return 1;
  const double rate = std::fabs(std::bit_cast<double>(incoming_rate_[record]));
  return std::isfinite(rate) && rate >= 1 ? rate : 1;
}

bool SegmentRows::SharesCoin(size_t record) const {
  return !incoming_rate_.empty() && std::signbit(std::bit_cast<double>(incoming_rate_[record]));
}

std::string SegmentRows::TraceId(size_t record) const {
  return ToHex(
      Hash128{static_cast<uint64_t>(At(trace_high_, record, 0)), static_cast<uint64_t>(At(trace_low_, record, 0))});
}

std::string SegmentRows::SpanId(size_t record) const {
  const int64_t span = At(span_, record, 0);
  return span == 0 ? std::string() : ToHex(static_cast<uint64_t>(span));
}

std::string SegmentRows::ParentSpanId(size_t record) const {
  const int64_t span = At(parent_span_, record, 0);
  return span == 0 ? std::string() : ToHex(static_cast<uint64_t>(span));
}

uint64_t SegmentRows::RowBytes(size_t row, uint32_t shape, const std::string_view* slots) const {
  uint64_t bytes = fixed_bytes_[shape] + LineEndOf(row).size();
  for (size_t k = 0; k < (*shapes_)[shape].shape->slot_count; ++k) bytes += slots[k].size();
  return bytes;
}

void SegmentRows::AppendRow(size_t row, uint32_t shape, const std::string_view* slots, std::string* out) const {
  const Shape& s = *(*shapes_)[shape].shape;
  RenderPieces(s, PieceRange{0, static_cast<uint16_t>(s.pieces.size())}, slots, out);
  out->append(LineEndOf(row));
}

}  // namespace whittle
