#include "env/entropy.h"

#include <sys/random.h>

#include <cerrno>

#include "env/file_system.h"

namespace whittle {
namespace {

class KernelEntropy : public Entropy {
 public:
  Result<std::string> Bytes(size_t size) override {
    std::string bytes(size, '\0');
    size_t done = 0;
    while (done < size) {
      const ssize_t got = getrandom(bytes.data() + done, size - done, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoStatus("getrandom", "read", errno);
      done += static_cast<size_t>(got);
    }
    return bytes;
  }
};

}  // namespace

Result<std::string> SeededEntropy::Bytes(size_t size) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string bytes;
  while (bytes.size() < size) {
    // splitmix64, Steele et al. 2014.
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(z >> (8 * i)));
  }
  bytes.resize(size);
  return bytes;
}

Entropy* SystemEntropy() {
  static KernelEntropy* const entropy = new KernelEntropy;
  return entropy;
}

}  // namespace whittle
