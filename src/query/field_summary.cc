#include "query/field_summary.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "event/severity.h"
#include "expr/field_ref.h"

namespace whittle {
namespace {

const AggregateCall kCount{AggregateFunction::kCount, 0, {}, "count", 0};

constexpr size_t kExampleBytes = 60;

Value Real(double value) {
  Value real;
  real.type = ValueType::kDouble;
  real.real = value;
  return real;
}

Value Count(double value) {
  Value count;
  count.type = ValueType::kInt64;
  count.integer = static_cast<int64_t>(std::llround(value));
  return count;
}

double WeightOf(const Accumulator& events) { return static_cast<double>(events.ValueOf(kCount, 0)->integer); }

}  // namespace

void FieldSummary::AddValue(const std::string& name, ValueType type, std::string_view text, double weight) {
  auto found = fields_.find(name);
  if (found == fields_.end()) {
    if (fields_.size() == kMaxSummaryFields) {
      too_many_fields_ = true;
      return;
    }
    found = fields_.try_emplace(name).first;
    found->second.example = text.substr(0, kExampleBytes);
  }
  Field& field = found->second;
  ++field.types[type];
  field.events.AddEvent(weight);
  field.distinct.Add(text);
  if (field.many) return;
  auto [value, is_new] = field.values.try_emplace(std::string(text));
  value->second.AddEvent(weight);
  if (!is_new) return;
  value_bytes_ += 2 * text.size() + sizeof(Accumulator) + 64;
  if (field.values.size() <= kMaxFacetValues && value_bytes_ <= kMaxFacetBytes) return;
  for (const auto& [one, events] : field.values) value_bytes_ -= 2 * one.size() + sizeof(Accumulator) + 64;
  field.values.clear();
  field.many = true;
}

void FieldSummary::Add(const Event& event, double weight) {
  total_.AddEvent(weight);
  if (event.severity_number != 0) AddValue("severity", ValueType::kString, SeverityName(event.severity_number), weight);
  if (event.template_id != 0) AddValue("template", ValueType::kString, event.template_text, weight);
  if (!event.source_name.empty()) AddValue("source", ValueType::kString, event.source_name, weight);
  if (!event.trace_id.empty()) AddValue("trace_id", ValueType::kHexId, event.trace_id, weight);
  if (!event.span_id.empty()) AddValue("span_id", ValueType::kHexId, event.span_id, weight);
  for (const auto* list : {&event.attributes, &event.resource}) {
    for (const Attribute& attribute : *list) {
      AddValue(attribute.name, attribute.value.type, attribute.value.text, weight);
    }
  }
}

// Nearly every event has a value of its own: nothing can be learned from how often one occurs.
bool FieldSummary::IsIdentifier(const Field& field) const {
  return field.many ||
         (field.values.size() > 20 && 2 * static_cast<double>(field.values.size()) > WeightOf(field.events));
}

ResultTable FieldSummary::Fields() const {
  ResultTable table;
  table.AddColumn("field");
  table.AddColumn("type");
  table.columns.push_back({"events", 0});
  table.AddColumn("share");
  table.columns.push_back({"distinct", 1});
  table.AddColumn("example");
  const double total = std::max(WeightOf(total_), 1.0);
  for (const auto& [name, field] : fields_) {
    std::string types;
    for (const auto& [type, count] : field.types) types.append(types.empty() ? "" : "|").append(ValueTypeName(type));
    ResultRow row;
    row.cells.push_back(Value::String(name));
    row.cells.push_back(Value::String(types));
    row.cells.push_back(field.events.ValueOf(kCount, 0));
    row.cells.push_back(Real(WeightOf(field.events) / total));
    const double distinct = field.distinct.Estimate();
    row.cells.push_back(Count(distinct));
    row.cells.push_back(Value::String(field.example));
    row.bounds.push_back(field.events.BoundsOf(kCount, 0));
    const double error = field.distinct.exact() ? 0 : 1.96 * DistinctCounter::kStandardError * distinct;
    Bounds bounds{distinct - error, distinct + error, error == 0 && !estimated(), row.bounds[0].kept, std::nullopt};
    row.bounds.push_back(bounds);
    table.rows.push_back(std::move(row));
  }
  std::sort(table.rows.begin(), table.rows.end(), [](const ResultRow& a, const ResultRow& b) {
    if (const int order = CompareCells(b.cells[2], a.cells[2])) return order < 0;
    return a.cells[0]->text < b.cells[0]->text;
  });
  return table;
}

ResultTable FieldSummary::Facets(const std::vector<FieldName>& wanted) const {
  std::vector<std::pair<double, std::string>> order;
  if (wanted.empty()) {
    // What most events have comes first; what all events agree on tells least.
    for (const auto& [name, field] : fields_) {
      if (IsIdentifier(field)) continue;
      order.emplace_back(field.values.size() == 1 ? 0 : -WeightOf(field.events), name);
    }
    std::sort(order.begin(), order.end());
    if (order.size() > kFacetFieldsShown) order.resize(kFacetFieldsShown);
  } else {
    for (const FieldName& name : wanted) {
      for (const std::string& candidate : FieldNameCandidates(name.text)) {
        if (fields_.contains(candidate)) order.emplace_back(0, candidate);
      }
    }
  }
  ResultTable table;
  table.AddColumn("field");
  table.AddColumn("value");
  table.columns.push_back({"count", 0});
  table.AddColumn("share");
  for (const auto& [rank, name] : order) {
    const Field& field = fields_.at(name);
    std::vector<std::pair<double, const std::string*>> values;
    for (const auto& [text, events] : field.values) values.emplace_back(-WeightOf(events), &text);
    std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first, *a.second) < std::pair(b.first, *b.second);
    });
    if (values.size() > kFacetValuesShown) values.resize(kFacetValuesShown);
    for (const auto& [count, text] : values) {
      const Accumulator& events = field.values.at(*text);
      ResultRow row;
      row.cells = {Value::String(name), Value::String(*text), events.ValueOf(kCount, 0),
                   Real(-count / std::max(WeightOf(total_), 1.0))};
      row.bounds.push_back(events.BoundsOf(kCount, 0));
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Status SummarizeFields(Selection* selection, bool unweighted, FieldSummary* summary) {
  return selection->Visit(VisitOptions::Order::kAny, {nullptr, true}, [&](RecordView* record) -> Result<bool> {
    summary->Add(record->ToEvent(), unweighted ? 1.0 : record->sample_rate());
    return true;
  });
}

}  // namespace whittle
