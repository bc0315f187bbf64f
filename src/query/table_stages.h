// Stages that work on a finished table: sort, top, limit, select, and aggregating its rows again. Pure functions.
#pragma once

#include <string>
#include <vector>

#include <whittle/status.h>

#include "expr/ast.h"
#include "expr/field_source.h"
#include "query/result_table.h"

namespace whittle {

// A row of a table as a source of fields, each column under its name. The table must outlive it.
class RowFields : public FieldSource {
 public:
  explicit RowFields(const ResultTable& table) : table_(table) {}
  void Reset(const ResultRow* row) { row_ = row; }
  const Value* Lookup(const FieldRef& field) override;
  std::optional<std::string_view> Text(const FieldRef& field) override;

 private:
  const ResultTable& table_;
  const ResultRow* row_ = nullptr;
  Value scratch_;
};

Status SortTable(const std::vector<SortKey>& keys, ResultTable* table);
Status SelectColumns(const std::vector<FieldName>& fields, ResultTable* table);
// `stage` is of kind kAggregate: the rows are its events, all of weight 1.
Status AggregateTable(const Stage& stage, ResultTable* table);

}  // namespace whittle
