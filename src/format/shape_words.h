// ShapeWords: where words can stand in the lines of a shape. A word is a run of letters, digits and underscores; it may
// begin in constant text and go on in a slot ("blk_" before a number), or stand across two slots. Plain data; pure
// functions, safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "event/shape.h"

namespace whittle {

inline bool IsWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Constant text and slots in turn with no separator known between them: literals[0], slots[0], literals[1], ...
struct WordChain {
  std::vector<std::string> literals;  // one more than slots; word bytes only, except in a chain without slots
  std::vector<uint32_t> slots;
  bool after_backslash = false;  // the byte before the chain
  bool beside_letter = false;    // a byte beyond ASCII before or after it, with which what people call a word goes on
};

// The chains of whole lines and, where a body may begin or end in the middle of a word of the line, of the body.
std::vector<WordChain> ChainsOf(const Shape& shape);

// True when the event has some of the line with escapes undone, which changes words: \nabc becomes abc.
bool Unescapes(const Shape& shape);

// Calls visit(word, after_backslash) for every word of at least `minimum` (>= 1) bytes. Looks at one byte in `minimum`
// where there is none.
template <typename Visit>
void VisitWords(std::string_view text, size_t minimum, bool after_backslash, const Visit& visit) {
  size_t from = 0;  // no word that begins before it is still to come
  for (size_t at = minimum - 1; at < text.size(); at += minimum) {
    if (at < from || !IsWordByte(text[at])) continue;
    size_t begin = at, end = at + 1;
    while (begin > from && IsWordByte(text[begin - 1])) --begin;
    while (end < text.size() && IsWordByte(text[end])) ++end;
    from = end;
    if (end - begin >= minimum)
      visit(text.substr(begin, end - begin), begin > 0 ? text[begin - 1] == '\\' : after_backslash);
  }
}

}  // namespace whittle
