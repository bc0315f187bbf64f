#include "format/raw_cursor.h"

#include <algorithm>
#include <map>

#include "format/small_copy.h"

namespace whittle {
namespace {

constexpr std::string_view kLineEnds[4] = {"", "\n", "\r\n", ""};

}  // namespace

Status RawCursor::Compile(const std::vector<StoredShape>& shapes) {
  recipes_.reserve(shapes.size());
  for (const StoredShape& stored : shapes) {
    Recipe recipe;
    recipe.first_part = static_cast<uint32_t>(parts_.size());
    Part part;
    part.literal_begin = static_cast<uint32_t>(literals_.size());
    for (const Piece& piece : stored.shape->pieces) {
      if (piece.kind != Piece::Kind::kSlot) {
        literals_ += piece.text;
        part.literal_size += static_cast<uint32_t>(piece.text.size());
        continue;
      }
      if (piece.slot >= stored.columns.size()) return Status(StatusCode::kCorrupt, "segment: shapes");
      part.column = stored.columns[piece.slot];
      parts_.push_back(part);
      part = {};
      part.literal_begin = static_cast<uint32_t>(literals_.size());
    }
    if (part.literal_size > 0) parts_.push_back(part);
    recipe.part_count = static_cast<uint32_t>(parts_.size()) - recipe.first_part;
    std::map<int64_t, uint32_t> uses;
    for (uint32_t i = recipe.first_part; i < parts_.size(); ++i) {
      recipe.fixed_size += parts_[i].literal_size;
      if (parts_[i].column >= 0) parts_[i].repeat = uses[parts_[i].column]++;
    }
    recipes_.push_back(recipe);
  }
  return Status::Ok();
}

Result<RawCursor> RawCursor::Open(const SegmentReader& reader) {
  RawCursor cursor;
  WHITTLE_ASSIGN_OR_RETURN(const std::vector<StoredShape>* shapes, reader.Shapes());
  WHITTLE_ASSIGN_OR_RETURN(cursor.rows_, reader.LoadRows());
  WHITTLE_RETURN_IF_ERROR(cursor.Compile(*shapes));
  std::vector<uint64_t> expected(reader.footer().column_count);
  std::vector<uint64_t> shape_rows(shapes->size());
  for (const uint32_t shape : cursor.rows_.row_shape) ++shape_rows[shape];
  for (size_t s = 0; s < shapes->size(); ++s) {
    for (const uint32_t column : (*shapes)[s].columns) expected[column] += shape_rows[s];
  }
  cursor.arena_ = reader.NewArena();
  cursor.columns_.resize(expected.size());
  for (uint32_t c = 0; c < expected.size(); ++c) {
    // Before the values are decoded: a hostile count would only be bounded by kMaxColumnValues.
    if (reader.ColumnValueCount(c) != expected[c])
      return Status(StatusCode::kCorrupt, "segment: columns and rows differ");
    WHITTLE_RETURN_IF_ERROR(reader.LoadColumn(c, &cursor.arena_, &cursor.columns_[c]));
    cursor.next_value_.push_back(cursor.columns_[c].data());
  }
  return cursor;
}

// Puts the next row together at `p`, which has room for RowSize() bytes.
char* RawCursor::WriteRow(char* p) {
  const Recipe& recipe = recipes_[rows_.row_shape[next_row_]];
  const std::string_view literals(literals_);
  for (uint32_t i = 0; i < recipe.part_count; ++i) {
    const Part& part = parts_[recipe.first_part + i];
    p = SmallCopy(literals.substr(part.literal_begin, part.literal_size), p);
    if (part.column >= 0) p = SmallCopy(*next_value_[static_cast<size_t>(part.column)]++, p);
  }
  p = SmallCopy(kLineEnds[rows_.row_flags[next_row_] >> 1 & 3], p);
  ++next_row_;
  return p;
}

size_t RawCursor::RowSize() const {
  const Recipe& recipe = recipes_[rows_.row_shape[next_row_]];
  size_t size = recipe.fixed_size;
  for (uint32_t i = 0; i < recipe.part_count; ++i) {
    const Part& part = parts_[recipe.first_part + i];
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

void RawCursor::AppendRows(size_t bytes, std::string* out) {
  constexpr size_t kBuffer = size_t{64} << 10;
  if (buffer_ == nullptr) buffer_ = std::make_unique<char[]>(kBuffer);
  size_t appended = 0;
  while (!done() && appended < bytes) {
    char* p = buffer_.get();
    char* const limit = p + std::min(kBuffer, bytes - appended);
    char* const end = buffer_.get() + kBuffer;
    while (!done() && p < limit && RowSize() <= static_cast<size_t>(end - p)) p = WriteRow(p);
    const auto filled = static_cast<size_t>(p - buffer_.get());
    out->append(buffer_.get(), filled);
    appended += filled;
    if (filled > 0 || done()) continue;
    const size_t old_size = out->size();
    AppendRow(out);  // a row larger than the buffer, or an empty one
    appended += out->size() - old_size;
  }
}

}  // namespace whittle
