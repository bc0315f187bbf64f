#include "format/raw_cursor.h"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "base/same_bytes.h"
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
    recipes.push_back(recipe);
  }
  return Status::Ok();
}

// Each task has an arena of its own, and takes the largest column that none has taken yet, so that no thread begins a
// long one when the others are done.
Status RawCursor::Content::LoadColumns(const SegmentReader& reader, const ParallelFor& parallel_for) {
  constexpr size_t kMaxTasks = 16;
  const size_t tasks = parallel_for ? std::min(columns.size(), kMaxTasks) : 1;
  for (size_t i = 0; i < tasks; ++i) arenas.push_back(reader.NewArena());
  std::atomic<size_t> next{0};
  std::vector<uint32_t> by_size(columns.size());
  std::iota(by_size.begin(), by_size.end(), 0u);
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](uint32_t a, uint32_t b) { return reader.ColumnValueCount(a) > reader.ColumnValueCount(b); });
  std::vector<Status> statuses(tasks);
  const auto load = [&](size_t task) {
    for (size_t i; statuses[task].ok() && (i = next.fetch_add(1)) < columns.size();) {
      statuses[task] = reader.LoadColumn(by_size[i], &arenas[task], &columns[by_size[i]]);
    }
  };
  ForEach(parallel_for, tasks, load);
  for (Status& status : statuses) WHITTLE_RETURN_IF_ERROR(std::move(status));
  return Status::Ok();
}

Result<RawCursor> RawCursor::Open(const SegmentReader& reader, const ParallelFor& parallel_for) {
  auto content = std::make_shared<Content>();
  WHITTLE_ASSIGN_OR_RETURN(const std::vector<StoredShape>* shapes, reader.Shapes());
  WHITTLE_ASSIGN_OR_RETURN(content->rows, reader.LoadRowsAndGroups(parallel_for));
  WHITTLE_RETURN_IF_ERROR(content->Compile(*shapes));
  content->columns.resize(reader.footer().column_count);
  WHITTLE_RETURN_IF_ERROR(content->LoadColumns(reader, parallel_for));
  RawCursor cursor;
  cursor.content_ = std::move(content);
  for (const CodedTexts& column : cursor.content_->columns) cursor.next_value_.emplace_back(column);
  return cursor;
}

std::vector<RawCursor> RawCursor::At(const std::vector<size_t>& rows) const {
  std::vector<CodedTexts::Walk> next_value;
  for (const CodedTexts& column : content_->columns) next_value.emplace_back(column);
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
      for (const uint32_t column : content_->shape_columns[s]) {
        cursor.next_value_[column].Move(static_cast<std::ptrdiff_t>(shape_rows[s]));
      }
    }
    cursors.push_back(std::move(cursor));
  }
  return cursors;
}

// Hands the texts of the next row to `take`, in order; stops and stays on the row when that says false.
template <typename Take>
bool RawCursor::PassRow(const Take& take) {
  const Content& content = *content_;
  const Recipe& recipe = content.recipes[content.rows.row_shape[next_row_]];
  const Part* const first = content.parts.data() + recipe.first_part;
  const Part* const last = first + recipe.part_count;
  const Part* part = first;
  bool taken = true;
  while (taken && part != last) {
    taken = take(std::string_view(content.literals.data() + part->literal_begin, part->literal_size));
    if (!taken) break;
    if (part->column >= 0) taken = take(next_value_[static_cast<size_t>(part->column)].Next());
    ++part;
  }
  if (taken && take(kLineEnds[content.rows.row_flags[next_row_] >> 1 & 3])) {
    ++next_row_;
    return true;
  }
  while (part != first) {
    --part;
    if (part->column >= 0) next_value_[static_cast<size_t>(part->column)].Move(-1);
  }
  return false;
}

void RawCursor::AppendRow(std::string* out) {
  PassRow([&](std::string_view text) {
    out->append(text);
    return true;
  });
}

// As many of the next rows as fit; none when the next one is larger than the buffer. Rows may be empty: whether there
// were any says next_row_, not the text.
std::string_view RawCursor::FillBuffer(size_t bytes, size_t end_row) {
  constexpr size_t kBuffer = size_t{64} << 10;
  if (buffer_ == nullptr) buffer_ = std::unique_ptr<char[]>(new char[kBuffer]);
  char* p = buffer_.get();
  const char* const limit = p + std::min(kBuffer, bytes);
  const char* const end = buffer_.get() + kBuffer;
  while (next_row_ < end_row && p < limit) {
    char* const row = p;
    const bool fits = PassRow([&](std::string_view text) {
      if (text.size() > static_cast<size_t>(end - p)) return false;
      p = SmallCopy(text, p);
      return true;
    });
    if (!fits) {
      p = row;
      break;
    }
  }
  return {buffer_.get(), static_cast<size_t>(p - buffer_.get())};
}

void RawCursor::AppendRows(size_t bytes, std::string* out, size_t end_row) {
  size_t appended = 0;
  end_row = std::min(end_row, row_count());
  while (next_row_ < end_row && appended < bytes) {
    const size_t first_row = next_row_;
    const std::string_view filled = FillBuffer(bytes - appended, end_row);
    out->append(filled);
    appended += filled.size();
    if (next_row_ != first_row) continue;
    const size_t old_size = out->size();
    AppendRow(out);
    appended += out->size() - old_size;
  }
}

bool RawCursor::RowsAre(std::string_view text, size_t end_row) {
  end_row = std::min(end_row, row_count());
  const char* p = text.data();
  const char* const end = p + text.size();
  const auto is_next = [&](std::string_view expected) {
    if (expected.size() > static_cast<size_t>(end - p) || !SameBytes(expected.data(), p, expected.size())) return false;
    p += expected.size();
    return true;
  };
  while (next_row_ < end_row) {
    if (!PassRow(is_next)) return false;
  }
  return p == end;
}

}  // namespace whittle
