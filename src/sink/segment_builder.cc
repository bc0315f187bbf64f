#include "sink/segment_builder.h"

#include <algorithm>
#include <map>

#include "base/hash.h"
#include "base/varint.h"
#include "event/shape_stats.h"
#include "format/footer.h"
#include "format/raw_cursor.h"
#include "format/segment_reader.h"
#include "scan/shape_builder.h"

namespace whittle {
namespace {

constexpr uint32_t kNotAdmitted = UINT32_MAX;

class BorrowedSource : public ByteSource {
 public:
  explicit BorrowedSource(std::string_view bytes) : bytes_(bytes) {}
  uint64_t size() const override { return bytes_.size(); }
  Result<std::string> Read(uint64_t offset, uint64_t size) const override {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      return Status(StatusCode::kCorrupt, "read past the end of the segment");
    }
    return std::string(bytes_.substr(offset, size));
  }

 private:
  std::string_view bytes_;
};

// The same source under another name or with other attributes is listed again: its events differ.
bool Same(const SegmentSource& a, const SegmentSource& b) {
  return a.id == b.id && a.name == b.name &&
         std::equal(a.attributes.begin(), a.attributes.end(), b.attributes.begin(), b.attributes.end(),
                    [](const Attribute& x, const Attribute& y) {
                      return x.name == y.name && x.value.type == y.value.type && x.value.text == y.value.text;
                    });
}

uint32_t Resolve(const FoldEdge& edge, const Row& row, const Span* slots) {
  if (edge.slot < 0) return row.begin + edge.delta;
  const Span& before = slots[edge.slot];
  return before.begin + before.size + edge.delta;
}

std::string_view SlotText(const FoldedSlot& slot, const EventBatch& batch, const Row& row) {
  const Span* slots = batch.slots.data() + row.first_slot;
  if (slot.direct >= 0) return batch.Text(slots[slot.direct]);
  const uint32_t begin = Resolve(slot.begin, row, slots);
  return batch.Text({begin, Resolve(slot.end, row, slots) - begin});
}

}  // namespace

uint32_t SegmentBuilder::UseIndex(const std::shared_ptr<const Shape>& shape) {
  const auto [at, added] = use_index_.try_emplace(shape->id, static_cast<uint32_t>(uses_.size()));
  if (added) uses_.push_back({shape, {}});
  return at->second;
}

void SegmentBuilder::Add(EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source) {
  if (batch.rows.empty() && batch.last_gap.bytes == 0) return;
  if (uses_.empty()) UseIndex(RawShape());
  Part part;
  part.shape_of.reserve(batch.shapes.size());
  for (const auto& shape : batch.shapes) part.shape_of.push_back(UseIndex(shape));
  part.times = std::move(times);

  uint64_t text_bytes = 0;
  for (const Row& row : batch.rows) text_bytes += row.size + TerminatorSize(row.end);
  has_scrubbed_ = has_scrubbed_ || !batch.scrubbed.empty();
  has_gaps_ = has_gaps_ || !batch.source_sizes.empty() || !batch.gaps.empty() || batch.last_gap.bytes != 0;
  const bool continues =
      !runs_.empty() && Same(sources_[runs_.back().source], source) && runs_.back().end_offset == batch.first_offset;
  if (!continues) {
    auto known =
        std::find_if(sources_.begin(), sources_.end(), [&](const SegmentSource& s) { return Same(s, source); });
    if (known == sources_.end()) known = sources_.insert(sources_.end(), source);
    SourceRun run;
    run.source = static_cast<uint32_t>(known - sources_.begin());
    run.first_offset = run.end_offset = batch.first_offset;
    run.first_line = batch.first_line;
    runs_.push_back(run);
    run_records_.push_back(0);
  }
  SourceRun& run = runs_.back();
  run.end_offset += batch.SourceBytes();
  run.line_count += batch.SourceLines();
  run.row_count += batch.rows.size();
  run_records_.back() += part.times.size();
  raw_bytes_ += text_bytes;
  rows_ += batch.rows.size();
  part.batch = std::move(batch);
  parts_.push_back(std::move(part));
}

