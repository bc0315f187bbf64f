#include "pipeline/segment_unpacker.h"

#include <algorithm>
#include <unordered_map>

#include "base/hash.h"
#include "base/varint.h"
#include "format/footer.h"
#include "query/template_set.h"
#include "sample/coin.h"
#include "scan/shape_builder.h"
#include "scan/time_layout.h"

namespace whittle {
namespace {

// A batch is handed on when it holds this much: some thousand lines.
constexpr size_t kBatchBytes = size_t{1} << 20;

Status Corrupt(const char* what) { return Status(StatusCode::kCorrupt, std::string("segment: ") + what); }

bool IsRaw(const Shape& shape) { return shape.body_format == "raw"; }

// Sections that are made anew with every segment, or that this file carries over.
bool IsKnown(uint16_t section) {
  switch (static_cast<SectionId>(section)) {
    case SectionId::kStrata:
    case SectionId::kCounters:
    case SectionId::kMetrics:
    case SectionId::kKafka:
    case SectionId::kScrubMarks:
    case SectionId::kFilters:
    case SectionId::kCatalogEntry:
    case SectionId::kContentHash:
    case SectionId::kShapeStats:
    case SectionId::kFoldedBodies:
    case SectionId::kSamplerState:  // of use where the next segment is written, and that is not here
      return true;
    default:
      return false;
  }
}

// Streams that are worked out from the batches.
bool IsDerived(StreamId id) {
  return id == StreamId::kTimeResidual || id == StreamId::kTimeQuality || id == StreamId::kGapBytes ||
         id == StreamId::kGapLines;
}

// What stands in the time stamp slot, read as ingest read it.
void ReadTime(const Shape& shape, std::string_view text, Row* row) {
  TimeLayoutId layout = 0;
  for (const Piece& piece : shape.pieces) {
    if (piece.kind == Piece::Kind::kSlot && piece.slot == static_cast<uint32_t>(shape.timestamp_slot))
      layout = piece.time_layout;
  }
  ParsedTime parsed;
  if (!ParseTime(layout, text, &parsed)) return;
  row->local_time_ns = parsed.nanos;
  row->flags |= Row::kHasTime;
  if (!parsed.has_date) row->flags |= Row::kTimeOfDay;
  if (parsed.has_year) row->flags |= Row::kHasYear;
  if (parsed.has_zone) row->flags |= Row::kHasZone;
}

}  // namespace

Result<std::unique_ptr<SegmentUnpacker>> SegmentUnpacker::Open(std::unique_ptr<SegmentReader> reader,
                                                               SegmentEdit edit) {
  for (const SectionInfo& section : reader->footer().sections) {
    if (IsKnown(section.id)) continue;
    return Status(StatusCode::kUnsupported,
                  "segment: has a section " + std::to_string(section.id) + " that cannot be carried over");
  }
  std::unique_ptr<SegmentUnpacker> unpacker(new SegmentUnpacker());
  WHITTLE_ASSIGN_OR_RETURN(unpacker->rows_, SegmentRows::Load(std::move(reader)));
  unpacker->edit_ = std::move(edit);
  WHITTLE_RETURN_IF_ERROR(unpacker->LoadMarks());
  WHITTLE_RETURN_IF_ERROR(unpacker->LoadStreams());
  WHITTLE_RETURN_IF_ERROR(unpacker->rows_->LoadMessages());
  WHITTLE_ASSIGN_OR_RETURN(unpacker->folded_, LoadFoldedBodies(unpacker->rows_->reader()));
  return unpacker;
}

Status SegmentUnpacker::LoadMarks() {
  const auto section = rows_->reader().LoadSection(static_cast<uint16_t>(SectionId::kScrubMarks));
  if (!section.ok()) return section.status().code() == StatusCode::kNotFound ? Status::Ok() : section.status();
  ByteReader in(*section);
  uint64_t row = 0;
  while (in.remaining() > 0) {
    Mark mark;
    mark.row = row += in.Varint();
    const uint64_t begin = in.Varint();
    const uint64_t size = in.Varint();
    const uint64_t kind = in.Varint();
    if (!in.ok() || row >= rows_->row_count() || begin > UINT32_MAX || size > UINT32_MAX - begin || kind > UINT8_MAX)
      return Corrupt("scrub marks");
    mark.span.begin = static_cast<uint32_t>(begin);
    mark.span.end = static_cast<uint32_t>(begin + size);
    mark.span.kind = static_cast<uint8_t>(kind);
    marks_.push_back(mark);
  }
  return Status::Ok();
}

Status SegmentUnpacker::LoadStreams() {
  const size_t records = rows_->record_count();
  if (!edit_.fates.empty() && edit_.fates.size() != records) return Corrupt("not one fate per record");
  WHITTLE_ASSIGN_OR_RETURN(const std::vector<StreamId> ids, rows_->reader().Streams());
  streams_ = edit_.streams;
  for (const StreamId id : ids) {
    if (IsDerived(id)) continue;
    if (std::any_of(streams_.begin(), streams_.end(),
                    [&](const RecordStream& s) { return s.id == static_cast<uint16_t>(id); }))
      continue;
    RecordStream stream{static_cast<uint16_t>(id), {}};
    WHITTLE_ASSIGN_OR_RETURN(stream.values, rows_->reader().LoadStream(id));
    streams_.push_back(std::move(stream));
  }
  for (const RecordStream& stream : streams_) {
    if (stream.values.size() != records) return Corrupt("a stream does not have one value per record");
  }
  return Status::Ok();
}

RecordFate SegmentUnpacker::FateOf(const RecordRows& record) const {
  if (!rows_->IsRecordStart(record.first_row)) return edit_.leading_lines;
  return edit_.fates.empty() ? RecordFate::kKept : edit_.fates[*record.record];
}

bool SegmentUnpacker::PassesCut(const RecordRows& record) {
  if (next_cut_ == edit_.cuts.size() || !rows_->is_kafka() || !record.record) return false;
  const size_t before = next_cut_;
  const int64_t offset = rows_->KafkaOffset(*record.record);
  while (next_cut_ < edit_.cuts.size() && edit_.cuts[next_cut_] <= offset) ++next_cut_;
  return next_cut_ != before;
}

// One run: a stretch of one source. Knows where in the source it stands, and collects the batch under way.
class SegmentUnpacker::RunUnpacker {
 public:
  RunUnpacker(SegmentUnpacker* owner, const SourceRun& run, uint64_t first_row, StreamHash128* hash, const Take& take)
      : owner_(*owner),
        rows_(*owner->rows_),
        run_(run),
        end_row_(first_row + run.row_count),
        source_(owner->footer().sources[run.source]),
        hash_(*hash),
        take_(take),
        offset_(run.first_offset),
        line_(run.first_line) {
    Begin();
    next_mark_ = std::lower_bound(owner_.marks_.begin(), owner_.marks_.end(), first_row,
                                  [](const Mark& mark, uint64_t row) { return mark.row < row; });
  }

