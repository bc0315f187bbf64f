#include "render/table.h"

#include <algorithm>
#include <numeric>

#include "render/display_width.h"

namespace whittle {
namespace {

constexpr size_t kGap = 2;
// Cutting a column below this tells nothing any more; the line is longer than the terminal then.
constexpr size_t kMinCutWidth = 8;
// Without a limit one long cell would fill every line of its column with blanks: longer ones run over instead.
constexpr size_t kWidestPadded = 160;

void AppendCell(std::string_view text, size_t width, bool right, bool last, std::string* out) {
  const size_t used = DisplayWidth(text);
  const size_t padding = width > used ? width - used : 0;
  if (right) out->append(padding, ' ');
  out->append(text);
  if (!right && !last) out->append(padding, ' ');
  if (!last) out->append(kGap, ' ');
}

void TrimLine(std::string* out) {
  while (!out->empty() && out->back() == ' ') out->pop_back();
  out->push_back('\n');
}

}  // namespace

void Table::AddRow(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = DisplayText(cell);
  rows_.push_back(std::move(cells));
}

std::vector<size_t> Table::Widths(size_t limit) const {
  std::vector<size_t> widths;
  for (const TableColumn& column : columns_) widths.push_back(DisplayWidth(column.title));
  const std::vector<size_t> titles = widths;
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  if (limit == 0) {
    for (size_t i = 0; i < widths.size(); ++i) {
      if (!columns_[i].right_aligned) widths[i] = std::max(titles[i], std::min(widths[i], kWidestPadded));
    }
    return widths;
  }
  if (widths.empty()) return widths;
  size_t total = std::accumulate(widths.begin(), widths.end(), size_t{0}) + kGap * (widths.size() - 1);
  while (total > limit) {
    size_t widest = columns_.size(), second = 0;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].right_aligned || widths[i] <= std::max(titles[i], kMinCutWidth)) continue;
      if (widest == columns_.size() || widths[i] > widths[widest]) {
        second = widest == columns_.size() ? 0 : widths[widest];
        widest = i;
      } else {
        second = std::max(second, widths[i]);
      }
    }
    if (widest == columns_.size()) break;
    // Down to the second widest at a time, so that this loop is as long as the number of columns, not of characters.
    const size_t floor = std::max({titles[widest], kMinCutWidth, std::min(second, widths[widest] - 1)});
    const size_t cut = std::min(total - limit, widths[widest] - floor);
    widths[widest] -= cut;
    total -= cut;
  }
  return widths;
}

std::string Table::Render(size_t width) const {
  const std::vector<size_t> widths = Widths(width);
  std::string out;
  for (size_t i = 0; i < columns_.size(); ++i) {
    AppendCell(columns_[i].title, widths[i], columns_[i].right_aligned, i + 1 == columns_.size(), &out);
  }
  TrimLine(&out);
  for (size_t i = 0; i < columns_.size(); ++i) {
    out.append(widths[i], '-');
    if (i + 1 < columns_.size()) out.append(kGap, ' ');
  }
  TrimLine(&out);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string cell = width == 0 || columns_[i].right_aligned ? row[i] : FitWidth(row[i], widths[i]);
      AppendCell(cell, widths[i], columns_[i].right_aligned, i + 1 == row.size(), &out);
    }
    TrimLine(&out);
  }
  return out;
}

void AppendCsvRow(const std::vector<std::string>& cells, std::string* out) {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out->push_back(',');
    const std::string& cell = cells[i];
    if (cell.find_first_of("\",\r\n") == std::string::npos) {
      out->append(cell);
      continue;
    }
    out->push_back('"');
    for (const char c : cell) {
      if (c == '"') out->push_back('"');
      out->push_back(c);
    }
    out->push_back('"');
  }
  out->push_back('\n');
}

}  // namespace whittle
