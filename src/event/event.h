// Event: one record in the OpenTelemetry logs data model, ready to be filtered, printed or exported. Owns everything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "event/template.h"
#include "event/value.h"

namespace whittle {

struct Event {
  std::optional<int64_t> timestamp_ns;  // UTC since the epoch
  bool timestamp_guessed = false;       // year, zone or the whole time was not in the line
  std::string severity_text;            // as written; empty when absent
  int severity_number = 0;              // OpenTelemetry SeverityNumber 1..24, 0 = unspecified
  std::string body;                     // the message without envelope and header
  uint64_t template_id = 0;
  std::string template_text;
  std::vector<Attribute> attributes;
  std::vector<Attribute> resource;
  std::string trace_id, span_id, parent_span_id;  // lower-case hex 32/16/16 or empty
  std::string correlation_method;                 // "explicit", "inferred", or empty
  double correlation_confidence = 0;
  double sample_rate = 1.0;  // 1 / probability of having been kept
  std::string stratum;
  std::string source_name;
  uint64_t source_offset = 0;  // byte offset of the record in the decompressed source
  uint64_t source_line = 0;    // 1-based
};

}  // namespace whittle
