#include "query/table_stages.h"

#include <algorithm>

#include "query/aggregate.h"
#include "query/event_sorter.h"

namespace whittle {
namespace {

// The name a column must have to be what `field` refers to.
bool IsColumn(const ResultColumn& column, const FieldRef& field) {
  if (field.builtin != Builtin::kNone) return ResolveField(column.name).builtin == field.builtin;
  return column.name == field.names.front();
}

}  // namespace

const Value* RowFields::Lookup(const FieldRef& field) {
  for (size_t i = 0; i < table_.columns.size(); ++i) {
    if (!IsColumn(table_.columns[i], field)) continue;
    if (!row_->cells[i]) return nullptr;
    scratch_ = *row_->cells[i];
    if (scratch_.text.empty()) scratch_.text = TextForPrograms(scratch_);
    return &scratch_;
  }
  return nullptr;
}

std::optional<std::string_view> RowFields::Text(const FieldRef& field) {
  if (const Value* value = Lookup(field)) return value->text;
  return std::nullopt;
}

Status SortTable(const std::vector<SortKey>& keys, ResultTable* table) {
  std::vector<std::pair<size_t, bool>> columns;
  for (const SortKey& key : keys) {
    WHITTLE_ASSIGN_OR_RETURN(const size_t column, table->FindColumn(key.field));
    columns.emplace_back(column, key.descending);
  }
  std::vector<std::pair<std::string, size_t>> order;
  for (size_t i = 0; i < table->rows.size(); ++i) {
    order.emplace_back(std::string(), i);
    for (const auto& [column, descending] : columns) {
      const Cell& cell = table->rows[i].cells[column];
      AppendOrderedValue(cell ? &*cell : nullptr, descending, &order.back().first);
    }
  }
  std::sort(order.begin(), order.end());  // rows with equal keys by their number: as they were
  std::vector<ResultRow> sorted;
  sorted.reserve(order.size());
  for (const auto& [key, row] : order) sorted.push_back(std::move(table->rows[row]));
  table->rows = std::move(sorted);
  table->drawing.clear();
  return Status::Ok();
}

Status SelectColumns(const std::vector<FieldName>& fields, ResultTable* table) {
  std::vector<size_t> columns;
  std::vector<ResultColumn> selected_columns;
  for (const FieldName& field : fields) {
    WHITTLE_ASSIGN_OR_RETURN(const size_t column, table->FindColumn(field));
    columns.push_back(column);
    selected_columns.push_back(table->columns[column]);
  }
  for (ResultRow& row : table->rows) {
    std::vector<Cell> selected;
    for (const size_t column : columns) selected.push_back(row.cells[column]);
    row.cells = std::move(selected);
  }
  table->columns = std::move(selected_columns);
  table->drawing.clear();
  return Status::Ok();
}

Status AggregateTable(const Stage& stage, ResultTable* table) {
  for (const FieldName& name : stage.by) WHITTLE_RETURN_IF_ERROR(table->FindColumn(name).status());
  for (const AggregateCall& call : stage.calls) {
    if (!call.field.text.empty()) WHITTLE_RETURN_IF_ERROR(table->FindColumn(call.field).status());
  }
  WHITTLE_ASSIGN_OR_RETURN(Aggregator aggregator, Aggregator::Make(stage));
  RowFields fields(*table);
  for (const ResultRow& row : table->rows) {
    fields.Reset(&row);
    WHITTLE_RETURN_IF_ERROR(aggregator.Add(&fields, 1.0));
  }
  *table = aggregator.Finish();
  return Status::Ok();
}

}  // namespace whittle
