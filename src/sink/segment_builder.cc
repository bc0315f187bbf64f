#include "sink/segment_builder.h"

#include <algorithm>
#include <map>

#include "base/hash.h"
#include "base/varint.h"
#include "format/footer.h"
#include "format/raw_cursor.h"
#include "format/segment_reader.h"
#include "scan/shape_builder.h"
#include "sink/refused_ids.h"
#include "templates/folded_bodies_section.h"

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

uint32_t SegmentBuilder::UseIndex(const std::shared_ptr<const Shape>& shape, uint64_t rows) {
  if (const auto known = use_index_.find(shape->id); known != use_index_.end()) {
    rows_of_use_[known->second] += rows;
    return known->second;
  }
  if (!uses_.empty() && shape->id.low >= (rows > 1 ? repeated_limit_ : single_limit_)) return kNotAdmitted;
  const auto index = static_cast<uint32_t>(uses_.size());
  use_index_.emplace(shape->id, index);
  uses_.push_back({shape, {}});
  rows_of_use_.push_back(rows);
  shape_bytes_ += ShapeMemory(*shape);
  return index;
}

void SegmentBuilder::Add(EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source) {
  if (batch.rows.empty() && batch.last_gap.bytes == 0 && batch.last_gap.lines == 0) return;
  if (uses_.empty()) UseIndex(RawShape(), 0);
  refused_ids_ += CountRefusedIds(batch);
  Part part;
  std::vector<uint64_t> rows_of(batch.shapes.size());
  for (const Row& row : batch.rows) ++rows_of[row.shape];
  part.shape_of.reserve(batch.shapes.size());
  for (size_t i = 0; i < batch.shapes.size(); ++i) {
    part.shape_of.push_back(UseIndex(batch.shapes[i], rows_of[i]));
    if (part.shape_of.back() == kNotAdmitted) batch.shapes[i].reset();
  }
  part.times = std::move(times);

  uint64_t text_bytes = 0;
  uint64_t whole_bytes = 0;
  for (const Row& row : batch.rows) {
    text_bytes += row.size + TerminatorSize(row.end);
    if (part.shape_of[row.shape] == 0 || part.shape_of[row.shape] == kNotAdmitted) whole_bytes += row.size + kRowMemory;
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
  weight_ += StructureWeight(text_bytes, batch.rows.size(), batch.slots.size()) + whole_bytes;
  part.first_row = rows_;
  rows_ += batch.rows.size();
  part.batch = std::move(batch);
  parts_.push_back(std::move(part));
  if (uses_.size() > 2 * options_.max_shapes || shape_bytes_ > 2 * options_.max_shape_bytes) AdmitShapes();
}

// Keeps the shapes that fit the limits: those that repeat first, then by hash. Batches come in the order of the input,
// so the outcome is a function of that.
void SegmentBuilder::AdmitShapes() {
  struct Candidate {
    bool is_single = false;
    uint64_t hash = 0;
    size_t index = 0;
  };
  std::vector<Candidate> candidates;  // the raw shape always stays
  for (size_t i = 1; i < uses_.size(); ++i) candidates.push_back({rows_of_use_[i] < 2, uses_[i].shape->id.low, i});
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.is_single != b.is_single ? b.is_single : a.hash < b.hash;
  });
  size_t count = 0;
  size_t bytes = 0;
  for (; count < candidates.size() && count + 1 < options_.max_shapes; ++count) {
    const size_t more = ShapeMemory(*uses_[candidates[count].index].shape);
    if (bytes + more > options_.max_shape_bytes) break;
    bytes += more;
  }
  if (count == candidates.size()) return;
  const Candidate& first_out = candidates[count];
  single_limit_ = first_out.is_single ? first_out.hash : 0;
  if (!first_out.is_single) repeated_limit_ = first_out.hash;
  shape_bytes_ = bytes;
  std::vector<bool> stays(uses_.size());
  stays[0] = true;
  for (size_t i = 0; i < count; ++i) stays[candidates[i].index] = true;
  std::vector<uint32_t> new_index(uses_.size(), kNotAdmitted);
  std::vector<ShapeUse> admitted;
  std::vector<uint64_t> rows_of_admitted;
  use_index_.clear();
  for (size_t i = 0; i < uses_.size(); ++i) {
    if (!stays[i]) continue;
    new_index[i] = static_cast<uint32_t>(admitted.size());
    use_index_.emplace(uses_[i].shape->id, new_index[i]);
    admitted.push_back(std::move(uses_[i]));
    rows_of_admitted.push_back(rows_of_use_[i]);
  }
  uses_ = std::move(admitted);
  rows_of_use_ = std::move(rows_of_admitted);
  for (Part& part : parts_) {
    for (size_t i = 0; i < part.shape_of.size(); ++i) {
      uint32_t& index = part.shape_of[i];
      index = index == kNotAdmitted ? kNotAdmitted : new_index[index];
      if (index == kNotAdmitted) part.batch.shapes[i].reset();  // its memory
    }
  }
}

