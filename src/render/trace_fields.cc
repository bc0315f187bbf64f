#include "render/trace_fields.h"

#include <algorithm>
#include <optional>

namespace whittle {
namespace {

// Lower-case hex of `width` digits; a 64-bit trace id is the low half of a 128-bit one.
std::string NormaliseHexId(std::string_view text, size_t width) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  std::string id;
  for (const char c : text) {
    if (c == '-') continue;
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (!((lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f')) || id.size() == width) return {};
    id.push_back(lower);
  }
  if (id.size() != width && id.size() != 16) return {};
  if (id.find_first_not_of('0') == std::string::npos) return {};
  return std::string(width - id.size(), '0') + id;
}

void SetId(const ShapePlan& head, const std::optional<PlannedField>& field, const std::string_view* slots, size_t width,
           std::string* id, Event* event) {
  id->clear();
  if (!field) return;
  std::string text;
  AppendFieldText(*head.shape, *field, slots, &text);
  *id = NormaliseHexId(text, width);
  if (*id == text || text.empty()) return;
  const auto same_name = [&](const Attribute& a) { return a.name == field->name; };
  if (std::none_of(event->attributes.begin(), event->attributes.end(), same_name)) {
    event->attributes.push_back({field->name, Value::String(text)});
  }
}

}  // namespace

void SetTraceFields(const ShapePlan& head, const std::string_view* slots, const RecordInfo& info, Event* event) {
  SetId(head, head.trace_id, slots, 32, &event->trace_id, event);
  SetId(head, head.span_id, slots, 16, &event->span_id, event);
  SetId(head, head.parent_span_id, slots, 16, &event->parent_span_id, event);
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
