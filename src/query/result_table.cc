#include "query/result_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/rfc3339.h"
#include "expr/lexer.h"
#include "expr/suggest.h"
#include "render/json_text.h"
#include "render/ndjson.h"
#include "render/table.h"

namespace whittle {
namespace {

bool IsNumeric(ValueType type) {
  return type == ValueType::kInt64 || type == ValueType::kDouble || type == ValueType::kDuration ||
         type == ValueType::kSize || type == ValueType::kTimestamp;
}

long double Number(const Value& value) {
  return value.type == ValueType::kDouble ? static_cast<long double>(value.real)
                                          : static_cast<long double>(value.integer);
}

std::string ShortNumber(double value, const char* unit) {
  std::array<char, 64> text;
  const bool whole = std::fabs(value) >= 1000 && std::fabs(value) < 1e15;
  const int size = std::snprintf(text.data(), text.size(), whole ? "%.0f%s" : "%.4g%s", value, unit);
  return std::string(text.data(), static_cast<size_t>(size));
}

std::string FormatDouble(double value) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::string(text.data(), end) : std::string();
}

std::string ForPeople(const Cell& cell) {
  if (!cell) return "-";
  switch (cell->type) {
    case ValueType::kInt64:
      return std::to_string(cell->integer);
    case ValueType::kDouble:
      return ShortNumber(cell->real, "");
    case ValueType::kDuration:
      return FormatDurationForPeople(cell->integer);
    case ValueType::kSize:
      return std::to_string(cell->integer) + " B";
    case ValueType::kTimestamp:
      return FormatTimeForPeople(cell->integer);
    default:
      return cell->text;
  }
}

// 1234.5 with an error of 67.8 has two digits that mean something: "1230 ± 68".
std::string PlainEstimate(double value, double error) {
  int decimals = 0;
  double step = 1;
  if (error > 0) {
    const double place = std::floor(std::log10(error)) - 1;  // of the second digit of the error
    decimals = place < 0 ? static_cast<int>(std::min(-place, 12.0)) : 0;
    step = place > 0 ? std::pow(10.0, place) : 1;
  }
  std::array<char, 128> text;
  std::snprintf(text.data(), text.size(), "%.*f ± %.*f", decimals, std::round(value / step) * step, decimals,
                std::round(error / step) * step);
  return text.data();
}

struct Unit {
  double size;
  const char* name;
};

Unit UnitOfDuration(double nanos) {
  const double size = std::fabs(nanos);
  if (size < 1e3) return {1, "ns"};
  if (size < 1e6) return {1e3, "us"};
  if (size < 1e9) return {1e6, "ms"};
  if (size < 120e9) return {1e9, "s"};
  if (size < 7200e9) return {60e9, "m"};
  return {3600e9, "h"};
}

// A count or sum as an estimate; the error is the longer side of its interval.
std::string EstimateForPeople(const Value& value, const Bounds& bounds) {
  const double amount = value.type == ValueType::kDouble ? value.real : static_cast<double>(value.integer);
  const double error = std::max(bounds.high - amount, amount - bounds.low);
  if (!std::isfinite(error) || error < 0) return ForPeople(value) + " ± ?";
  if (value.type == ValueType::kDuration) {
    const Unit unit = UnitOfDuration(amount);
    return PlainEstimate(amount / unit.size, error / unit.size) + unit.name;
  }
  return PlainEstimate(amount, error) + (value.type == ValueType::kSize ? " B" : "");
}

std::string ForPrograms(const Value& value) { return TextForPrograms(value); }
// An end of an interval as programs get the value itself.
std::string BoundForPrograms(double bound, const Value& value) {
  switch (value.type) {
    case ValueType::kTimestamp:
      return FormatRfc3339(static_cast<int64_t>(bound));
    case ValueType::kDuration:
      return FormatDouble(bound / 1e9);
    default:
      return bound == std::floor(bound) && std::fabs(bound) < 9e15 ? std::to_string(static_cast<int64_t>(bound))
                                                                   : FormatDouble(bound);
  }
}

void AppendJsonCell(const Value& value, std::string* out) {
  const ValueType type = value.type;
  if (type == ValueType::kDuration || type == ValueType::kSize || type == ValueType::kDouble ||
      type == ValueType::kInt64) {
    const std::string number = ForPrograms(value);
    *out += IsJsonNumber(number) ? number : "null";
  } else {
    AppendJsonValue(value, out);
  }
}

void AppendJsonBound(std::string_view key, double bound, const Value& value, std::string* out) {
  out->append(",\"").append(key).append("\":");
  const std::string text = BoundForPrograms(bound, value);
  if (value.type == ValueType::kTimestamp) {
    out->append("\"").append(text).append("\"");
  } else {
    out->append(IsJsonNumber(text) ? text : "null");
  }
}

// {"estimate":12,"low":12,"high":12,"exact":true,"kept":12,"seen":12}; without a value the first three are null.
void AppendJsonEstimate(const Cell& cell, const Bounds& bounds, std::string* out) {
  out->append("{\"estimate\":");
  if (cell) {
    AppendJsonCell(*cell, out);
    if (bounds.exact) {
      out->append(",\"low\":");
      AppendJsonCell(*cell, out);
      out->append(",\"high\":");
      AppendJsonCell(*cell, out);
    } else {
      AppendJsonBound("low", bounds.low, *cell, out);
      AppendJsonBound("high", bounds.high, *cell, out);
    }
  } else {
    out->append("null,\"low\":null,\"high\":null");
  }
  out->append(bounds.exact ? ",\"exact\":true" : ",\"exact\":false");
  out->append(",\"kept\":").append(std::to_string(bounds.kept));
  if (bounds.seen) out->append(",\"seen\":").append(std::to_string(*bounds.seen));
  out->push_back('}');
}

void AppendJsonFields(const ResultTable& table, const ResultRow& row, std::string* out) {
  out->push_back('{');
  bool first = true;
  for (size_t i = 0; i < row.cells.size(); ++i) {
    if (!row.cells[i] || table.columns[i].bounds >= 0) continue;
    if (!first) out->push_back(',');
    first = false;
    AppendJsonKey(table.columns[i].name, out);
    out->push_back(':');
    AppendJsonCell(*row.cells[i], out);
  }
  out->push_back('}');
}

const Bounds* BoundsOf(const ResultTable& table, const ResultRow& row, size_t column) {
  const int index = table.columns[column].bounds;
  return index < 0 ? nullptr : &row.bounds[static_cast<size_t>(index)];
}

}  // namespace

