// GroupTable: combinations of group values as dense numbers. Values of each dimension are interned once; a combination
// is a row of their numbers. Not thread-safe; owns everything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "query/result_table.h"

namespace whittle {

class GroupTable {
 public:
  explicit GroupTable(size_t dimensions) : dimensions_(dimensions), values_(dimensions) {}

  // The number of a value within its dimension, the same for the same value.
  uint32_t Intern(size_t dimension, const Cell& value);
  // The number of a combination; `ids` has one number per dimension.
  uint32_t Group(const uint32_t* ids);

  size_t group_count() const { return group_count_; }
  const Cell& ValueOf(size_t group, size_t dimension) const {
    return values_[dimension].cells[ids_[group * dimensions_ + dimension]];
  }
  // Memory, roughly.
  size_t bytes() const { return bytes_; }

 private:
  struct Dimension {
    std::unordered_map<std::string, uint32_t> index;  // encoded value → number
    std::vector<Cell> cells;
  };
  size_t SlotOf(const uint32_t* ids) const;
  void Grow();

  size_t dimensions_;
  std::vector<Dimension> values_;
  std::vector<uint32_t> ids_;    // of group g: [g * dimensions, (g + 1) * dimensions)
  std::vector<uint32_t> slots_;  // open addressing: number of the group + 1, 0 = free
  size_t group_count_ = 0;
  size_t bytes_ = 0;
  std::string key_;
};

}  // namespace whittle
