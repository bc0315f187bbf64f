// Aligned text tables for people, and CSV for spreadsheets. Values; not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace whittle {

struct TableColumn {
  std::string title;
  bool right_aligned = false;  // numbers
};

class Table {
 public:
  explicit Table(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}

  // One cell per column; missing ones are empty. Cells may hold any bytes.
  void AddRow(std::vector<std::string> cells);
  size_t row_count() const { return rows_.size(); }

  // Title line, a rule, one line a row; two spaces between columns, no trailing space. With a `width` (terminal
  // columns, 0 = unlimited) the widest left-aligned columns are cut with "…" until a line fits; titles and numbers
  // never are. Without one nothing is cut, and cells of more than 160 columns push the rest of their line aside.
  std::string Render(size_t width = 0) const;

 private:
  std::vector<size_t> Widths(size_t limit) const;

  std::vector<TableColumn> columns_;
  std::vector<std::vector<std::string>> rows_;  // as DisplayText
};

// One record of RFC 4180, ended by LF: quotes where a cell holds a quote, comma, CR or LF, and bytes as they are.
void AppendCsvRow(const std::vector<std::string>& cells, std::string* out);

}  // namespace whittle
