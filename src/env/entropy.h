// Entropy: unpredictable bytes, for run ids and keys. Safe to call from many threads. SeededEntropy is for tests: the
// same seed gives the same bytes.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include <whittle/status.h>

namespace whittle {

class Entropy {
 public:
  virtual ~Entropy() = default;
  // `size` bytes.
  virtual Result<std::string> Bytes(size_t size) = 0;
};

class SeededEntropy : public Entropy {
 public:
  explicit SeededEntropy(uint64_t seed) : state_(seed) {}
  Result<std::string> Bytes(size_t size) override;

 private:
  std::mutex mutex_;
  uint64_t state_;
};

// The operating system's; lives as long as the process.
Entropy* SystemEntropy();

}  // namespace whittle