  Status Unpack() {
    RecordRows record;
    while (rows_.position() < end_row_) {
      rows_.ReadRecord(end_row_, &record);
      if (owner_.PassesCut(record) && !batch_.rows.empty()) Hand();
      const RecordFate fate = owner_.FateOf(record);
      const bool starts = rows_.IsRecordStart(record.first_row);
      if (fate == RecordFate::kKept && starts) {
        AddRecord(*record.record);
        if (rows_.is_kafka()) owner_.kept_offsets_.push_back(rows_.KafkaOffset(*record.record));
      }
      Tally lost;
      for (size_t i = 0; i < record.shapes.size(); ++i) {
        WHITTLE_RETURN_IF_ERROR(AddRow(record, i, fate == RecordFate::kKept, &lost));
      }
      lost.records = starts ? 1 : 0;
      if (fate != RecordFate::kKept) {
        if (fate != RecordFate::kSampledOut) {
          for (const uint32_t shape : record.shapes) owner_.folded_.Remove(rows_.shapes()[shape].shape->id);
        }
        LeaveOut(fate, lost);
        lost.records = 1;
        owner_.CountLeftOut(*record.record, fate, source_, lost);
      }
      if (text_->size() >= kBatchBytes) Hand();
    }
    return Finish();
  }

 private:
  void Begin() {
    batch_ = EventBatch();
    batch_.source = run_.source;
    batch_.first_offset = offset_;
    batch_.first_line = line_;
    text_ = std::make_shared<std::string>();
    times_.clear();
    shape_in_batch_.clear();
    raw_in_batch_ = UINT32_MAX;
    for (const RecordStream& stream : owner_.streams_) batch_.streams.push_back({stream.id, {}});
  }

  // Rows of the batch so far cover the source up to offset_ and line_.
  void Hand() {
    batch_.text = std::move(text_);
    batch_.last_gap = gap_;
    gap_ = {};
    const bool gaps = std::any_of(batch_.gaps.begin(), batch_.gaps.end(),
                                  [](const RowGap& gap) { return gap.bytes != 0 || gap.lines != 0; });
    if (!gaps) batch_.gaps.clear();
    const bool scrubbed = std::any_of(source_differs_.begin(), source_differs_.end(), [](bool b) { return b; });
    if (!scrubbed) batch_.source_sizes.clear();
    source_differs_.clear();
    take_(std::move(batch_), std::move(times_), source_);
    Begin();
  }

