// ShapePlan: what the pieces of one shape mean for an event, worked out once per shape and template binding instead of
// once per record. Immutable, safe from any thread; shares the shape and owns the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/shape.h"
#include "event/template.h"
#include "event/value.h"

namespace whittle {

struct PlannedField {
  std::string name;
  ValueType type = ValueType::kString;
  uint8_t unescape = 0;
  uint16_t time_layout = 0;
  PieceRange range;
  bool mined = false;    // a slot of the template. One without text is absent: whether the segment stores an empty slot
                         // or none is a matter of how it was folded
  std::string unit;      // not empty: what follows the value in the line and belongs to it (" ms")
  std::string constant;  // not empty: the value, which stands nowhere in the line
};

struct ShapePlan {
  std::shared_ptr<const Shape> shape;
  uint64_t template_id = 0;  // 0: no template
  std::string template_text;
  // Names are unique within each list: a second field of one name is name_2, and so on.
  std::vector<PlannedField> attributes;  // parsed fields, then the template's slots that are not one of them
  std::vector<PlannedField> resource;
  std::optional<PlannedField> severity, trace_id, span_id, parent_span_id;
};

// `mined` and `binding` together or both null.
std::shared_ptr<const ShapePlan> PlanShape(std::shared_ptr<const Shape> shape, const Template* mined,
                                           const TemplateBinding* binding);

// The text of a field as the event has it: rendered from the slots and unescaped. Appended to `out`.
void AppendFieldText(const Shape& shape, const PlannedField& field, const std::string_view* slots, std::string* out);

// ... and read as its type; nothing when the event has no such field. A time without year or zone in its text stays a
// string: what it means is not in the text.
std::optional<Value> FieldValue(const Shape& shape, const PlannedField& field, const std::string_view* slots);

// The message of one line, unescaped; a continuation line is all message. Appended to `out`.
void AppendBody(const Shape& shape, const std::string_view* slots, std::string* out);

}  // namespace whittle
