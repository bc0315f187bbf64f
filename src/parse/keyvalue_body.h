// Bodies that are pairs throughout, key=value (logfmt) or label:value with tabs between (LTSV): every pair becomes a
// field, well-known ones get their role, and the message is the body. Text with a few pairs in it is not one of these:
// its pairs are named by the templates. Pure functions; fields own their names.
#pragma once

#include <string_view>

#include "event/shape.h"
#include "parse/json_body.h"

namespace whittle {

// Fewer pairs are more likely text.
inline constexpr size_t kMinKeyValuePairs = 2;
inline constexpr size_t kMaxKeyValuePairs = 256;

// Adds the fields (offsets into `text`) and finds the message. False, with nothing added, when `text` is not made of
// pairs only.
bool ParseKeyValueBody(std::string_view text, LineAnalysis* analysis, MessageRange* message);

// The pairs behind the head of a CEF or LEEF record, whose values may hold blanks. `delimiter` parts them.
bool ParseExtension(std::string_view text, char delimiter, LineAnalysis* analysis);

}  // namespace whittle