namespace {

// "<*>": what had too many forms to be mined, or no words.
bool IsOneSlot(const Shape& shape) {
  return shape.body.end == shape.body.begin + 1 && shape.pieces[shape.body.begin].kind == Piece::Kind::kSlot;
}

}  // namespace

FoldResult SegmentBuilder::Fold(Consolidator* consolidator) {
  fixed_.resize(uses_.size());
  ForRanges(uses_.size(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) fixed_[i] = FixSingleValues(uses_[i]);
  });
  std::vector<uint32_t> handles;
  for (size_t i = 0; i < uses_.size(); ++i)
    handles.push_back(consolidator->Add(fixed_[i], folded_.Of(uses_[i].shape->id)));
  const std::shared_ptr<const Consolidation> consolidation = consolidator->Result();
  bindings_.clear();
  for (const uint32_t handle : handles) bindings_.push_back(consolidation->bindings[handle]);
  consolidator->Forget();
  return FoldShapes(uses_, fixed_, consolidation->templates, bindings_,
                    [this](size_t count, const auto& body) { ForRanges(count, body); });
}

// For each stored shape that says less than what was folded into it: all of that.
Section SegmentBuilder::FoldedBodiesOf(const FoldResult& fold) const {
  const size_t count = fold.shapes.size();
  std::vector<bool> says_less(count, false);
  for (size_t i = 0; i < uses_.size(); ++i) {
    const uint32_t stored = fold.plans[i].stored_shape;
    says_less[stored] = says_less[stored] || !folded_.Of(uses_[i].shape->id).empty() ||
                        !MinesAlike(*fixed_[i], *fold.shapes[stored].shape);
    if (IsOneSlot(*fold.shapes[stored].shape)) says_less[stored] = false;
  }
  std::vector<const Shape*> shapes;
  for (const StoredShape& stored : fold.shapes) shapes.push_back(stored.shape.get());
  FoldedBodies bodies;
  for (size_t i = 0; i < uses_.size(); ++i) {
    const uint32_t stored = fold.plans[i].stored_shape;
    if (!says_less[stored]) continue;
    const auto origins = folded_.Of(uses_[i].shape->id);
    for (const auto& origin : origins) bodies.Add(shapes[stored]->id, origin);
    if (origins.empty()) bodies.Add(shapes[stored]->id, BodyAlone(*fixed_[i], bindings_[i]));
  }
  return {static_cast<uint16_t>(SectionId::kFoldedBodies), false, EncodeFoldedBodies(bodies, shapes)};
}

