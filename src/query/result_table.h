// ResultTable: the rows of an answer, and how they are written. A plain value.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "event/value.h"
#include "expr/ast.h"

namespace whittle {

using Cell = std::optional<Value>;  // nothing: the field is absent

struct ResultTable {
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;

  // Index of a column by its name; a kUsage Status with column and suggestion when there is none.
  Result<size_t> FindColumn(const FieldName& name) const;
};

// Less, equal, greater: numbers, durations, sizes and times by value, other things as text, absent last.
int CompareCells(const Cell& a, const Cell& b);

// For people: durations as 1.25s, large numbers whole, absent as "-". `width`: terminal columns, 0 = unlimited.
std::string RenderTable(const ResultTable& table, size_t width);
// One object a row, absent fields left out. Durations are seconds, sizes bytes, as numbers; times RFC 3339.
std::string RenderNdjson(const ResultTable& table);
// RFC 4180 with a header line; the same values, absent as nothing.
std::string RenderCsv(const ResultTable& table);

}  // namespace whittle
