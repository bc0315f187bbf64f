// Trace context of an event from the fields of its record, or from what correlation found. Pure functions.
#pragma once

#include <string_view>

#include "event/event.h"
#include "render/materialize.h"

namespace whittle {

// Sets trace_id, span_id, parent_span_id and the correlation of `event`. Ids that cannot be normalised, and the native
// text of those that look different, stay as attributes.
void SetTraceFields(const ShapePlan& head, const std::string_view* slots, const RecordInfo& info, Event* event);

}  // namespace whittle
