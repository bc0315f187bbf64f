// ColumnCodes: the values of one column as dense numbers, equal values alike, so that work can be done once per
// distinct value. Views the column's text, which must outlive it. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "format/coded_texts.h"

namespace whittle {

class ColumnCodes {
 public:
  explicit ColumnCodes(const CodedTexts& values);
  uint32_t CodeAt(size_t index) const { return codes_[index]; }
  std::string_view TextOf(uint32_t code) const { return texts_[code]; }
  size_t size() const { return codes_.size(); }
  size_t distinct() const { return texts_.size(); }

 private:
  uint32_t Add(std::string_view text);
  void Grow();

  std::vector<uint32_t> codes_;
  std::vector<std::string_view> texts_;
  std::vector<uint64_t> hashes_;  // of texts_
  std::vector<uint32_t> table_;   // open addressing: code + 1, 0 = free
};

}  // namespace whittle
