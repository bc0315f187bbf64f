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
  // What places a text; whoever has it may give it back, which spares a look at texts that turn out to be new.
  static uint32_t HashOf(std::string_view text);

  // The number of `text`; a new one is size() before the call.
  uint32_t Add(std::string_view text) { return Add(text, HashOf(text)); }
  uint32_t Add(std::string_view text, uint32_t hash);
  size_t size() const { return texts_.size(); }
  const std::vector<std::string_view>& texts() const { return texts_; }
  std::vector<std::string_view> TakeTexts() { return std::move(texts_); }
  // By number, of every text listed.
  std::vector<uint32_t> Hashes() const;

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
