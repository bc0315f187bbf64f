#include "format/raw_cursor.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "format/small_copy.h"

namespace whittle {
namespace {

constexpr std::string_view kLineEnds[4] = {"", "\n", "\r\n", ""};

}  // namespace

Status RawCursor::Content::Compile(const std::vector<StoredShape>& shapes) {
  recipes.reserve(shapes.size());
  for (const StoredShape& stored : shapes) {
    shape_columns.push_back(stored.columns);
    Recipe recipe;
    recipe.first_part = static_cast<uint32_t>(parts.size());
    Part part;
    part.literal_begin = static_cast<uint32_t>(literals.size());
    for (const Piece& piece : stored.shape->pieces) {
      if (piece.kind != Piece::Kind::kSlot) {
        literals += piece.text;
        part.literal_size += static_cast<uint32_t>(piece.text.size());
        continue;
      }
      if (piece.slot >= stored.columns.size()) return Status(StatusCode::kCorrupt, "segment: shapes");
      part.column = stored.columns[piece.slot];
      parts.push_back(part);
      part = {};
      part.literal_begin = static_cast<uint32_t>(literals.size());
    }
    if (part.literal_size > 0) parts.push_back(part);
    recipe.part_count = static_cast<uint32_t>(parts.size()) - recipe.first_part;
    std::map<int64_t, uint32_t> uses;
    for (uint32_t i = recipe.first_part; i < parts.size(); ++i) {
      recipe.fixed_size += parts[i].literal_size;
      if (parts[i].column >= 0) parts[i].repeat = uses[parts[i].column]++;
    }
    recipes.push_back(recipe);
  }
  return Status::Ok();
}

// Each task has an arena of its own. The largest columns come first, each in a task of its own, so that no thread
// begins a long one when the others are done.
Status RawCursor::Content::LoadColumns(const SegmentReader& reader, const ParallelFor& parallel_for) {
  constexpr size_t kMaxTasks = 16;
  const size_t tasks = parallel_for ? std::min(columns.size(), kMaxTasks) : 1;
  for (size_t i = 0; i < tasks; ++i) arenas.push_back(reader.NewArena());
  std::vector<uint32_t> by_size(columns.size());
  std::iota(by_size.begin(), by_size.end(), 0u);
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](uint32_t a, uint32_t b) { return reader.ColumnValueCount(a) > reader.ColumnValueCount(b); });
  std::vector<Status> statuses(tasks);
  const auto load = [&](size_t task) {
    for (size_t i = task; i < columns.size() && statuses[task].ok(); i += tasks) {
      statuses[task] = reader.LoadColumn(by_size[i], &arenas[task], &columns[by_size[i]]);
    }
  };
  if (tasks > 1) {
    parallel_for(tasks, load);
  } else {
    load(0);
  }
  for (Status& status : statuses) WHITTLE_RETURN_IF_ERROR(std::move(status));
  return Status::Ok();
}

Result<RawCursor> RawCursor::Open(const SegmentReader& reader, const ParallelFor& parallel_for) {
  auto content = std::make_shared<Content>();
  WHITTLE_ASSIGN_OR_RETURN(const std::vector<StoredShape>* shapes, reader.Shapes());
  WHITTLE_ASSIGN_OR_RETURN(content->rows, reader.LoadRows());
  WHITTLE_RETURN_IF_ERROR(content->Compile(*shapes));
  std::vector<uint64_t> expected(reader.footer().column_count);
  std::vector<uint64_t> shape_rows(shapes->size());
  for (const uint32_t shape : content->rows.row_shape) ++shape_rows[shape];
  for (size_t s = 0; s < shapes->size(); ++s) {
    for (const uint32_t column : (*shapes)[s].columns) expected[column] += shape_rows[s];
  }
  content->columns.resize(expected.size());
  for (uint32_t c = 0; c < expected.size(); ++c) {
    // Before the values are decoded: a hostile count would only be bounded by kMaxColumnValues.
    if (reader.ColumnValueCount(c) != expected[c])
      return Status(StatusCode::kCorrupt, "segment: columns and rows differ");
  }
  WHITTLE_RETURN_IF_ERROR(reader.PrepareGroups(content->rows, parallel_for));
  WHITTLE_RETURN_IF_ERROR(content->LoadColumns(reader, parallel_for));
  RawCursor cursor;
  cursor.content_ = std::move(content);
  for (const auto& column : cursor.content_->columns) cursor.next_value_.push_back(column.data());
  return cursor;
}

