#include "expr/field_source.h"

#include "base/hash.h"

namespace whittle {

const Value* EventFields::Set(ValueType type, int64_t integer, std::string_view text) {
  scratch_.type = type;
  scratch_.integer = integer;
  scratch_.real = 0;
  scratch_.text = text;
  return &scratch_;
}

const Value* EventFields::SetString(std::string_view text) {
  return text.empty() ? nullptr : Set(ValueType::kString, 0, text);
}

const Value* EventFields::Attribute(const FieldRef& field) const {
  for (const std::string& name : field.names) {
    if (field.scope != FieldRef::Scope::kResource) {
      for (const auto& attribute : event_.attributes) {
        if (attribute.name == name) return &attribute.value;
      }
    }
    if (field.scope != FieldRef::Scope::kAttributes) {
      for (const auto& attribute : event_.resource) {
        if (attribute.name == name) return &attribute.value;
      }
    }
  }
  return nullptr;
}

const Value* EventFields::Lookup(const FieldRef& field) {
  switch (field.builtin) {
    case Builtin::kNone:
      return Attribute(field);
    case Builtin::kTimestamp:
      return event_.timestamp_ns ? Set(ValueType::kTimestamp, *event_.timestamp_ns, "") : nullptr;
    case Builtin::kSeverity:
      if (event_.severity_number == 0 && event_.severity_text.empty()) return nullptr;
      return Set(ValueType::kInt64, event_.severity_number, event_.severity_text);
    case Builtin::kSeverityText:
      return SetString(event_.severity_text);
    case Builtin::kSeverityNumber:
      if (event_.severity_number == 0) return nullptr;
      return Set(ValueType::kInt64, event_.severity_number, std::to_string(event_.severity_number));
    case Builtin::kBody:
      return Set(ValueType::kString, 0, event_.body);
    case Builtin::kTemplate:
      if (event_.template_id == 0) return nullptr;
      return Set(ValueType::kString, static_cast<int64_t>(event_.template_id), event_.template_text);
    case Builtin::kTemplateId:
      return event_.template_id == 0 ? nullptr : SetString(ToHex(event_.template_id));
    case Builtin::kTraceId:
      return SetString(event_.trace_id);
    case Builtin::kSpanId:
      return SetString(event_.span_id);
    case Builtin::kParentSpanId:
      return SetString(event_.parent_span_id);
    case Builtin::kSourceName:
      return SetString(event_.source_name);
    case Builtin::kSourceOffset:
      return Set(ValueType::kInt64, static_cast<int64_t>(event_.source_offset), std::to_string(event_.source_offset));
    case Builtin::kSourceLine:
      if (event_.source_line == 0) return nullptr;
      return Set(ValueType::kInt64, static_cast<int64_t>(event_.source_line), std::to_string(event_.source_line));
    case Builtin::kSampleRate:
      Set(ValueType::kDouble, 0, std::to_string(event_.sample_rate));
      scratch_.real = event_.sample_rate;
      return &scratch_;
    case Builtin::kStratum:
      return SetString(event_.stratum);
    case Builtin::kRaw:
      return raw_ ? Set(ValueType::kString, 0, *raw_) : nullptr;
  }
  return nullptr;
}

std::optional<std::string_view> EventFields::Text(const FieldRef& field) {
  if (field.builtin == Builtin::kBody) return event_.body;
  if (field.builtin == Builtin::kRaw) return raw_;
  if (const Value* value = Lookup(field)) return value->text;
  return std::nullopt;
}

}  // namespace whittle
