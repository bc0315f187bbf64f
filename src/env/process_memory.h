// How much memory this process holds. Safe to call from any thread.
#pragma once

#include <cstdint>

namespace whittle {

// Resident bytes; 0 when the system does not say.
uint64_t ResidentBytes();

}  // namespace whittle
