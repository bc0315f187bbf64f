#include "query/trace_rollup.h"

#include <algorithm>

#include "event/severity.h"

namespace whittle {
namespace {

constexpr int kErrorSeverity = 17;
constexpr size_t kMaxServices = 16;

Cell Integer(ValueType type, int64_t value) {
  Value cell;
  cell.type = type;
  cell.integer = value;
  return cell;
}

Cell TextOrNothing(const std::string& text) { return text.empty() ? Cell() : Cell(Value::String(text)); }

const Value* FindAttribute(const Event& event, std::string_view name) {
  for (const auto* list : {&event.attributes, &event.resource}) {
    for (const Attribute& attribute : *list) {
      if (attribute.name == name) return &attribute.value;
    }
  }
  return nullptr;
}

}  // namespace

Status TraceRollup::Add(const Event& event) {
  if (event.trace_id.empty()) return Status::Ok();
  const auto [found, is_new] = traces_.try_emplace(event.trace_id);
  Trace& trace = found->second;
  bytes_ += is_new ? sizeof(Trace) + 128 : 0;
  const bool first = is_new || (event.timestamp_ns && (!trace.first_ns || *event.timestamp_ns < *trace.first_ns));
  if (first) trace.first_template = event.template_text;
  if (event.timestamp_ns) {
    trace.first_ns = std::min(trace.first_ns.value_or(*event.timestamp_ns), *event.timestamp_ns);
    trace.last_ns = std::max(trace.last_ns.value_or(*event.timestamp_ns), *event.timestamp_ns);
  }
  ++trace.events;
  if (event.severity_number > trace.severity) trace.severity = event.severity_number;
  if (event.severity_number >= kErrorSeverity && trace.errors++ == 0) trace.first_error = event.body;
  const Value* service = FindAttribute(event, "service.name");
  const std::string& where = service != nullptr ? service->text : event.source_name;
  if (trace.services.size() < kMaxServices &&
      std::find(trace.services.begin(), trace.services.end(), where) == trace.services.end()) {
    trace.services.push_back(where);
    bytes_ += 64;
  }
  for (const auto* list : {&event.attributes, &event.resource}) {
    for (const Attribute& attribute : *list) {
      if (trace.attributes.size() >= kMaxRolledAttributes) break;
      if (trace.attributes.try_emplace(attribute.name, attribute.value).second)
        bytes_ += 2 * (attribute.name.size() + attribute.value.text.size()) + 160;
    }
  }
  if (traces_.size() <= kMaxRolledTraces && bytes_ <= kMaxRolledBytes) return Status::Ok();
  return Status(StatusCode::kLimit, "the events belong to more traces than a query may hold, at " +
                                        std::to_string(traces_.size()) + "; filter more");
}

ResultTable TraceRollup::Finish(bool wide) const {
  ResultTable table;
  for (const char* name :
       {"trace_id", "timestamp", "duration", "events", "errors", "severity", "services", "template", "body"}) {
    table.AddColumn(name);
  }
  std::map<std::string, size_t> attributes;
  if (wide) {
    for (const auto& [id, trace] : traces_) {
      for (const auto& [name, value] : trace.attributes) attributes.emplace(name, 0);
    }
    for (auto& [key, column] : attributes) {
      const std::string& name = key;  // clang 14 lets no lambda capture a binding
      column = table.columns.size();
      const bool taken = std::any_of(table.columns.begin(), table.columns.begin() + 9,
                                     [&](const ResultColumn& fixed) { return fixed.name == name; });
      table.AddColumn(taken ? "attributes." + name : name);
    }
  }
  for (const auto& [id, trace] : traces_) {
    ResultRow row;
    std::string services;
    for (const std::string& one : trace.services) services += (services.empty() ? "" : ",") + one;
    row.cells = {Value::String(id),
                 trace.first_ns ? Integer(ValueType::kTimestamp, *trace.first_ns) : Cell(),
                 trace.first_ns ? Integer(ValueType::kDuration, *trace.last_ns - *trace.first_ns) : Cell(),
                 Integer(ValueType::kInt64, static_cast<int64_t>(trace.events)),
                 Integer(ValueType::kInt64, static_cast<int64_t>(trace.errors)),
                 TextOrNothing(std::string(SeverityName(trace.severity))),
                 TextOrNothing(services),
                 TextOrNothing(trace.first_template),
                 TextOrNothing(trace.first_error)};
    row.cells.resize(table.columns.size());
    if (wide) {
      for (const auto& [name, value] : trace.attributes) row.cells[attributes.at(name)] = value;
    }
    table.rows.push_back(std::move(row));
  }
  std::sort(table.rows.begin(), table.rows.end(), [](const ResultRow& a, const ResultRow& b) {
    if (const int order = CompareCells(a.cells[1], b.cells[1])) return order < 0;
    return a.cells[0]->text < b.cells[0]->text;
  });
  return table;
}

Status RollUpTraces(Selection* selection, TraceRollup* rollup) {
  return selection->Visit(VisitOptions::Order::kSegmentTime, {nullptr, true}, [&](RecordView* record) -> Result<bool> {
    WHITTLE_RETURN_IF_ERROR(rollup->Add(record->ToEvent()));
    return true;
  });
}

}  // namespace whittle
