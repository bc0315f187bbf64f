// Work that many threads may share, for code that does not know where threads come from.
#pragma once

#include <cstddef>
#include <functional>

namespace whittle {

// Runs body(0..count-1), possibly at the same time on several threads, and returns when all are done. An empty one
// means that there is one thread.
using ParallelFor = std::function<void(size_t count, const std::function<void(size_t)>& body)>;

// The same with an empty `parallel_for` too: then one after the other.
inline void ForEach(const ParallelFor& parallel_for, size_t count, const std::function<void(size_t)>& body) {
  if (parallel_for) return parallel_for(count, body);
  for (size_t i = 0; i < count; ++i) body(i);
}

}  // namespace whittle