std::vector<RawCursor> RawCursor::At(const std::vector<size_t>& rows) const {
  std::vector<const std::string_view*> next_value;
  for (const auto& column : content_->columns) next_value.push_back(column.data());
  std::vector<size_t> shape_rows(content_->shape_columns.size());
  std::vector<RawCursor> cursors;
  size_t row = 0;
  for (const size_t wanted : rows) {
    for (; row < std::min(wanted, row_count()); ++row) ++shape_rows[content_->rows.row_shape[row]];
    RawCursor cursor;
    cursor.content_ = content_;
    cursor.next_row_ = row;
    cursor.next_value_ = next_value;
    for (size_t s = 0; s < shape_rows.size(); ++s) {
      for (const uint32_t column : content_->shape_columns[s]) cursor.next_value_[column] += shape_rows[s];
    }
    cursors.push_back(std::move(cursor));
  }
  return cursors;
}

// Puts the next row together at `p`, which has room for RowSize() bytes.
char* RawCursor::WriteRow(char* p) {
  const Content& content = *content_;
  const Recipe& recipe = content.recipes[content.rows.row_shape[next_row_]];
  const std::string_view literals(content.literals);
  for (uint32_t i = 0; i < recipe.part_count; ++i) {
    const Part& part = content.parts[recipe.first_part + i];
    p = SmallCopy(literals.substr(part.literal_begin, part.literal_size), p);
    if (part.column >= 0) p = SmallCopy(*next_value_[static_cast<size_t>(part.column)]++, p);
  }
  p = SmallCopy(kLineEnds[content.rows.row_flags[next_row_] >> 1 & 3], p);
  ++next_row_;
  return p;
}

size_t RawCursor::RowSize() const {
  const Content& content = *content_;
  const Recipe& recipe = content.recipes[content.rows.row_shape[next_row_]];
  size_t size = recipe.fixed_size;
  for (uint32_t i = 0; i < recipe.part_count; ++i) {
    const Part& part = content.parts[recipe.first_part + i];
    if (part.column >= 0) size += next_value_[static_cast<size_t>(part.column)][part.repeat].size();
  }
  return size;
}

void RawCursor::AppendRow(std::string* out) {
  const size_t old_size = out->size();
  out->resize(old_size + RowSize());
  char* const end = WriteRow(out->data() + old_size);
  out->resize(static_cast<size_t>(end - out->data()));
}

// As many of the next rows as fit; none when the next one is larger than the buffer, or empty.
std::string_view RawCursor::FillBuffer(size_t bytes, size_t end_row) {
  constexpr size_t kBuffer = size_t{64} << 10;
  if (buffer_ == nullptr) buffer_ = std::unique_ptr<char[]>(new char[kBuffer]);
  char* p = buffer_.get();
  char* const limit = p + std::min(kBuffer, bytes);
  char* const end = buffer_.get() + kBuffer;
  while (next_row_ < end_row && p < limit && RowSize() <= static_cast<size_t>(end - p)) p = WriteRow(p);
  return {buffer_.get(), static_cast<size_t>(p - buffer_.get())};
}

void RawCursor::AppendRows(size_t bytes, std::string* out, size_t end_row) {
  size_t appended = 0;
  end_row = std::min(end_row, row_count());
  while (next_row_ < end_row && appended < bytes) {
    const std::string_view filled = FillBuffer(bytes - appended, end_row);
    out->append(filled);
    appended += filled.size();
    if (!filled.empty()) continue;
    const size_t old_size = out->size();
    AppendRow(out);
    appended += out->size() - old_size;
  }
}

bool RawCursor::RowsAre(std::string_view text, size_t end_row) {
  end_row = std::min(end_row, row_count());
  std::string large;
  while (next_row_ < end_row) {
    std::string_view rows = FillBuffer(SIZE_MAX, end_row);
    if (rows.empty()) {
      large.clear();
      AppendRow(&large);
      rows = large;
    }
    if (!text.starts_with(rows)) return false;
    text.remove_prefix(rows.size());
  }
  return text.empty();
}

}  // namespace whittle
