#include "query/aggregate.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "base/hash.h"
#include "base/varint.h"
#include "event/severity.h"
#include "expr/lexer.h"

namespace whittle {
namespace {

Value Number(ValueType type, int64_t integer, double real) {
  Value value;
  value.type = type;
  value.integer = integer;
  value.real = real;
  return value;
}

int64_t Saturate(long double value) {
  if (value >= static_cast<long double>(INT64_MAX)) return INT64_MAX;
  if (value <= static_cast<long double>(INT64_MIN)) return INT64_MIN;
  return static_cast<int64_t>(std::llround(value));
}

// A number with its unit, also out of text that holds one; nothing for other things.
std::optional<Value> NumericValue(const Value& value) {
  switch (value.type) {
    case ValueType::kInt64:
      return Number(ValueType::kInt64, value.integer, 0);
    case ValueType::kDouble:
      return Number(ValueType::kDouble, 0, value.real);
    case ValueType::kDuration:
    case ValueType::kSize:
    case ValueType::kTimestamp:
      return Number(value.type, value.integer, 0);
    case ValueType::kString:
      break;
    default:
      return std::nullopt;
  }
  if (value.text.empty() || (value.text[0] > '9' && value.text[0] != '-')) return std::nullopt;
  for (const ValueType type : {ValueType::kInt64, ValueType::kDouble, ValueType::kDuration, ValueType::kSize}) {
    Value parsed = ParseValue(type, value.text);
    if (parsed.type != ValueType::kString) return Number(parsed.type, parsed.integer, parsed.real);
  }
  return std::nullopt;
}

long double Amount(const Value& value) {
  return value.type == ValueType::kDouble ? static_cast<long double>(value.real)
                                          : static_cast<long double>(value.integer);
}

// The result keeps the unit as long as all values share it; mixed integers and doubles are doubles.
ValueType JoinUnits(ValueType a, ValueType b) { return a == b ? a : ValueType::kDouble; }

Cell InUnit(long double amount, ValueType unit) {
  if (unit == ValueType::kDouble) return Number(ValueType::kDouble, 0, static_cast<double>(amount));
  if (unit == ValueType::kInt64 && amount != std::floor(amount))
    return Number(ValueType::kDouble, 0, static_cast<double>(amount));
  if (unit == ValueType::kInt64 && std::fabs(amount) > 9.2e18L)
    return Number(ValueType::kDouble, 0, static_cast<double>(amount));
  return Number(unit, Saturate(amount), 0);
}

void AppendKey(const Cell& cell, std::string* key) {
  ByteWriter out(key);
  if (!cell) {
    out.Varint(0);
    return;
  }
  const bool by_text = cell->type != ValueType::kTimestamp;
  if (by_text) {
    out.Varint(cell->text.size() + 2);
    out.Raw(cell->text);
  } else {
    out.Varint(1);
    out.Signed(cell->integer);
  }
}

}  // namespace

Value GroupValue(const Value& value, const FieldRef& field) {
  if (field.builtin == Builtin::kSeverity) {
    const std::string_view name = SeverityName(static_cast<int>(value.integer));
    return Value::String(name.empty() ? std::string_view(value.text) : name);
  }
  return value;
}

Result<Aggregator> Aggregator::Make(const Stage& stage) {
  Aggregator aggregator(stage);
  for (const AggregateCall& call : stage.calls) {
    if (call.function == AggregateFunction::kDistinct) {
      return QueryError(call.column, "distinct is not available yet; count by the field shows its values");
    }
    aggregator.arguments_.push_back(call.field.text.empty() ? kNoField : aggregator.AddField(call.field));
  }
  for (const FieldName& name : stage.by) aggregator.by_.push_back(aggregator.AddField(name));
  if (stage.every_ns > 0) aggregator.time_ = aggregator.AddField(FieldName{"timestamp", stage.column});
  return aggregator;
}

uint32_t Aggregator::AddField(const FieldName& name) {
  FieldRef field = ResolveField(name.text);
  field.id = static_cast<uint32_t>(fields_.size());
  fields_.push_back(std::move(field));
  return fields_.back().id;
}

Status Aggregator::Add(FieldSource* event, double weight) {
  std::vector<Cell> cells;
  std::string key;
  if (time_ != kNoField) {
    Cell bucket;
    if (const Value* time = event->Lookup(fields_[time_])) {
      const int64_t offset = time->integer % stage_.every_ns;
      bucket = Number(ValueType::kTimestamp, time->integer - (offset < 0 ? offset + stage_.every_ns : offset), 0);
    }
    AppendKey(bucket, &key);
    cells.push_back(std::move(bucket));
  }
  for (const uint32_t by : by_) {
    const Value* value = event->Lookup(fields_[by]);
    cells.push_back(value == nullptr ? Cell() : Cell(GroupValue(*value, fields_[by])));
    AppendKey(cells.back(), &key);
  }
  const auto [found, is_new] = index_.emplace(std::move(key), groups_.size());
  if (is_new) {
    // Keys are held twice, as cells and encoded; the rest is what the containers and the results take.
    const size_t bytes = 2 * found->first.size() + sizeof(Group) + 128 + cells.size() * sizeof(Cell) +
                         stage_.calls.size() * sizeof(Accumulator);
    group_bytes_ += bytes;
    if (groups_.size() == kMaxGroups || group_bytes_ > kMaxGroupBytes) return TooManyGroups();
    groups_.push_back({std::move(cells), std::vector<Accumulator>(stage_.calls.size())});
  }
  if (weight != 1.0) estimated_ = true;
  Group& group = groups_[found->second];
  for (size_t i = 0; i < stage_.calls.size(); ++i) {
    if (arguments_[i] == kNoField) {
      group.results[i].weight += weight;
    } else {
      AddTo(stage_.calls[i], event->Lookup(fields_[arguments_[i]]), weight, &group.results[i]);
    }
  }
  return group_bytes_ > kMaxGroupBytes ? TooManyGroups() : Status::Ok();
}

Status Aggregator::TooManyGroups() const {
  return Status(StatusCode::kLimit, "the answer needs more memory than a query may take, at " +
                                        std::to_string(groups_.size()) +
                                        " groups; filter more, or group by a field with fewer values");
}

void Aggregator::AddTo(const AggregateCall& call, const Value* value, double weight, Accumulator* result) {
  if (value == nullptr) return;
  if (call.function == AggregateFunction::kCount) {
    result->weight += weight;
    return;
  }
  const auto number = NumericValue(*value);
  if (!number) {
    ++not_numbers_;
    return;
  }
  result->unit = result->weight == 0 ? number->type : JoinUnits(result->unit, number->type);
  result->weight += weight;
  result->sum += Amount(*number) * weight;
  if (!result->least || Amount(*number) < Amount(*result->least)) result->least = *number;
  if (!result->greatest || Amount(*number) > Amount(*result->greatest)) result->greatest = *number;
  if (call.function != AggregateFunction::kQuantile) return;
  if (result->sketch == nullptr) result->sketch = std::make_unique<QuantileSketch>();
  group_bytes_ += result->sketch->Add(static_cast<double>(Amount(*number)), weight) * QuantileSketch::kBucketBytes;
}

Cell Aggregator::ValueOf(const AggregateCall& call, const Accumulator& result) const {
  // An estimated number of events is not known to fractions of an event.
  if (call.function == AggregateFunction::kCount) return Number(ValueType::kInt64, Saturate(result.weight), 0);
  if (result.weight == 0) return std::nullopt;
  switch (call.function) {
    case AggregateFunction::kSum:
      return InUnit(result.sum, result.unit);
    case AggregateFunction::kAvg: {
      const ValueType unit = result.unit == ValueType::kInt64 ? ValueType::kDouble : result.unit;
      return InUnit(result.sum / result.weight, unit);
    }
    case AggregateFunction::kMin:
      return result.least;
    case AggregateFunction::kMax:
      return result.greatest;
    case AggregateFunction::kQuantile: {
      const auto quantile = result.sketch->Quantile(call.quantile);
      const ValueType unit = result.unit == ValueType::kInt64 ? ValueType::kDouble : result.unit;
      return quantile ? InUnit(*quantile, unit) : Cell();
    }
    default:
      return std::nullopt;
  }
}

ResultTable Aggregator::Finish() const {
  ResultTable table;
  if (time_ != kNoField) table.columns.push_back("timestamp");
  for (const FieldName& name : stage_.by) table.columns.push_back(name.text);
  const size_t first_result = table.columns.size();
  for (const AggregateCall& call : stage_.calls) table.columns.push_back(call.name);
  for (const Group& group : groups_) {
    std::vector<Cell> row = group.key;
    for (size_t i = 0; i < stage_.calls.size(); ++i) row.push_back(ValueOf(stage_.calls[i], group.results[i]));
    table.rows.push_back(std::move(row));
  }
  // Without groups there is always one row: "count" of nothing is 0.
  if (first_result == 0 && table.rows.empty()) {
    std::vector<Cell> row;
    for (const AggregateCall& call : stage_.calls) row.push_back(ValueOf(call, Accumulator()));
    table.rows.push_back(std::move(row));
  }
  std::sort(table.rows.begin(), table.rows.end(), [&](const std::vector<Cell>& a, const std::vector<Cell>& b) {
    if (time_ != kNoField) {
      if (const int order = CompareCells(a[0], b[0])) return order < 0;
    }
    if (const int order = CompareCells(a[first_result], b[first_result])) {
      return a[first_result] && b[first_result] ? order > 0 : order < 0;
    }
    for (size_t i = 0; i < first_result; ++i) {
      if (const int order = CompareCells(a[i], b[i])) return order < 0;
    }
    return false;
  });
  return table;
}

Status SortTable(const std::vector<SortKey>& keys, ResultTable* table) {
  std::vector<std::pair<size_t, bool>> columns;
  for (const SortKey& key : keys) {
    WHITTLE_ASSIGN_OR_RETURN(const size_t column, table->FindColumn(key.field));
    columns.emplace_back(column, key.descending);
  }
  std::stable_sort(table->rows.begin(), table->rows.end(), [&](const std::vector<Cell>& a, const std::vector<Cell>& b) {
    for (const auto& [column, descending] : columns) {
      const int order = CompareCells(a[column], b[column]);
      if (order == 0) continue;
      return descending && a[column] && b[column] ? order > 0 : order < 0;  // absent stays last
    }
    return false;
  });
  return Status::Ok();
}

Status SelectColumns(const std::vector<FieldName>& fields, ResultTable* table) {
  std::vector<size_t> columns;
  std::vector<std::string> names;
  for (const FieldName& field : fields) {
    WHITTLE_ASSIGN_OR_RETURN(const size_t column, table->FindColumn(field));
    columns.push_back(column);
    names.push_back(field.text);
  }
  for (auto& row : table->rows) {
    std::vector<Cell> selected;
    for (const size_t column : columns) selected.push_back(row[column]);
    row = std::move(selected);
  }
  table->columns = std::move(names);
  return Status::Ok();
}

}  // namespace whittle
