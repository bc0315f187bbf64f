// Explicit trace context: finds the trace, span and parent ids a line carries, in the forms of docs/trace-context.md.
// What it finds follows from the keys in the line and the places of ids, not from their digits: whether a text is an id
// at all is decided by event/trace_id.h when an event is made. Pure function, linear in the line; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "event/shape.h"

namespace whittle {

// Appends to analysis->fields at most one field per role kTraceId, kSpanId, kParentSpanId and kTraceFlags, and request
// and correlation ids as attributes. The type of an id's field says how it is written (TraceIdKindOf). A field that is
// there already and covers exactly the same bytes as an attribute takes the role instead. Clears analysis->cacheable
// when the skeleton of the line does not show what was decided on.
void FindTraceContext(std::string_view line, LineAnalysis* analysis);

// One finding, for `explain`.
struct TraceFinding {
  uint32_t begin = 0;
  uint32_t end = 0;
  FieldRole role = FieldRole::kAttribute;
  ValueType type = ValueType::kHexId;
  std::string_view name;  // attributes only
  std::string_view rule;  // "traceparent", "b3-single", "key", "sleuth-brackets", ...
};

// Limit: a line names its ids once or twice; more than this many keys are not looked at.
inline constexpr size_t kMaxTraceKeys = 64;

// All findings in the order of the line; `stable` becomes false when another line with the same skeleton might differ.
std::vector<TraceFinding> TraceFindings(std::string_view line, bool* stable);

}  // namespace whittle
