// The other half of segment_builder.h: what walks every row. All of it works on stretches of parts at the same time,
// and what comes out does not depend on how they were cut.
#include <algorithm>

#include "base/same_bytes.h"
#include "format/raw_cursor.h"
#include "format/segment_reader.h"
#include "sink/segment_builder.h"

namespace whittle {
namespace {

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

// A little text in the raw lane is looked into like any other: a log in an unknown encoding has structure. Of more it
// is taken for granted that it has none worth the time.
constexpr uint64_t kMuchRawText = uint64_t{4} << 20;

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

// Drops from `values` what differs from the `count` others; a null text has differed before. Nothing is there before
// the first others, which are taken.
void KeepEqual(const std::string_view* others, size_t count, std::vector<std::string_view>* values) {
  if (values->empty()) return values->assign(others, others + count);
  for (size_t k = 0; k < count; ++k) {
    std::string_view& value = (*values)[k];
    if (value.data() != nullptr && (others[k].data() == nullptr || value != others[k])) value = {};
  }
}

}  // namespace

void SegmentBuilder::ForRanges(size_t count, const std::function<void(size_t, size_t)>& body) const {
  constexpr size_t kMaxRanges = 32;
  const size_t ranges = options_.encode.parallel_for ? std::min(count, kMaxRanges) : 1;
  if (ranges <= 1) return body(0, count);
  options_.encode.parallel_for(ranges, [&](size_t i) { body(count * i / ranges, count * (i + 1) / ranges); });
}

SegmentBuilder::SingleValues SegmentBuilder::SingleValuesOf(const Part& part) {
  const size_t shapes = part.shape_of.size();
  SingleValues found;
  found.first.assign(shapes, SingleValues::kNoRows);
  std::vector<uint32_t> candidates(shapes);  // slots that had one value so far
  for (const Row& row : part.batch.rows) {
    if (part.shape_of[row.shape] == kNotAdmitted) continue;
    const size_t slot_count = part.batch.shapes[row.shape]->slot_count;
    const Span* slots = part.batch.slots.data() + row.first_slot;
    uint32_t& first = found.first[row.shape];
    if (first == SingleValues::kNoRows) {
      first = static_cast<uint32_t>(found.values.size());
      for (size_t k = 0; k < slot_count; ++k) found.values.push_back(part.batch.Text(slots[k]));
      candidates[row.shape] = static_cast<uint32_t>(slot_count);
      continue;
    }
    std::string_view* const mine = found.values.data() + first;
    for (size_t k = 0; candidates[row.shape] > 0 && k < slot_count; ++k) {
      if (mine[k].data() != nullptr && !SameText(mine[k], part.batch.Text(slots[k]))) {
        mine[k] = {};
        --candidates[row.shape];
      }
    }
  }
  return found;
}

void SegmentBuilder::Free() {
  ForRanges(parts_.size(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) parts_[i] = {};
  });
}

void SegmentBuilder::FindSingleValues() {
  std::vector<SingleValues> found(parts_.size());
  ForRanges(parts_.size(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) found[i] = SingleValuesOf(parts_[i]);
  });
  // Each task goes through all parts for some of the shapes.
  constexpr size_t kTasks = 4;
  const size_t tasks = options_.encode.parallel_for ? kTasks : 1;
  ForEach(options_.encode.parallel_for, tasks, [&](size_t task) {
    for (size_t i = 0; i < parts_.size(); ++i) {
      for (size_t shape = 0; shape < found[i].first.size(); ++shape) {
        const uint32_t index = parts_[i].shape_of[shape];
        const uint32_t first = found[i].first[shape];
        if (first == SingleValues::kNoRows || index % tasks != task) continue;
        KeepEqual(found[i].values.data() + first, uses_[index].shape->slot_count, &uses_[index].single_values);
      }
    }
  });
  for (ShapeUse& use : uses_) use.single_values.resize(use.shape->slot_count);
  uses_[0].single_values.assign(1, {});  // the raw lane's one slot is never a constant
}

bool SegmentBuilder::IsRaw(const Part& part, size_t row) const {
  return part.shape_of[part.batch.rows[row].shape] == kNotAdmitted ||
         (!force_raw_.empty() && force_raw_[part.first_row + row]);
}

// Which stored shape each row of a part has; adds its values to the counts of their columns.
void SegmentBuilder::FillShapes(const FoldResult& fold, const Part& part, SegmentInput* input,
                                std::vector<uint64_t>* column_values) const {
  const uint32_t raw_shape = fold.plans[0].stored_shape;
  std::vector<uint64_t> rows_of(part.shape_of.size());
  uint64_t raw_rows = 0;
  for (size_t i = 0; i < part.batch.rows.size(); ++i) {
    const Row& row = part.batch.rows[i];
    const bool raw = IsRaw(part, i);
    ++(raw ? raw_rows : rows_of[row.shape]);
    input->row_shape[part.first_row + i] = raw ? raw_shape : fold.plans[part.shape_of[row.shape]].stored_shape;
    input->row_flags[part.first_row + i] =
        static_cast<uint8_t>((row.flags & Row::kRecordStart) | static_cast<uint8_t>(row.end) << 1);
  }
  const auto count = [&](uint32_t stored_shape, uint64_t rows) {
    for (const uint32_t column : fold.shapes[stored_shape].columns) (*column_values)[column] += rows;
  };
  count(raw_shape, raw_rows);
  for (size_t shape = 0; shape < rows_of.size(); ++shape) {
    if (rows_of[shape] > 0) count(fold.plans[part.shape_of[shape]].stored_shape, rows_of[shape]);
  }
}

