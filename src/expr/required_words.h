// RequiredWords: words that every line a filter matches must contain, as far as the filter says so: what lets a reader
// leave segments unread (format/segment_filter.h). Pure.
#pragma once

#include <string>
#include <vector>

#include "expr/ast.h"

namespace whittle {

// A matching event's text has all words of one of the lists: runs of letters, digits and underscores, whole, in any
// case. Empty: nothing can be said. At most kMaxWordLists lists.
inline constexpr size_t kMaxWordLists = 16;
std::vector<std::vector<std::string>> RequiredWords(const Expr& expr);

}  // namespace whittle
