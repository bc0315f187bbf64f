#include "render/materialize.h"

#include <algorithm>

#include "event/severity.h"
#include "render/exception.h"
#include "render/trace_fields.h"

namespace whittle {
namespace {

bool HasAttribute(const std::vector<Attribute>& attributes, std::string_view name) {
  return std::any_of(attributes.begin(), attributes.end(), [&](const Attribute& a) { return a.name == name; });
}

void AddValues(const Shape& shape, const std::vector<PlannedField>& fields, const std::string_view* slots,
               std::vector<Attribute>* out) {
  out->clear();
  out->reserve(fields.size());
  for (const PlannedField& field : fields) {
    if (auto value = FieldValue(shape, field, slots)) out->push_back({field.name, *std::move(value)});
  }
}

void SetSeverity(const ShapePlan& head, const std::string_view* slots, Event* event) {
  event->severity_text.clear();
  event->severity_number = 0;
  if (!head.severity) return;
  AppendFieldText(*head.shape, *head.severity, slots, &event->severity_text);
  event->severity_number = SeverityNumberOfField(event->severity_text, head.shape->envelope.starts_with("syslog"));
}

void AddException(Event* event) {
  const auto found = FindException(event->body);
  if (!found) return;
  const auto add = [&](const char* name, std::string_view text) {
    if (!text.empty() && !HasAttribute(event->attributes, name))
      event->attributes.push_back({name, Value::String(text)});
  };
  add("exception.type", found->type);
  add("exception.message", found->message);
  add("exception.stacktrace", found->stacktrace);
}

}  // namespace

void Materialize(const ShapePlan& head, const std::string_view* slots,
                 const std::vector<ContinuationLine>& continuation, const RecordInfo& info, Event* event) {
  const Shape& shape = *head.shape;
  event->timestamp_ns = info.time_ns;
  event->timestamp_guessed = info.time_guessed;
  SetSeverity(head, slots, event);
  event->body.clear();
  AppendBody(shape, slots, &event->body);
  for (const ContinuationLine& line : continuation) {
    event->body.push_back('\n');
    AppendBody(*line.shape, line.slots, &event->body);
  }
  event->template_id = head.template_id;
  event->template_text = head.template_text;
  AddValues(shape, head.attributes, slots, &event->attributes);
  AddValues(shape, head.resource, slots, &event->resource);
  if (info.resource != nullptr) {
    for (const Attribute& attribute : *info.resource) {
      if (!HasAttribute(event->resource, attribute.name)) event->resource.push_back(attribute);
    }
  }
  if (!continuation.empty() || event->body.find('\n') != std::string::npos) AddException(event);
  SetTraceFields(head, slots, info, event);
  event->sample_rate = info.sample_rate;
  event->stratum = info.stratum;
  event->source_name = info.source_name;
  event->source_offset = info.source_offset;
  event->source_line = info.source_line;
}

}  // namespace whittle
