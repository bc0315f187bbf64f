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
  const int size = std::snprintf(text.data(), text.size(), "%.4g%s", value, unit);
  return std::string(text.data(), static_cast<size_t>(size));
}

std::string FormatDuration(int64_t nanos) {
  const auto value = static_cast<double>(nanos);
  const double size = std::fabs(value);
  if (size < 1e3) return ShortNumber(value, "ns");
  if (size < 1e6) return ShortNumber(value / 1e3, "us");
  if (size < 1e9) return ShortNumber(value / 1e6, "ms");
  if (size < 120e9) return ShortNumber(value / 1e9, "s");
  if (size < 7200e9) return ShortNumber(value / 60e9, "m");
  return ShortNumber(value / 3600e9, "h");
}

std::string FormatDouble(double value) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::string(text.data(), end) : std::string();
}

// "2024-05-01T10:00:00Z": without the zeros of the fraction.
std::string FormatTime(int64_t nanos) {
  std::string text = FormatRfc3339(nanos);
  text.pop_back();
  while (text.ends_with('0') && text.find('.') != std::string::npos) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text + "Z";
}

std::string ForPeople(const Cell& cell) {
  if (!cell) return "-";
  switch (cell->type) {
    case ValueType::kInt64:
      return std::to_string(cell->integer);
    case ValueType::kDouble:
      return ShortNumber(cell->real, "");
    case ValueType::kDuration:
      return FormatDuration(cell->integer);
    case ValueType::kSize:
      return std::to_string(cell->integer) + " B";
    case ValueType::kTimestamp:
      return FormatTime(cell->integer);
    default:
      return cell->text;
  }
}

std::string ForPrograms(const Value& value) {
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

}  // namespace

Result<size_t> ResultTable::FindColumn(const FieldName& name) const {
  const auto found = std::find(columns.begin(), columns.end(), name.text);
  if (found != columns.end()) return static_cast<size_t>(found - columns.begin());
  std::string list;
  std::vector<std::string_view> names;
  for (const std::string& column : columns) {
    names.push_back(column);
    list += (list.empty() ? "" : ", ") + column;
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
    const bool numeric = std::all_of(table.rows.begin(), table.rows.end(), [&](const std::vector<Cell>& row) {
      return !row[i] || (IsNumeric(row[i]->type) && row[i]->type != ValueType::kTimestamp);
    });
    columns.push_back({table.columns[i], numeric && !table.rows.empty()});
  }
  Table text(std::move(columns));
  for (const auto& row : table.rows) {
    std::vector<std::string> cells;
    for (const Cell& cell : row) cells.push_back(ForPeople(cell));
    text.AddRow(std::move(cells));
  }
  return text.Render(width);
}

std::string RenderNdjson(const ResultTable& table) {
  std::string out;
  for (const auto& row : table.rows) {
    out.push_back('{');
    bool first = true;
    for (size_t i = 0; i < row.size(); ++i) {
      if (!row[i]) continue;
      if (!first) out.push_back(',');
      first = false;
      AppendJsonKey(table.columns[i], &out);
      out.push_back(':');
      const ValueType type = row[i]->type;
      if (type == ValueType::kDuration || type == ValueType::kSize || type == ValueType::kDouble ||
          type == ValueType::kInt64) {
        const std::string number = ForPrograms(*row[i]);
        out += IsJsonNumber(number) ? number : "null";
      } else {
        AppendJsonValue(*row[i], &out);
      }
    }
    out += "}\n";
  }
  return out;
}

std::string RenderCsv(const ResultTable& table) {
  std::string out;
  AppendCsvRow(table.columns, &out);
  for (const auto& row : table.rows) {
    std::vector<std::string> cells;
    for (const Cell& cell : row) cells.push_back(cell ? ForPrograms(*cell) : std::string());
    AppendCsvRow(cells, &out);
  }
  return out;
}

}  // namespace whittle