void SegmentBuilder::AdmitShapes() {
  if (uses_.size() <= options_.max_shapes) return;
  std::vector<uint64_t> hashes;
  for (size_t i = 1; i < uses_.size(); ++i) hashes.push_back(uses_[i].shape->id.low);
  std::nth_element(hashes.begin(), hashes.begin() + static_cast<ptrdiff_t>(options_.max_shapes - 1), hashes.end());
  const uint64_t limit = hashes[options_.max_shapes - 1];
  std::vector<uint32_t> new_index(uses_.size(), kNotAdmitted);
  std::vector<ShapeUse> admitted;
  for (size_t i = 0; i < uses_.size(); ++i) {
    if (i > 0 && uses_[i].shape->id.low >= limit) continue;  // the raw shape stays
    new_index[i] = static_cast<uint32_t>(admitted.size());
    admitted.push_back(std::move(uses_[i]));
  }
  uses_ = std::move(admitted);
  for (Part& part : parts_) {
    for (uint32_t& index : part.shape_of) index = index == kNotAdmitted ? kNotAdmitted : new_index[index];
  }
}

void SegmentBuilder::FindSingleValues() {
  std::vector<bool> seen(uses_.size());
  std::vector<uint32_t> candidates(uses_.size());  // slots that had one value so far
  for (const Part& part : parts_) {
    for (const Row& row : part.batch.rows) {
      const uint32_t index = part.shape_of[row.shape];
      if (index == kNotAdmitted) continue;
      ShapeUse& use = uses_[index];
      const Span* slots = part.batch.slots.data() + row.first_slot;
      if (!seen[index]) {
        seen[index] = true;
        use.single_values.resize(use.shape->slot_count);
        candidates[index] = use.shape->slot_count;
        for (size_t k = 0; k < use.single_values.size(); ++k) use.single_values[k] = part.batch.Text(slots[k]);
        continue;
      }
      for (size_t k = 0; candidates[index] > 0 && k < use.single_values.size(); ++k) {
        std::string_view& value = use.single_values[k];
        if (value.data() != nullptr && value != part.batch.Text(slots[k])) {
          value = {};
          --candidates[index];
        }
      }
    }
  }
  for (size_t i = 0; i < uses_.size(); ++i) uses_[i].single_values.resize(uses_[i].shape->slot_count);
  uses_[0].single_values.assign(1, {});  // the raw lane's one slot is never a constant
}

FoldResult SegmentBuilder::Fold(Consolidator* consolidator) {
  std::vector<std::shared_ptr<const Shape>> fixed;
  std::vector<uint32_t> handles;
  for (const ShapeUse& use : uses_) {
    fixed.push_back(FixSingleValues(use));
    handles.push_back(consolidator->Add(fixed.back()));
  }
  const std::shared_ptr<const Consolidation> consolidation = consolidator->Result();
  std::vector<TemplateBinding> bindings;
  for (const uint32_t handle : handles) bindings.push_back(consolidation->bindings[handle]);
  return FoldShapes(uses_, fixed, consolidation->templates, bindings);
}

void SegmentBuilder::FillRows(const FoldResult& fold, SegmentInput* input) {
  input->shapes = fold.shapes;
  input->columns = fold.columns;
  input->row_shape.reserve(rows_);
  input->row_flags.reserve(rows_);
  const FoldPlan& raw_plan = fold.plans[0];
  const uint32_t raw_column = input->shapes[raw_plan.stored_shape].columns[0];
  size_t row_index = 0;
  for (const Part& part : parts_) {
    for (const Row& row : part.batch.rows) {
      const uint32_t use = part.shape_of[row.shape];
      const bool raw = use == kNotAdmitted || (!force_raw_.empty() && force_raw_[row_index]);
      ++row_index;
      input->row_flags.push_back(
          static_cast<uint8_t>((row.flags & Row::kRecordStart) | static_cast<uint8_t>(row.end) << 1));
      if (raw) {
        input->row_shape.push_back(raw_plan.stored_shape);
        input->columns[raw_column].values.push_back(part.batch.Text({row.begin, row.size}));
        continue;
      }
      const FoldPlan& plan = fold.plans[use];
      const std::vector<uint32_t>& columns = input->shapes[plan.stored_shape].columns;
      input->row_shape.push_back(plan.stored_shape);
      for (size_t k = 0; k < plan.slots.size(); ++k) {
        input->columns[columns[k]].values.push_back(SlotText(plan.slots[k], part.batch, row));
      }
    }
  }
}

