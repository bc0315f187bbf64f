// Hides the latency of memory from loops over the texts of a column: those lie all over the text of a segment, which is
// larger than any cache. Changes nothing but speed.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace whittle {

// Call when value `i` is about to be looked at: asks for one a little further on.
inline void PrefetchText(std::span<const std::string_view> values, size_t i) {
  constexpr size_t kAhead = 24;  // what is asked for has to arrive before it is needed, and still be there
  if (i + kAhead < values.size()) __builtin_prefetch(values[i + kAhead].data());
}

}  // namespace whittle