  Status Finish() {
    if (offset_ > run_.end_offset || line_ > run_.first_line + run_.line_count) return Corrupt("rows and runs differ");
    gap_.bytes += run_.end_offset - offset_;
    gap_.lines += run_.first_line + run_.line_count - line_;
    offset_ = run_.end_offset;
    line_ = run_.first_line + run_.line_count;
    if (!batch_.rows.empty() || gap_.bytes != 0 || gap_.lines != 0) Hand();
    return Status::Ok();
  }

  void AddRecord(size_t record) {
    RecordTime time;
    if (const auto known = rows_.Time(record)) time.time_ns = *known;
    time.quality = rows_.TimeQuality(record);
    times_.push_back(time);
    for (size_t s = 0; s < owner_.streams_.size(); ++s)
      batch_.streams[s].values.push_back(owner_.streams_[s].values[record]);
  }

  // What of the source follows the row and is in no row. Bytes without a line are the row's own: it was scrubbed.
  RowGap GapAfter(uint64_t row, uint64_t rendered) const {
    if (row + 1 < end_row_) return {rows_.GapBytes(row + 1), rows_.GapLines(row + 1)};
    return {run_.end_offset - (offset_ + rendered), run_.first_line + run_.line_count - (line_ + 1)};
  }

  Status AddRow(const RecordRows& record, size_t index, bool kept, Tally* lost) {
    const uint64_t row_number = record.first_row + index;
    // The bytes that a scrubbed row before lacks stand in its own size already.
    if (rows_.GapLines(row_number) != 0 || first_) {
      gap_.bytes += rows_.GapBytes(row_number);
      gap_.lines += rows_.GapLines(row_number);
      offset_ += rows_.GapBytes(row_number);
      line_ += rows_.GapLines(row_number);
    }
    first_ = false;
    const std::string_view* slots = record.Slots(index);
    const uint64_t rendered = rows_.RowBytes(row_number, record.shapes[index], slots);
    const RowGap after = GapAfter(row_number, rendered);
    const uint64_t source_size = rendered + (after.lines == 0 ? after.bytes : 0);
    const size_t begin = text_->size();
    rows_.AppendRow(row_number, record.shapes[index], slots, text_.get());
    const std::string_view line(text_->data() + begin, text_->size() - begin);
    hash_.Update(line);
    if (line.size() != rendered) return Corrupt("rows and columns differ");
    offset_ += source_size;
    ++line_;
    if (kept) {
      if (text_->size() > UINT32_MAX || source_size > UINT32_MAX) return Corrupt("a line is too long");
      KeepRow(record, index, begin, source_size, row_number);
      if (source_size != rendered) source_differs_.back() = true;
    } else {
      text_->resize(begin);
      gap_.bytes += source_size;
      ++gap_.lines;
      ++lost->lines;
      lost->bytes += source_size;
      while (next_mark_ != owner_.marks_.end() && next_mark_->row == row_number) ++next_mark_;
    }
    return Status::Ok();
  }

  void KeepRow(const RecordRows& record, size_t index, size_t begin, uint64_t source_size, uint64_t row_number) {
    const StoredShape& stored = rows_.shapes()[record.shapes[index]];
    const std::string_view* slots = record.Slots(index);
    const std::string_view line_end = rows_.LineEndOf(row_number);
    Row row;
    row.begin = static_cast<uint32_t>(begin);
    row.size = static_cast<uint32_t>(text_->size() - begin - line_end.size());
    row.end = static_cast<LineEnd>(line_end.size());
    row.first_slot = static_cast<uint32_t>(batch_.slots.size());
    if (rows_.IsRecordStart(row_number)) row.flags |= Row::kRecordStart;
    if (IsRaw(*stored.shape)) {
      row.shape = raw_in_batch_;
      if (raw_in_batch_ == UINT32_MAX) {
        row.shape = raw_in_batch_ = static_cast<uint32_t>(batch_.shapes.size());
        batch_.shapes.push_back(RawShape());
      }
      batch_.slots.push_back({row.begin, row.size});
    } else {
      const auto [at, added] =
          shape_in_batch_.try_emplace(record.shapes[index], static_cast<uint32_t>(batch_.shapes.size()));
      if (added) batch_.shapes.push_back(stored.shape);
      row.shape = at->second;
      if (stored.shape->timestamp_slot >= 0)
        ReadTime(*stored.shape, slots[static_cast<size_t>(stored.shape->timestamp_slot)], &row);
      auto at_byte = static_cast<uint32_t>(begin);
      for (const Piece& piece : stored.shape->pieces) {
        const std::string_view text = piece.kind == Piece::Kind::kSlot ? slots[piece.slot] : piece.text;
        if (piece.kind == Piece::Kind::kSlot) batch_.slots.push_back({at_byte, static_cast<uint32_t>(text.size())});
        at_byte += static_cast<uint32_t>(text.size());
      }
    }
    for (; next_mark_ != owner_.marks_.end() && next_mark_->row == row_number; ++next_mark_) {
      batch_.scrubbed.push_back(next_mark_->span);
      batch_.scrubbed.back().row = static_cast<uint32_t>(batch_.rows.size());
    }
    batch_.rows.push_back(row);
    batch_.gaps.push_back(gap_);
    gap_ = {};
    batch_.source_sizes.push_back(static_cast<uint32_t>(source_size));
    source_differs_.push_back(false);
  }

