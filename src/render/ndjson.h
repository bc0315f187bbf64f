// The reference rendering of events: one JSON object a line (docs/query.md, "Events as NDJSON"). Pure functions.
//
//   {"timestamp":"2023-01-29T11:18:29.104384446Z","severity_text":"INFO","severity_number":9,"body":"…",
//    "template_id":"16 hex","template":"… <*> …","attributes":{…},"resource":{…},"trace_id":"…","span_id":"…",
//    "parent_span_id":"…","correlation":{"method":"explicit","confidence":1.0},"sample_rate":1.0,"stratum":"…",
//    "source":{"name":"app.log","offset":0,"line":1}}
//
// Absent fields are left out. Integers, doubles and booleans are JSON numbers and booleans, with the digits of the log
// where JSON allows them; durations, sizes, addresses and ids are the text of the log; timestamps are RFC 3339. A text
// that is not UTF-8 has each bad byte replaced by U+FFFD and a twin with the true bytes in base64: "body_bytes" after
// "body", and for attributes and resources an object "attributes_bytes" / "resource_bytes" with the same key.
#pragma once

#include <string>

#include "event/event.h"

namespace whittle {

// Appends one object and a line feed.
void AppendNdjson(const Event& event, std::string* out);

// Appends a value as JSON; false when bytes were replaced.
bool AppendJsonValue(const Value& value, std::string* out);

}  // namespace whittle