std::string TextForPrograms(const Value& value) {
  switch (value.type) {
    case ValueType::kInt64:
    case ValueType::kSize:
      return std::to_string(value.integer);
    case ValueType::kDouble:
      return FormatDouble(value.real);
    case ValueType::kDuration:
      return FormatDouble(static_cast<double>(value.integer) / 1e9);
    case ValueType::kTimestamp:
      return FormatRfc3339(value.integer);
    default:
      return value.text;
  }
}

std::string FormatDurationForPeople(int64_t nanos) {
  const Unit unit = UnitOfDuration(static_cast<double>(nanos));
  return ShortNumber(static_cast<double>(nanos) / unit.size, unit.name);
}

std::string FormatTimeForPeople(int64_t nanos) {
  std::string text = FormatRfc3339(nanos);
  text.pop_back();
  while (text.ends_with('0') && text.find('.') != std::string::npos) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text + "Z";
}

std::string FormatAmountForPeople(double amount, ValueType unit) {
  switch (unit) {
    case ValueType::kDuration:
      return FormatDurationForPeople(static_cast<int64_t>(amount));
    case ValueType::kSize:
      return ShortNumber(amount, " B");
    case ValueType::kTimestamp:
      return FormatTimeForPeople(static_cast<int64_t>(amount));
    default:
      return ShortNumber(amount, "");
  }
}

bool ResultTable::HasAggregates() const {
  return std::any_of(columns.begin(), columns.end(), [](const ResultColumn& column) { return column.bounds >= 0; });
}

