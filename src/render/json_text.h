// Writing JSON: strings, numbers and base64, appended to a caller's buffer. Pure functions. Output is always valid
// UTF-8 and valid JSON, whatever the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace whittle {

// True when `text` is well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF).
bool IsUtf8(std::string_view text);

// Appends `text` quoted and escaped (RFC 8259; also DEL and the C1 controls, which a terminal would obey). Every byte
// that is not part of well-formed UTF-8 becomes U+FFFD; false when that happened.
bool AppendJsonString(std::string_view text, std::string* out);

// As AppendJsonString for keys, which have no twin to carry their bytes: an ill-formed byte becomes %XX.
void AppendJsonKey(std::string_view key, std::string* out);

// Appends the shortest text that reads back as `value`, with ".0" if it would look like an integer; null if not finite.
void AppendJsonDouble(double value, std::string* out);

// True when `text` is a number in JSON's grammar, so that it may stand in JSON as it is.
bool IsJsonNumber(std::string_view text);

// RFC 4648, with padding, without line breaks.
void AppendBase64(std::string_view bytes, std::string* out);

}  // namespace whittle
