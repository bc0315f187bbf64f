#include "format/raw_cursor.h"

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
  for (uint32_t c = 0; c < expected.size(); ++c) {
    WHITTLE_ASSIGN_OR_RETURN(LoadedColumn column, reader.LoadColumn(c));
    if (column.values.size() != expected[c]) return Status(StatusCode::kCorrupt, "segment: columns and rows differ");
    cursor.columns_.push_back(std::move(column));
  }
  for (const LoadedColumn& column : cursor.columns_) cursor.next_value_.push_back(column.values.data());
  return cursor;
}

void RawCursor::AppendRow(std::string* out) {
  const Recipe& recipe = recipes_[rows_.row_shape[next_row_]];
  for (uint32_t i = 0; i < recipe.part_count; ++i) {
    const Part& part = parts_[recipe.first_part + i];
    out->append(literals_, part.literal_begin, part.literal_size);
    if (part.column >= 0) out->append(*next_value_[static_cast<size_t>(part.column)]++);
  }
  out->append(kLineEnds[rows_.row_flags[next_row_] >> 1 & 3]);
  ++next_row_;
}

void RawCursor::AppendRows(size_t bytes, std::string* out) {
  const size_t target = out->size() + bytes;
  while (!done() && out->size() < target) AppendRow(out);
}

}  // namespace whittle
