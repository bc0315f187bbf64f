// ValueDictionary: distinct texts in order of first appearance, each with its number. A text may be listed twice when
// the hash table is under attack (probing is bounded), which costs size and never correctness. Views must outlive it.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace whittle {

class ValueDictionary {
 public:
  explicit ValueDictionary(size_t expected = 64);
  // The number of `text`; a new one is size() before the call.
  uint32_t Add(std::string_view text);
  size_t size() const { return texts_.size(); }
  const std::vector<std::string_view>& texts() const { return texts_; }
  std::vector<std::string_view> TakeTexts() { return std::move(texts_); }

 private:
  void Grow();
  // 32 bits of the hash place a text and tell most others from it, so that growing looks at no text.
  struct Slot {
    uint32_t hash = 0;
    uint32_t number_plus_one = 0;
  };
  std::vector<Slot> slots_;
  std::vector<std::string_view> texts_;
};

}  // namespace whittle
