#include "env/process_memory.h"

#include <malloc.h>
#include <unistd.h>

#include <cstdio>

namespace whittle {

uint64_t ResidentBytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long total = 0, resident = 0;
  const int read = std::fscanf(file, "%llu %llu", &total, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

void LimitMemoryPools([[maybe_unused]] int pools) {
#ifdef M_ARENA_MAX
  mallopt(M_ARENA_MAX, pools);
#endif
}

void ReturnFreeMemory() {
#ifdef M_ARENA_MAX
  malloc_trim(0);
#endif
}

}  // namespace whittle