Result<size_t> ResultTable::FindColumn(const FieldName& name) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const ResultColumn& column) { return column.name == name.text; });
  if (found != columns.end()) return static_cast<size_t>(found - columns.begin());
  std::string list;
  std::vector<std::string_view> names;
  for (const ResultColumn& column : columns) {
    names.push_back(column.name);
    list += (list.empty() ? "" : ", ") + column.name;
  }
  const std::string hint = DidYouMean(name.text, names);
  return QueryError(name.column,
                    "the result has no column \"" + name.text + "\"" + (hint.empty() ? "; it has " + list : hint));
}

int CompareCells(const Cell& a, const Cell& b) {
  if (!a || !b) return static_cast<int>(!a) - static_cast<int>(!b);
  if (IsNumeric(a->type) && IsNumeric(b->type)) {
    const long double x = Number(*a), y = Number(*b);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (IsNumeric(a->type) != IsNumeric(b->type)) return IsNumeric(a->type) ? -1 : 1;
  const int order = a->text.compare(b->text);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

std::string RenderTable(const ResultTable& table, size_t width) {
  std::vector<TableColumn> columns;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const bool numeric = std::all_of(table.rows.begin(), table.rows.end(), [&](const ResultRow& row) {
      return !row.cells[i] || (IsNumeric(row.cells[i]->type) && row.cells[i]->type != ValueType::kTimestamp);
    });
    columns.push_back({table.columns[i].name, numeric && !table.rows.empty()});
  }
  Table text(std::move(columns));
  for (const ResultRow& row : table.rows) {
    std::vector<std::string> cells;
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const Bounds* bounds = BoundsOf(table, row, i);
      const bool estimate = row.cells[i] && bounds != nullptr && !bounds->exact && IsNumeric(row.cells[i]->type);
      cells.push_back(estimate ? EstimateForPeople(*row.cells[i], *bounds) : ForPeople(row.cells[i]));
    }
    text.AddRow(std::move(cells));
  }
  return text.Render(width);
}

std::string RenderNdjson(const ResultTable& table) {
  std::string out;
  const bool aggregates = table.HasAggregates();
  for (const ResultRow& row : table.rows) {
    if (!aggregates) {
      AppendJsonFields(table, row, &out);
      out.push_back('\n');
      continue;
    }
    out += "{\"group\":";
    AppendJsonFields(table, row, &out);
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const Bounds* bounds = BoundsOf(table, row, i);
      if (bounds == nullptr) continue;
      out.push_back(',');
      AppendJsonKey(table.columns[i].name, &out);
      out.push_back(':');
      AppendJsonEstimate(row.cells[i], *bounds, &out);
    }
    out += "}\n";
  }
  return out;
}

std::string RenderCsv(const ResultTable& table) {
  std::vector<std::string> titles;
  std::vector<bool> with_bounds;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    titles.push_back(table.columns[i].name);
    with_bounds.push_back(std::any_of(table.rows.begin(), table.rows.end(), [&](const ResultRow& row) {
      const Bounds* bounds = BoundsOf(table, row, i);
      return bounds != nullptr && !bounds->exact;
    }));
    if (!with_bounds[i]) continue;
    titles.push_back(table.columns[i].name + "_low");
    titles.push_back(table.columns[i].name + "_high");
  }
  std::string out;
  AppendCsvRow(titles, &out);
  for (const ResultRow& row : table.rows) {
    std::vector<std::string> cells;
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const Cell& cell = row.cells[i];
      cells.push_back(cell ? ForPrograms(*cell) : std::string());
      if (!with_bounds[i]) continue;
      const Bounds* bounds = BoundsOf(table, row, i);
      cells.push_back(!cell ? "" : bounds->exact ? cells.back() : BoundForPrograms(bounds->low, *cell));
      cells.push_back(!cell ? "" : bounds->exact ? ForPrograms(*cell) : BoundForPrograms(bounds->high, *cell));
    }
    AppendCsvRow(cells, &out);
  }
  return out;
}

}  // namespace whittle
