// Giving back what a container holds.
#pragma once

namespace whittle {

// `container = {}` does not: of vectors and strings it is the assignment of an empty list, which keeps the memory.
template <typename Container>
void FreeMemory(Container* container) {
  Container().swap(*container);
}

}  // namespace whittle