// Writes a part's values; starts[c] is where its first value of column c goes, and is moved behind its last.
void SegmentBuilder::FillValues(const FoldResult& fold, const Part& part,
                                std::vector<std::string_view*>* starts) const {
  std::vector<std::string_view*>& next = *starts;
  const uint32_t raw_column = fold.shapes[fold.plans[0].stored_shape].columns[0];
  for (size_t i = 0; i < part.batch.rows.size(); ++i) {
    const Row& row = part.batch.rows[i];
    if (IsRaw(part, i)) {
      *next[raw_column]++ = part.batch.Text({row.begin, row.size});
      continue;
    }
    const FoldPlan& plan = fold.plans[part.shape_of[row.shape]];
    const std::vector<uint32_t>& columns = fold.shapes[plan.stored_shape].columns;
    for (size_t k = 0; k < plan.slots.size(); ++k) *next[columns[k]]++ = SlotText(plan.slots[k], part.batch, row);
  }
}

void SegmentBuilder::FillRows(const FoldResult& fold, SegmentInput* input,
                              const std::vector<std::function<void()>>& beside) {
  input->shapes = fold.shapes;
  input->columns = fold.columns;
  input->row_shape.resize(rows_);
  input->row_flags.resize(rows_);
  // A few stretches of parts: each needs a count per column.
  constexpr size_t kMaxStretches = 16;
  const size_t stretches = std::min(parts_.size(), kMaxStretches);
  const auto first_part = [&](size_t stretch) { return parts_.size() * stretch / stretches; };
  std::vector<std::vector<uint64_t>> counts(stretches, std::vector<uint64_t>(fold.columns.size()));
  ForRanges(stretches, [&](size_t begin, size_t end) {
    for (size_t s = begin; s < end; ++s) {
      for (size_t i = first_part(s); i < first_part(s + 1); ++i) FillShapes(fold, parts_[i], input, &counts[s]);
    }
  });
  std::vector<std::vector<std::string_view*>> starts(stretches, std::vector<std::string_view*>(fold.columns.size()));
  const auto make_room = [&](size_t c) {
    uint64_t total = 0;
    for (size_t s = 0; s < stretches; ++s) total += counts[s][c];
    input->columns[c].values.resize(total);
    std::string_view* next = input->columns[c].values.data();
    for (size_t s = 0; s < stretches; ++s) {
      starts[s][c] = next;
      next += counts[s][c];
    }
  };
  // One by one: to get memory for a large column takes as long as to fill it, and they differ in size.
  ForEach(options_.encode.parallel_for, fold.columns.size(), make_room);
  std::vector<std::function<void()>> tasks = beside;
  for (size_t s = 0; s < stretches; ++s) {
    tasks.emplace_back([&, s] {
      for (size_t i = first_part(s); i < first_part(s + 1); ++i) FillValues(fold, parts_[i], &starts[s]);
    });
  }
  RunBeside(tasks);
  ColumnInput& raw_lane = input->columns[fold.shapes[fold.plans[0].stored_shape].columns[0]];
  uint64_t raw_text = 0;
  for (const std::string_view line : raw_lane.values) raw_text += line.size();
  raw_lane.is_free_text = raw_text > kMuchRawText;
}

Result<size_t> SegmentBuilder::FirstRowThatDiffers(const std::string& bytes) const {
  if (parts_.empty()) return rows_;  // a segment without rows
  // The source borrows the bytes for the length of this function.
  WHITTLE_ASSIGN_OR_RETURN(const auto reader, SegmentReader::Open(std::make_shared<BorrowedSource>(bytes)));
  WHITTLE_ASSIGN_OR_RETURN(const RawCursor first, RawCursor::Open(*reader, options_.encode.parallel_for));
  // A few stretches of parts, a cursor each.
  constexpr size_t kMaxStretches = 32;
  const size_t stretches = std::min(parts_.size(), kMaxStretches);
  const auto first_part = [&](size_t stretch) { return parts_.size() * stretch / stretches; };
  std::vector<size_t> first_rows;
  for (size_t s = 0; s < stretches; ++s) first_rows.push_back(parts_[first_part(s)].first_row);
  std::vector<RawCursor> cursors = first.At(first_rows);
  std::vector<size_t> different(stretches, rows_);
  ForRanges(stretches, [&](size_t begin, size_t end) {
    for (size_t s = begin; s < end; ++s) {
      for (size_t i = first_part(s); i < first_part(s + 1) && different[s] == rows_; ++i) {
        if (!PartIs(parts_[i], &cursors[s])) different[s] = FirstDifference(parts_[i], first.At(parts_[i].first_row));
      }
    }
  });
  return *std::min_element(different.begin(), different.end());
}

// Rows that lie side by side in the text are compared as one.
bool SegmentBuilder::PartIs(const Part& part, RawCursor* cursor) const {
  const std::vector<Row>& rows = part.batch.rows;
  for (size_t i = 0; i < rows.size();) {
    const uint32_t begin = rows[i].begin;
    uint32_t end = begin;
    for (; i < rows.size() && rows[i].begin == end; ++i) end += rows[i].size + TerminatorSize(rows[i].end);
    const std::string_view expected(part.batch.text->data() + begin, end - begin);
    if (!cursor->RowsAre(expected, part.first_row + i)) return false;
  }
  return true;
}

size_t SegmentBuilder::FirstDifference(const Part& part, RawCursor cursor) const {
  for (size_t i = 0; i < part.batch.rows.size(); ++i) {
    const Row& row = part.batch.rows[i];
    const std::string_view expected(part.batch.text->data() + row.begin, row.size + TerminatorSize(row.end));
    if (cursor.done() || !cursor.RowsAre(expected, part.first_row + i + 1)) return part.first_row + i;
  }
  return rows_;
}

}  // namespace whittle
