#include "query/column_codes.h"

#include <algorithm>

#include "base/hash.h"

namespace whittle {

ColumnCodes::ColumnCodes(const std::vector<std::string_view>& values) {
  constexpr size_t kFirstSlots = 256;
  codes_.reserve(values.size());
  table_.assign(kFirstSlots, 0);
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string_view text = values[i];
    if (i > 0 && text == values[i - 1]) {
      codes_.push_back(codes_.back());
      continue;
    }
    if (texts_.size() * 2 >= table_.size()) Grow();
    const uint64_t hash = Hash64(text);
    size_t slot = hash & (table_.size() - 1);
    while (table_[slot] != 0 && (hashes_[table_[slot] - 1] != hash || texts_[table_[slot] - 1] != text)) {
      slot = (slot + 1) & (table_.size() - 1);
    }
    if (table_[slot] == 0) {
      texts_.push_back(text);
      hashes_.push_back(hash);
      table_[slot] = static_cast<uint32_t>(texts_.size());
    }
    codes_.push_back(table_[slot] - 1);
  }
  table_ = {};
}

void ColumnCodes::Grow() {
  table_.assign(table_.size() * 2, 0);
  for (size_t code = 0; code < hashes_.size(); ++code) {
    size_t slot = hashes_[code] & (table_.size() - 1);
    while (table_[slot] != 0) slot = (slot + 1) & (table_.size() - 1);
    table_[slot] = static_cast<uint32_t>(code) + 1;
  }
}

}  // namespace whittle
