#include "render/trace_fields.h"

#include <algorithm>
#include <optional>

#include "event/trace_id.h"

namespace whittle {
namespace {

void SetId(const ShapePlan& head, const std::optional<PlannedField>& field, const std::string_view* slots,
           bool (*normalize)(std::string_view, TraceIdKind, std::string*), std::string* id, Event* event) {
  id->clear();
  if (!field) return;
  std::string text;
  AppendFieldText(*head.shape, *field, slots, &text);
  if (!normalize(text, TraceIdKindOf(field->type), id)) id->clear();
  if (*id == text || text.empty()) return;
  const auto same_name = [&](const Attribute& a) { return a.name == field->name; };
  if (std::none_of(event->attributes.begin(), event->attributes.end(), same_name)) {
    event->attributes.push_back({field->name, Value::String(text)});
  }
}

}  // namespace

void SetTraceFields(const ShapePlan& head, const std::string_view* slots, const RecordInfo& info, Event* event) {
  SetId(head, head.trace_id, slots, NormalizeTraceId, &event->trace_id, event);
  SetId(head, head.span_id, slots, NormalizeSpanId, &event->span_id, event);
  SetId(head, head.parent_span_id, slots, NormalizeSpanId, &event->parent_span_id, event);
  event->correlation_method = event->trace_id.empty() ? "" : "explicit";
  event->correlation_confidence = event->trace_id.empty() ? 0 : 1;
  if (info.trace_id.empty()) return;
  event->trace_id = info.trace_id;
  if (!info.span_id.empty()) event->span_id = info.span_id;
  if (!info.parent_span_id.empty()) event->parent_span_id = info.parent_span_id;
  event->correlation_method = info.correlation_method;
  event->correlation_confidence = info.correlation_confidence;
}

}  // namespace whittle
