// How much memory this process holds, and how its heap is divided. Safe to call from any thread.
#pragma once

#include <cstdint>

namespace whittle {

// Resident bytes; 0 when the system does not say.
uint64_t ResidentBytes();

// The allocator keeps what was freed in pools, by default up to eight for each processor, each with holes of its own:
// with many threads a third more memory is held than is used. No more pools than this from now on; call it first.
void LimitMemoryPools(int pools);

// Gives back to the system what was freed and is held for later, and what is freed in large blocks from now on as soon
// as it is. What needs memory next pays for getting it again; so it does nothing if it was done a moment ago.
void ReturnFreeMemory();

}  // namespace whittle
