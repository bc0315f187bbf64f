// Disjoint sets over small integers that grow on demand. Which element represents a set says nothing; only "same set"
// does. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace whittle {

class UnionFind {
 public:
  explicit UnionFind(size_t size = 0) { Grow(size); }

  // Makes every element below `size` known; new ones are sets of their own.
  void Grow(size_t size) {
    const size_t old = parent_.size();
    if (size <= old) return;
    parent_.resize(size);
    std::iota(parent_.begin() + static_cast<std::ptrdiff_t>(old), parent_.end(), static_cast<uint32_t>(old));
  }

  uint32_t Find(uint32_t element) {
    while (parent_[element] != element) {
      parent_[element] = parent_[parent_[element]];
      element = parent_[element];
    }
    return element;
  }

  // True when the two were in different sets.
  bool Join(uint32_t a, uint32_t b) {
    a = Find(a);
    b = Find(b);
    if (a == b) return false;
    parent_[std::max(a, b)] = std::min(a, b);
    return true;
  }

 private:
  std::vector<uint32_t> parent_;
};

}  // namespace whittle
