// ResultTable: the rows of an answer, and how they are written. A plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "event/value.h"
#include "expr/ast.h"

namespace whittle {

using Cell = std::optional<Value>;  // nothing: the field is absent

// How sure a number of an answer is: between `low` and `high` at 95%, in the unit the value counts in (nanoseconds,
// bytes). Exact: all events there were have been counted.
struct Bounds {
  double low = 0, high = 0;
  bool exact = true;
  uint64_t kept = 0;             // events behind it that are in the store
  std::optional<uint64_t> seen;  // ... and that came in, where that is known
};

struct ResultColumn {
  std::string name;
  int bounds = -1;  // index into ResultRow::bounds: this column is an aggregate. -1: it is a group or a field
};

struct ResultRow {
  std::vector<Cell> cells;
  std::vector<Bounds> bounds;
};

struct ResultTable {
  std::vector<ResultColumn> columns;
  std::vector<ResultRow> rows;
  std::string drawing;  // what people see instead of the rows, when there is something better

  void AddColumn(std::string name) { columns.push_back({std::move(name), -1}); }
  bool HasAggregates() const;
  // Index of a column by its name; a kUsage Status with column and suggestion when there is none.
  Result<size_t> FindColumn(const FieldName& name) const;
};

// Less, equal, greater: numbers, durations, sizes and times by value, other things as text, absent last.
int CompareCells(const Cell& a, const Cell& b);

// For people: durations as 1.25s, large numbers whole, absent as "-", estimates as 1200 ± 70 with no more digits than
// they have. `width`: terminal columns, 0 = unlimited.
std::string RenderTable(const ResultTable& table, size_t width);
// One object a row, absent fields left out. Durations are seconds, sizes bytes, as numbers; times RFC 3339. A table
// with aggregates: {"group":{…},"count":{"estimate":…,"low":…,"high":…,"exact":…,"kept":…,"seen":…}}.
std::string RenderNdjson(const ResultTable& table);
// RFC 4180 with a header line; the same values, absent as nothing. A column with estimates is followed by NAME_low and
// NAME_high.
std::string RenderCsv(const ResultTable& table);

// A value as programs get it in CSV: seconds, bytes, RFC 3339, else its text.
std::string TextForPrograms(const Value& value);
// A duration in nanoseconds as people read it: 1.25s, 35ms, 3h.
std::string FormatDurationForPeople(int64_t nanos);
// A number with its unit (kInt64, kDouble, kDuration, kSize) as people read it.
std::string FormatAmountForPeople(double amount, ValueType unit);
// "2024-05-01T10:00:00Z": without the zeros of the fraction.
std::string FormatTimeForPeople(int64_t nanos);

}  // namespace whittle
