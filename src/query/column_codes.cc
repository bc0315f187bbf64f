#include "query/column_codes.h"

#include "base/free_memory.h"

#include <algorithm>

#include "base/hash.h"

namespace whittle {

ColumnCodes::ColumnCodes(const CodedTexts& values) {
  constexpr size_t kFirstSlots = 256;
  constexpr uint32_t kUnknown = UINT32_MAX;
  table_.assign(kFirstSlots, 0);
  const std::span<const std::string_view> texts = values.texts();
  if (values.is_constant()) {
    codes_.assign(values.size(), Add(texts[0]));
  } else if (values.numbers().empty()) {
    codes_.reserve(texts.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      codes_.push_back(i > 0 && texts[i] == texts[i - 1] ? codes_.back() : Add(texts[i]));
    }
  } else {
    // A dictionary may be shared with other columns, and list a text twice.
    std::vector<uint32_t> code_of(texts.size(), kUnknown);
    codes_.reserve(values.size());
    for (const uint32_t number : values.numbers()) {
      if (code_of[number] == kUnknown) code_of[number] = Add(texts[number]);
      codes_.push_back(code_of[number]);
    }
  }
  FreeMemory(&table_);
}

uint32_t ColumnCodes::Add(std::string_view text) {
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
  return table_[slot] - 1;
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
