#include "query/distinct_counter.h"

#include "base/free_memory.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/hash.h"

namespace whittle {
namespace {

constexpr int kRegisterBits = 12;
constexpr size_t kRegisters = size_t{1} << kRegisterBits;
constexpr size_t kHashBytes = 40;  // of one node of the set

}  // namespace

uint64_t DistinctCounter::HashOf(std::string_view value) { return Hash64(value); }

void DistinctCounter::AddToRegisters(uint64_t hash) {
  const size_t index = hash >> (64 - kRegisterBits);
  const uint64_t rest = hash << kRegisterBits | (uint64_t{1} << (kRegisterBits - 1));
  const auto rank = static_cast<uint8_t>(std::countl_zero(rest) + 1);
  registers_[index] = std::max(registers_[index], rank);
}

void DistinctCounter::GoApproximate() {
  if (!registers_.empty()) return;
  registers_.assign(kRegisters, 0);
  for (const uint64_t hash : hashes_) AddToRegisters(hash);
  FreeMemory(&hashes_);
}

size_t DistinctCounter::AddHash(uint64_t hash) {
  if (!registers_.empty()) {
    AddToRegisters(hash);
    return 0;
  }
  if (!hashes_.insert(hash).second) return 0;
  if (hashes_.size() > kExactValues) GoApproximate();
  return kHashBytes;
}

void DistinctCounter::Merge(const DistinctCounter& other) {
  if (other.exact()) {
    for (const uint64_t hash : other.hashes_) AddHash(hash);
    return;
  }
  GoApproximate();
  for (size_t i = 0; i < kRegisters; ++i) registers_[i] = std::max(registers_[i], other.registers_[i]);
}

double DistinctCounter::Estimate() const {
  if (exact()) return static_cast<double>(hashes_.size());
  constexpr double kCount = static_cast<double>(kRegisters);
  double sum = 0;
  size_t zeros = 0;
  for (const uint8_t rank : registers_) {
    sum += std::ldexp(1.0, -rank);
    zeros += rank == 0 ? 1 : 0;
  }
  const double raw = 0.7213 / (1 + 1.079 / kCount) * kCount * kCount / sum;
  if (raw <= 2.5 * kCount && zeros > 0) return kCount * std::log(kCount / static_cast<double>(zeros));
  return raw;
}

}  // namespace whittle