void SegmentBuilder::FillTimes(SegmentInput* input, BuiltSegment* built) {
  IntStream residual{StreamId::kTimeResidual, {}};
  IntStream quality{StreamId::kTimeQuality, {}};
  int64_t previous = 0;
  size_t row_index = 0;
  for (const Part& part : parts_) {
    size_t record = 0;
    for (const Row& row : part.batch.rows) {
      const uint32_t use = part.shape_of[row.shape];
      const bool raw = use == kNotAdmitted || (!force_raw_.empty() && force_raw_[row_index]);
      ++row_index;
      if ((row.flags & Row::kRecordStart) == 0) continue;
      const RecordTime time = part.times[record++];
      quality.values.push_back(time.quality);
      built->guessed_times += time.quality != 0 ? 1 : 0;
      if (time.time_ns == kNoTime) {
        residual.values.push_back(kNoTime);
        continue;
      }
      const bool dated = (row.flags & (Row::kHasTime | Row::kTimeOfDay)) == Row::kHasTime;
      const int64_t base = !raw && dated ? row.local_time_ns : previous;
      residual.values.push_back(time.time_ns - base);
      previous = time.time_ns;
      if (built->min_time_ns == kNoTime || time.time_ns < built->min_time_ns) built->min_time_ns = time.time_ns;
      if (built->max_time_ns == kNoTime || time.time_ns > built->max_time_ns) built->max_time_ns = time.time_ns;
    }
  }
  built->records = residual.values.size();
  input->streams.push_back(std::move(residual));
  input->streams.push_back(std::move(quality));
}

Section SegmentBuilder::ContentHash() const {
  StreamHash128 hash;
  for (const Part& part : parts_) {
    // Rows that lie side by side in the text are hashed as one.
    const std::vector<Row>& rows = part.batch.rows;
    for (size_t i = 0; i < rows.size();) {
      const uint32_t begin = rows[i].begin;
      uint32_t end = begin;
      for (; i < rows.size() && rows[i].begin == end; ++i) end += rows[i].size + TerminatorSize(rows[i].end);
      hash.Update(part.batch.Text({begin, end - begin}));
    }
  }
  Section section{static_cast<uint16_t>(SectionId::kContentHash), false, {}};
  ByteWriter out(&section.bytes);
  out.U64(hash.Digest().low);
  out.U64(hash.Digest().high);
  return section;
}

// What stands before a row in its source and in no row: lines left out, and by how much the scrubbed row before differs
// from its source.
void SegmentBuilder::FillGaps(SegmentInput* input) const {
  IntStream bytes{StreamId::kGapBytes, {}};
  IntStream lines{StreamId::kGapLines, {}};
  bytes.values.reserve(rows_);
  lines.values.reserve(rows_);
  RowGap owed;
  uint64_t expected_offset = UINT64_MAX;
  uint32_t source = UINT32_MAX;
  for (const Part& part : parts_) {
    const EventBatch& batch = part.batch;
    if (batch.source != source || batch.first_offset != expected_offset) owed = {};  // another run
    for (size_t i = 0; i < batch.rows.size(); ++i) {
      const RowGap gap = batch.gaps.empty() ? RowGap() : batch.gaps[i];
      bytes.values.push_back(static_cast<int64_t>(owed.bytes + gap.bytes));
      lines.values.push_back(static_cast<int64_t>(owed.lines + gap.lines));
      const Row& row = batch.rows[i];
      owed = {batch.SourceSize(i) - (row.size + TerminatorSize(row.end)), 0};  // wraps below zero, and back when added
    }
    owed.bytes += batch.last_gap.bytes;
    owed.lines += batch.last_gap.lines;
    source = batch.source;
    expected_offset = batch.first_offset + batch.SourceBytes();
  }
  input->streams.push_back(std::move(bytes));
  input->streams.push_back(std::move(lines));
}

// Records of batches that do not have a stream have its default.
void SegmentBuilder::FillStreams(SegmentInput* input) const {
  std::map<uint16_t, std::vector<int64_t>> streams;
  size_t records = 0;
  for (const Part& part : parts_) {
    for (const RecordStream& stream : part.batch.streams) {
      std::vector<int64_t>& values = streams[stream.id];
      values.resize(records, DefaultOf(static_cast<StreamId>(stream.id)));
      values.insert(values.end(), stream.values.begin(), stream.values.end());
    }
    records += part.times.size();
  }
  for (auto& [id, values] : streams) {
    values.resize(records, DefaultOf(static_cast<StreamId>(id)));
    input->streams.push_back({static_cast<StreamId>(id), std::move(values)});
  }
}