void SegmentBuilder::FindTimes(RowFacts* facts) const {
  std::vector<int64_t>& residual = facts->residual.values;
  std::vector<int64_t>& quality = facts->quality.values;
  size_t records = 0;
  for (const Part& part : parts_) records += part.times.size();
  residual.reserve(records);
  quality.reserve(records);
  RowGrouper groups;
  int64_t of_record = kNoTime;
  int64_t previous = 0;
  for (const Part& part : parts_) {
    size_t record = 0;
    size_t row_index = 0;
    for (const Row& row : part.batch.rows) {
      const size_t i = row_index++;
      if ((row.flags & Row::kRecordStart) == 0) {
        groups.Add(of_record);
        continue;
      }
      const RecordTime time = part.times[record++];
      of_record = time.time_ns;
      groups.Add(of_record);
      quality.push_back(time.quality);
      facts->guessed_times += time.quality != 0 ? 1 : 0;
      if (time.time_ns == kNoTime) {
        residual.push_back(kNoTime);
        continue;
      }
      const bool dated = (row.flags & (Row::kHasTime | Row::kTimeOfDay)) == Row::kHasTime;
      const int64_t base = dated && !IsRaw(part, i) ? row.local_time_ns : previous;
      residual.push_back(time.time_ns - base);
      previous = time.time_ns;
    }
  }
  facts->row_groups = groups.Take();
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

std::vector<ShapeStats> SegmentBuilder::CountShapes(const SegmentInput& input) const {
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
  return stats;
}

std::vector<ShapeTally> SegmentBuilder::TallyShapes(const FoldResult& fold,
                                                    const std::vector<ShapeStats>& stats) const {
  std::vector<ShapeTally> tallies;
  std::vector<bool> seen(stats.size(), false);
  for (size_t i = 0; i < uses_.size(); ++i) {
    const uint32_t stored = fold.plans[i].stored_shape;
    if (seen[stored] || stats[stored].records == 0) continue;
    seen[stored] = true;
    tallies.push_back({fixed_[i]->id, stats[stored]});
  }
  return tallies;
}

void SegmentBuilder::RunBeside(const std::vector<std::function<void()>>& tasks) const {
  ForEach(options_.encode.parallel_for, tasks.size(), [&](size_t i) { tasks[i](); });
}

Result<BuiltSegment> SegmentBuilder::Encode(const MakeSections& make_sections, const FoldResult& fold, RowFacts facts) {
  SegmentInput input;
  BuiltSegment built;
  std::vector<ShapeStats> shape_counts;
  Section bodies;
  FillRows(fold, &input, {[&] { shape_counts = CountShapes(input); }, [&] { bodies = FoldedBodiesOf(fold); }});
  built.records = facts.residual.values.size();
  built.guessed_times = facts.guessed_times;
  const RowGroupInfo all = Sum(facts.row_groups);
  built.min_time_ns = all.min_time_ns;
  built.max_time_ns = all.max_time_ns;
  input.row_groups = std::move(facts.row_groups);
  input.streams.push_back(std::move(facts.residual));
  input.streams.push_back(std::move(facts.quality));
  built.rows = rows_;
  built.raw_bytes = raw_bytes_;
  built.sources = sources_;
  built.runs = runs_;
  built.run_records = run_records_;
  std::vector<uint8_t> is_raw;
  for (const StoredShape& stored : input.shapes) is_raw.push_back(stored.shape->body_format == "raw" ? 1 : 0);
  for (const uint32_t shape : input.row_shape) built.raw_lane_rows += is_raw[shape];
  built.refused_ids = refused_ids_;
  input.sources = sources_;
  input.runs = runs_;
  input.sections = make_sections(built);
  input.sections.push_back(content_hash_);
  input.sections.push_back({kShapeStatsSection, false, EncodeShapeStats(shape_counts)});
  built.shape_tallies = TallyShapes(fold, shape_counts);
  if (!bodies.bytes.empty()) input.sections.push_back(std::move(bodies));
  if (has_gaps_) FillGaps(&input);
  FillStreams(&input);
  if (has_scrubbed_) input.sections.push_back(ScrubMarks());
  WHITTLE_ASSIGN_OR_RETURN(built.bytes, EncodeSegment(std::move(input), options_.encode));
  return built;
}

Result<BuiltSegment> SegmentBuilder::Close(const MakeSections& make_sections, Consolidator* consolidator) {
  if (uses_.empty()) UseIndex(RawShape(), 0);  // a segment without rows
  AdmitShapes();
  FindSingleValues();
  FoldResult fold;
  RowFacts facts;
  RunBeside({[&] { fold = Fold(consolidator); }, [&] { content_hash_ = ContentHash(); }, [&] { FindTimes(&facts); }});
  // The proof: what does not render back to its source goes to the raw lane. One such row is our bug, so a few rounds
  // are enough; after them everything goes there.
  constexpr int kRounds = 4;
  for (int round = 0; round <= kRounds; ++round) {
    WHITTLE_ASSIGN_OR_RETURN(BuiltSegment built, Encode(make_sections, fold, std::move(facts)));
    WHITTLE_ASSIGN_OR_RETURN(const size_t different, FirstRowThatDiffers(built.bytes));
    if (different == rows_) return built;
    force_raw_.resize(rows_, false);
    if (round + 1 < kRounds) {
      force_raw_[different] = true;
    } else {
      force_raw_.assign(rows_, true);
    }
    facts = {};
    FindTimes(&facts);
  }
  return Status(StatusCode::kCorrupt, "a segment does not read back as it was written, even kept as plain lines");
}

}  // namespace whittle
