// FieldStep: one step of enrichment: sets, renames or drops fields of events. It works on shapes: which fields lines of
// one form have is said there, so a step costs nothing per line, and the bytes of lines stay what they are. A value
// that is set becomes a constant field of the shape (event/shape.h).
//
// Plain values and pure functions; safe from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <whittle/status.h>

#include "event/shape.h"

namespace whittle {

// Names and values of one step; each is looked for among the fields of every new shape. A step is written by hand.
inline constexpr size_t kMaxStepNames = 1000;
inline constexpr size_t kMaxSetValueBytes = 4096;  // stands in every shape of the segment

struct FieldStep {
  enum class Kind : uint8_t { kNone, kSet, kRename, kDrop };
  Kind kind = Kind::kNone;
  std::vector<std::pair<std::string, std::string>> pairs;  // set: name and value; rename: old and new name
  std::vector<std::string> names;                          // drop; "user.*" for all that begin so
};

// kConfig, with what to write instead: a name that cannot be set, renamed or dropped, a value that is no severity,
// too many names.
Status CheckFieldStep(const FieldStep& step);

// The shape as the step leaves it; `shape` itself when nothing changes.
//   set     a field of that name, whatever the line says: a constant, of the resource when the name is one of those
//           (event/resource_names.h), else an attribute; "severity" sets the severity, and what the line said becomes
//           log.level
//   rename  attributes, resource attributes, and severity_text, trace_id, span_id, parent_span_id either way
//   drop    the field is no longer shown, nor found as a variable of the template; the bytes of the line stay
std::shared_ptr<const Shape> ApplyFieldStep(const std::shared_ptr<const Shape>& shape, const FieldStep& step);

// Takes fields called `name` (attributes and resource attributes) away, as `drop` does.
std::shared_ptr<const Shape> WithoutFields(const std::shared_ptr<const Shape>& shape,
                                           const std::vector<std::string>& names);

// "severity" or "severity_text".
bool IsSeverityName(std::string_view name);

// The name under which people know a field: its own, or that of its role ("severity_text").
std::string_view NameOfField(const Field& field);

}  // namespace whittle
