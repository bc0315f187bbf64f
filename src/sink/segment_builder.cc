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
#include "sink/refused_ids.h"

namespace whittle {
namespace {

// The same source under another name or with other attributes is listed again: its events differ.
bool Same(const SegmentSource& a, const SegmentSource& b) {
  return a.id == b.id && a.name == b.name &&
         std::equal(a.attributes.begin(), a.attributes.end(), b.attributes.begin(), b.attributes.end(),
                    [](const Attribute& x, const Attribute& y) {
                      return x.name == y.name && x.value.type == y.value.type && x.value.text == y.value.text;
                    });
}

}  // namespace

uint32_t SegmentBuilder::UseIndex(const std::shared_ptr<const Shape>& shape) {
  if (!uses_.empty() && shape->id.low >= shape_limit_ && shape->id != uses_[0].shape->id) return kNotAdmitted;
  const auto [at, added] = use_index_.try_emplace(shape->id, static_cast<uint32_t>(uses_.size()));
  if (added) {
    uses_.push_back({shape, {}});
    shape_bytes_ += ShapeMemory(*shape);
  }
  return at->second;
}

void SegmentBuilder::Add(EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source) {
  if (batch.rows.empty() && batch.last_gap.bytes == 0) return;
  if (uses_.empty()) UseIndex(RawShape());
  refused_ids_ += CountRefusedIds(batch);
  Part part;
  part.shape_of.reserve(batch.shapes.size());
  for (auto& shape : batch.shapes) {
    part.shape_of.push_back(UseIndex(shape));
    if (part.shape_of.back() == kNotAdmitted) shape.reset();
  }
  part.times = std::move(times);

  uint64_t text_bytes = 0;
  uint64_t whole_bytes = 0;
  for (const Row& row : batch.rows) {
    text_bytes += row.size + TerminatorSize(row.end);
    if (part.shape_of[row.shape] == 0 || part.shape_of[row.shape] == kNotAdmitted) whole_bytes += row.size;
  }
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
  weight_ += text_bytes + kWholeLineWeight * whole_bytes;
  part.first_row = rows_;
  rows_ += batch.rows.size();
  part.batch = std::move(batch);
  parts_.push_back(std::move(part));
  if (uses_.size() > 2 * options_.max_shapes || shape_bytes_ > 2 * options_.max_shape_bytes) AdmitShapes();
}

// Keeps the shapes with the smallest hashes that fit the limits. What was turned away can never come back, as more
// shapes only lower the limit: so this may be done at any time, and the outcome depends on the set alone.
void SegmentBuilder::AdmitShapes() {
  std::vector<std::pair<uint64_t, size_t>> by_hash;  // with the memory it takes; the raw shape always stays
  for (size_t i = 1; i < uses_.size(); ++i) by_hash.emplace_back(uses_[i].shape->id.low, ShapeMemory(*uses_[i].shape));
  std::sort(by_hash.begin(), by_hash.end());
  size_t count = 0;
  size_t bytes = 0;
  while (count < by_hash.size() && count + 1 < options_.max_shapes &&
         bytes + by_hash[count].second <= options_.max_shape_bytes)
    bytes += by_hash[count++].second;
  if (count == by_hash.size()) return;
  shape_limit_ = by_hash[count].first;
  shape_bytes_ = bytes;
  std::vector<uint32_t> new_index(uses_.size(), kNotAdmitted);
  std::vector<ShapeUse> admitted;
  use_index_.clear();
  for (size_t i = 0; i < uses_.size(); ++i) {
    if (i > 0 && uses_[i].shape->id.low >= shape_limit_) continue;
    new_index[i] = static_cast<uint32_t>(admitted.size());
    use_index_.emplace(uses_[i].shape->id, new_index[i]);
    admitted.push_back(std::move(uses_[i]));
  }
  uses_ = std::move(admitted);
  for (Part& part : parts_) {
    for (size_t i = 0; i < part.shape_of.size(); ++i) {
      uint32_t& index = part.shape_of[i];
      index = index == kNotAdmitted ? kNotAdmitted : new_index[index];
      if (index == kNotAdmitted) part.batch.shapes[i].reset();  // its memory
    }
  }
}

FoldResult SegmentBuilder::Fold(Consolidator* consolidator) {
  std::vector<std::shared_ptr<const Shape>> fixed(uses_.size());
  ForRanges(uses_.size(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) fixed[i] = FixSingleValues(uses_[i]);
  });
  std::vector<uint32_t> handles;
  for (const auto& shape : fixed) handles.push_back(consolidator->Add(shape));
  const std::shared_ptr<const Consolidation> consolidation = consolidator->Result();
  std::vector<TemplateBinding> bindings;
  for (const uint32_t handle : handles) bindings.push_back(consolidation->bindings[handle]);
  consolidator->Forget();
  return FoldShapes(uses_, fixed, consolidation->templates, bindings);
}

void SegmentBuilder::FillTimes(SegmentInput* input, BuiltSegment* built) {
  IntStream residual{StreamId::kTimeResidual, {}};
  IntStream quality{StreamId::kTimeQuality, {}};
  int64_t previous = 0;
  for (const Part& part : parts_) {
    size_t record = 0;
    size_t row_index = 0;
    for (const Row& row : part.batch.rows) {
      const bool raw = IsRaw(part, row_index++);
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
  built.refused_ids = refused_ids_;
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
