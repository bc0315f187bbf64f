// The body of a shape as the miner sees it: delimiters, words and values. What is a value is decided by looks and
// position alone (masked tokens, literals, qualified names, the right side of '=', dates), so a form is a pure function
// of one shape. A form owns its text. Safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "event/shape.h"

namespace whittle {

struct BodyUnit {
  enum class Kind : uint8_t {
    kDelimiter,  // punctuation and white space
    kWord,       // constant unless merging finds it to be a value
    kValue,      // a slot, unless it never varied and looks constant
  };
  Kind kind = Kind::kDelimiter;
  TokenClass token_class = TokenClass::kWord;  // kValue: kWord when it is made of words
  ValueType type = ValueType::kString;         // kValue: what parse/ found it to be, kString when it did not say
  bool has_text = true;                        // false: a value whose text differs per line
  bool constant_when_fixed = false;            // kValue: may be shown as a constant when its text never varies
  bool open = false;                           // kValue: stands for any number of units, in a stored shape
  bool unit_of_number = false;                 // kValue: "ms" of "35 ms", one value with the number where it varies
  uint16_t begin = 0;                          // pieces [begin, end) of the shape
  uint16_t end = 0;
  std::string text;  // unescaped; empty when !has_text
};

// Whether a delimiter is ':' and '#' only, which hang on the word before them.
bool IsGlue(std::string_view text);

// The units of shape.body, in order, covering all its pieces.
std::vector<BodyUnit> ParseBody(const Shape& shape);

}  // namespace whittle
