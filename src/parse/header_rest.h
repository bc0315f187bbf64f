// What a header holds beside the items that are known: columns, ids in brackets, key=value contexts of a thread. Each
// becomes an attribute, so that nothing of a line is in no field at all.
#pragma once

#include <cstddef>
#include <string_view>

#include "event/shape.h"

namespace whittle {

// Headers with more such columns are followed by other text than columns; the rest has no names.
inline constexpr size_t kMaxHeaderRest = 16;

// Adds an attribute for each token of text[0, analysis->body_begin) that no field of `analysis` touches and that has a
// letter or a digit: called by its key where it is `key=value` or `key:value`, else `header.N`, N counting such
// tokens and lone punctuation ("-" for "none") from 1, so that a column keeps its number. A function of the skeleton.
void AddHeaderRest(std::string_view text, LineAnalysis* analysis);

}  // namespace whittle