  void LeaveOut(RecordFate fate, const Tally& lost) {
    LeftOut& out = owner_.left_out_[source_.id];
    switch (fate) {
      case RecordFate::kSampledOut:
        out.sampled_out += lost;
        break;
      case RecordFate::kDroppedByRule:
        out.dropped_by_rule += lost;
        break;
      default:
        out.expired += lost;
        break;
    }
  }

  SegmentUnpacker& owner_;
  SegmentRows& rows_;
  const SourceRun& run_;
  const uint64_t end_row_;
  const SegmentSource& source_;
  StreamHash128& hash_;
  const Take& take_;
  uint64_t offset_, line_;  // of the next row
  bool first_ = true;       // nothing of the run was read yet
  RowGap gap_;              // left out since the last row of the batch
  EventBatch batch_;
  std::shared_ptr<std::string> text_;
  std::vector<RecordTime> times_;
  std::vector<bool> source_differs_;
  std::unordered_map<uint32_t, uint32_t> shape_in_batch_;
  uint32_t raw_in_batch_ = UINT32_MAX;
  std::vector<Mark>::const_iterator next_mark_;
};

std::optional<MessageTable> SegmentUnpacker::messages() const {
  if (rows_->messages() == nullptr) return std::nullopt;
  MessageTable kept = *rows_->messages();
  std::erase_if(kept.messages, [&](const Message& message) {
    return !std::binary_search(kept_offsets_.begin(), kept_offsets_.end(), message.offset);
  });
  return kept;
}

void SegmentUnpacker::CountLeftOut(size_t record, RecordFate fate, const SegmentSource& source, const Tally& lost) {
  if (!ledger_) return;
  SegmentLedger::Entry entry;
  entry.source_id = source.id;
  entry.time_ns = rows_->Time(record).value_or(kNoTime);
  entry.stratum = static_cast<uint32_t>(rows_->Stratum(record));
  entry.incoming = rows_->IncomingRate(record);
  entry.probability = ProbabilityOf(rows_->Threshold(record));
  // The ledger knows the probability of what came to be kept.
  if (rows_->SharesCoin(record)) entry.probability = std::min(1.0, entry.probability * entry.incoming);
  ledger_->LeaveOut(entry, {lost.records, lost.lines, lost.bytes}, fate == RecordFate::kExpired,
                    fate == RecordFate::kDroppedByRule);
}

Status SegmentUnpacker::Unpack(const Take& take) {
  if (rows_->ledger() != nullptr) ledger_ = *rows_->ledger();
  WHITTLE_RETURN_IF_ERROR(rows_->LoadTimes());
  WHITTLE_RETURN_IF_ERROR(rows_->LoadColumns(std::vector<bool>(footer().column_count, true)));
  rows_->Seek(0);
  StreamHash128 hash;
  uint64_t first_row = 0;
  for (const SourceRun& run : footer().runs) {
    if (run.source >= footer().sources.size() || run.row_count > rows_->row_count() - first_row)
      return Corrupt("runs and rows differ");
    WHITTLE_RETURN_IF_ERROR(RunUnpacker(this, run, first_row, &hash, take).Unpack());
    first_row += run.row_count;
  }
  if (first_row != rows_->row_count()) return Corrupt("runs and rows differ");
  WHITTLE_ASSIGN_OR_RETURN(const std::string stored,
                           rows_->reader().LoadSection(static_cast<uint16_t>(SectionId::kContentHash)));
  ByteReader in(stored);
  const uint64_t low = in.U64();
  const uint64_t high = in.U64();
  if (!in.ok() || hash.Digest() != Hash128{high, low}) return Corrupt("its lines are not the lines that were written");
  return Status::Ok();
}

}  // namespace whittle
