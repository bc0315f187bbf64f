// The sequences that programs write to colour text on a terminal: ESC [ parameters m ("select graphic rendition" of
// ECMA-48). They say nothing about an event, and stand where one would look for a level or a name.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace whittle {

// A sequence with more bytes is none.
inline constexpr size_t kMaxColourSequence = 40;

// Length of the sequence at text[at], 0 when there is none; ESC may be written as in a JSON string ("\\u001b").
inline size_t ColourSequenceSize(std::string_view text, size_t at) {
  size_t end = at;
  if (text[at] == '\x1b') {
    ++end;
  } else {
    while (end < text.size() && text[end] == '\\' && end - at < kMaxColourSequence) ++end;
    const std::string_view code = text.substr(end, 5);
    if (end == at || (code != "u001b" && code != "u001B")) return 0;
    end += 5;
  }
  if (end >= text.size() || text[end] != '[') return 0;
  do ++end;
  while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == ';' || text[end] == ':'));
  return end < text.size() && text[end] == 'm' && end + 1 - at <= kMaxColourSequence ? end + 1 - at : 0;
}

inline std::string WithoutColours(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size();) {
    const size_t size = ColourSequenceSize(text, at);
    if (size == 0) plain.push_back(text[at]);
    at += std::max<size_t>(size, 1);
  }
  return plain;
}

}  // namespace whittle
