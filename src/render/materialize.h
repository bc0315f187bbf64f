// Builds an Event from the rows of one record. Pure functions; the event owns everything it holds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "render/shape_plan.h"

namespace whittle {

// A later line of a record; views live as long as the caller's rows.
struct ContinuationLine {
  const Shape* shape = nullptr;
  const std::string_view* slots = nullptr;
};

// What is known about a record besides its text.
struct RecordInfo {
  std::optional<int64_t> time_ns;  // UTC
  bool time_guessed = false;
  std::string_view source_name;
  uint64_t source_offset = 0;
  uint64_t source_line = 0;
  const std::vector<Attribute>* resource = nullptr;  // of the source; a field of the record wins over it
  double sample_rate = 1.0;
  std::string_view stratum;
  // Set when correlation found or corrected the ids; otherwise the record's own fields count, as "explicit".
  std::string_view trace_id, span_id, parent_span_id, correlation_method;
  double correlation_confidence = 0;
};

// The first line gives the fields; the message is its body and, each after a line feed, those of the lines after it.
// A stack trace among them gives exception.type, exception.message and exception.stacktrace unless fields of these
// names exist. A shape without a template stands for itself: no template_id.
void Materialize(const ShapePlan& head, const std::string_view* slots,
                 const std::vector<ContinuationLine>& continuation, const RecordInfo& info, Event* event);

}  // namespace whittle