// Per mark, as varints: rows since the mark before, first byte in the row, length, kind.
Section SegmentBuilder::ScrubMarks() const {
  Section section{static_cast<uint16_t>(SectionId::kScrubMarks), false, {}};
  ByteWriter out(&section.bytes);
  uint64_t first_row = 0;
  uint64_t last_row = 0;
  for (const Part& part : parts_) {
    for (const ScrubbedSpan& span : part.batch.scrubbed) {
      out.Varint(first_row + span.row - last_row);
      out.Varint(span.begin);
      out.Varint(span.end - span.begin);
      out.Varint(span.kind);
      last_row = first_row + span.row;
    }
    first_row += part.batch.rows.size();
  }
  return section;
}

Section SegmentBuilder::CountShapes(const SegmentInput& input) const {
  std::vector<ShapeStats> stats(input.shapes.size());
  size_t row_index = 0;
  for (const Part& part : parts_) {
    size_t record = 0;
    ShapeStats* head = nullptr;
    for (const Row& row : part.batch.rows) {
      const uint32_t shape = input.row_shape[row_index++];
      if ((row.flags & Row::kRecordStart) != 0) {
        head = &stats[shape];
        ++head->records;
        const int64_t time_ns = part.times[record++].time_ns;
        if (time_ns != kNoTime) head->AddTime(time_ns);
      }
      if (head == nullptr) head = &stats[shape];
      head->bytes += row.size + TerminatorSize(row.end);
    }
  }
  return {kShapeStatsSection, false, EncodeShapeStats(stats)};
}

Result<BuiltSegment> SegmentBuilder::Encode(const MakeSections& make_sections, const FoldResult& fold) {
  SegmentInput input;
  BuiltSegment built;
  FillRows(fold, &input);
  FillTimes(&input, &built);
  built.rows = rows_;
  built.raw_bytes = raw_bytes_;
  built.sources = sources_;
  built.runs = runs_;
  built.run_records = run_records_;
  built.raw_lane_rows =
      static_cast<uint64_t>(std::count_if(input.row_shape.begin(), input.row_shape.end(), [&](uint32_t shape) {
        return input.shapes[shape].shape->body_format == "raw";
      }));
  input.min_time_ns = built.min_time_ns;
  input.max_time_ns = built.max_time_ns;
  input.sources = sources_;
  input.runs = runs_;
  input.sections = make_sections(built);
  input.sections.push_back(ContentHash());
  input.sections.push_back(CountShapes(input));
  if (has_gaps_) FillGaps(&input);
  FillStreams(&input);
  if (has_scrubbed_) input.sections.push_back(ScrubMarks());
  WHITTLE_ASSIGN_OR_RETURN(built.bytes, EncodeSegment(input, options_.encode));
  return built;
}

Result<size_t> SegmentBuilder::FirstRowThatDiffers(const std::string& bytes) const {
  // The source borrows the bytes for the length of this function.
  WHITTLE_ASSIGN_OR_RETURN(const auto reader, SegmentReader::Open(std::make_shared<BorrowedSource>(bytes)));
  WHITTLE_ASSIGN_OR_RETURN(RawCursor cursor, RawCursor::Open(*reader));
  size_t row_index = 0;
  std::string rendered;
  for (const Part& part : parts_) {
    for (const Row& row : part.batch.rows) {
      const std::string_view expected(part.batch.text->data() + row.begin, row.size + TerminatorSize(row.end));
      if (cursor.done()) return row_index;
      rendered.clear();
      cursor.AppendRow(&rendered);
      if (rendered != expected) return row_index;
      ++row_index;
    }
  }
  return rows_;
}

Result<BuiltSegment> SegmentBuilder::Close(const MakeSections& make_sections, Consolidator* consolidator) {
  if (uses_.empty()) UseIndex(RawShape());  // a segment without rows
  AdmitShapes();
  FindSingleValues();
  const FoldResult fold = Fold(consolidator);
  // The proof: what does not render back to its source goes to the raw lane. One such row is our bug, so a few rounds
  // are enough; after them everything goes there.
  constexpr int kRounds = 4;
  for (int round = 0; round <= kRounds; ++round) {
    WHITTLE_ASSIGN_OR_RETURN(BuiltSegment built, Encode(make_sections, fold));
    WHITTLE_ASSIGN_OR_RETURN(const size_t different, FirstRowThatDiffers(built.bytes));
    if (different == rows_) return built;
    force_raw_.resize(rows_, false);
    if (round + 1 < kRounds) {
      force_raw_[different] = true;
    } else {
      force_raw_.assign(rows_, true);
    }
  }
  return Status(StatusCode::kCorrupt, "a segment does not read back as it was written, even kept as plain lines");
}

}  // namespace whittle
