#include "env/process_memory.h"

#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
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
  constexpr int kLargeBlock = 4 << 20;
  constexpr std::chrono::steady_clock::duration kMoment = std::chrono::milliseconds(250);
  static std::atomic<std::chrono::steady_clock::rep> last_time{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  auto last = last_time.load();
  if (last != 0 && now.count() - last < kMoment.count()) return;
  if (!last_time.compare_exchange_strong(last, now.count())) return;  // another thread does it
  mallopt(M_MMAP_THRESHOLD, kLargeBlock);
  malloc_trim(0);
#endif
}

}  // namespace whittle
