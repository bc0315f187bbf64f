// RawCursor: the original bytes of a segment's rows, in row order, as fast as they can be put together. It decodes all
// columns when opened and keeps them; the reader may be closed before it. Not thread-safe; cursors that At() gave share
// what was decoded and may be used by a thread each.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "base/parallel_for.h"
#include "format/segment_reader.h"

namespace whittle {

class RawCursor {
 public:
  // kCorrupt when anything does not decode or columns and rows do not add up.
  static Result<RawCursor> Open(const SegmentReader& reader, const ParallelFor& parallel_for = {});

  // Cursors of the same segment whose next rows are `rows`, which ascend.
  std::vector<RawCursor> At(const std::vector<size_t>& rows) const;
  RawCursor At(size_t row) const { return std::move(At(std::vector<size_t>{row})[0]); }

  size_t row_count() const { return content_->rows.row_shape.size(); }
  size_t next_row() const { return next_row_; }
  bool done() const { return next_row_ == row_count(); }
  // Appends the next row, terminator included. Call only when not done.
  void AppendRow(std::string* out);
  // Appends whole rows until at least `bytes` were appended or the next row is `end_row` or none is left.
  void AppendRows(size_t bytes, std::string* out, size_t end_row = SIZE_MAX);
  // Whether the next rows, up to `end_row`, are `text`; they are passed over. When not, where the cursor stands then is
  // not defined.
  bool RowsAre(std::string_view text, size_t end_row);

 private:
  // What a shape's rows are made of: literal text, then the next value of a column, and so on.
  struct Part {
    uint32_t literal_begin = 0;
    uint32_t literal_size = 0;
    int64_t column = -1;  // -1: no value after the literal
  };
  struct Recipe {
    uint32_t first_part = 0;
    uint32_t part_count = 0;
  };
  // Everything decoded; immutable once open.
  struct Content {
    LoadedRows rows;
    std::vector<TextArena> arenas;
    std::vector<CodedTexts> columns;
    std::vector<std::vector<uint32_t>> shape_columns;  // of each shape's slots
    std::vector<Recipe> recipes;
    std::vector<Part> parts;
    std::string literals;

    Status Compile(const std::vector<StoredShape>& shapes);
    Status LoadColumns(const SegmentReader& reader, const ParallelFor& parallel_for);
  };
  RawCursor() = default;
  template <typename Take>
  bool PassRow(const Take& take);
  std::string_view FillBuffer(size_t bytes, size_t end_row);

  std::shared_ptr<const Content> content_;
  std::vector<CodedTexts::Walk> next_value_;  // per column
  std::unique_ptr<char[]> buffer_;
  size_t next_row_ = 0;
};

}  // namespace whittle
