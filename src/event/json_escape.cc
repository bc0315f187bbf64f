#include "event/json_escape.h"

#include <algorithm>
#include <cstddef>

namespace whittle {

bool EndsWithinEscape(std::string_view text) {
  constexpr size_t kLongestEscape = 6;  // \u00e9
  for (size_t back = 1; back <= std::min(text.size(), kLongestEscape - 1); ++back) {
    if (text[text.size() - back] != '\\') continue;
    size_t begin = text.size() - back;
    while (begin > 0 && text[begin - 1] == '\\') --begin;
    const bool escapes = (text.size() - back - begin) % 2 == 0;
    return escapes && (back == 1 || text[text.size() - back + 1] == 'u');
  }
  return false;
}

}  // namespace whittle
