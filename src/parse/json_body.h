// Bodies that are JSON objects: every member becomes a field, well-known ones get their role, and the message is the
// body. Pure functions of the text.
#pragma once

#include <string_view>

#include "event/shape.h"
#include "parse/json_scan.h"

namespace whittle {

// Where the message stands.
struct MessageRange {
  bool found = false;
  size_t begin = 0, end = 0;
  bool escaped = true;  // the bytes are the content of a JSON string
};

// Adds the fields of a JSON object to `analysis` (offsets into `text`) and finds its message. False, with nothing
// added, when `text` is no JSON object. Clears cacheable when keys or values decided that the skeleton does not show.
bool ParseJsonBody(std::string_view text, LineAnalysis* analysis, MessageRange* message);

// The same for members that were scanned already.
void AddJsonFields(std::string_view text, const std::vector<JsonMember>& members, LineAnalysis* analysis,
                   MessageRange* message);

}  // namespace whittle
