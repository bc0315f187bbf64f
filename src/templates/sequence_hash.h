// Hashes of a sequence of words, of its heads and tails, and of the sequence with one or two words blanked. A function
// of the words' text. The sequence and the table must outlive it; not shared between threads.
#pragma once

#include <cstdint>
#include <vector>

#include "templates/word_table.h"

namespace whittle {

inline uint64_t Scramble(uint64_t x) {  // splitmix64's finaliser
  x ^= x >> 30;
  x *= 0xBF58476D1CE4E5B9ULL;
  x ^= x >> 27;
  x *= 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

// Polynomial hashes of all heads and tails of a sequence, so that the sequence with one word blanked costs O(1).
class SequenceHash {
 public:
  SequenceHash(const WordTable& words, const std::vector<WordTable::Id>& sequence) : sequence_(sequence) {
    const size_t size = sequence.size();
    head_.resize(size + 1);
    tail_.resize(size + 1);
    power_.assign(size + 2, 1);
    blank_ = Scramble(words.info(WordTable::kBlank).hash);
    for (size_t i = 0; i <= size; ++i) power_[i + 1] = power_[i] * kBase;
    for (size_t i = 0; i < size; ++i) head_[i + 1] = head_[i] * kBase + Scramble(words.info(sequence[i]).hash);
    for (size_t i = size; i > 0; --i)
      tail_[i - 1] = Scramble(words.info(sequence[i - 1]).hash) * power_[size - i] + tail_[i];
  }

  uint64_t Whole() const { return Scramble(head_.back()); }
  uint64_t Head(size_t size) const { return Scramble(head_[size]); }
  bool BlankBefore(size_t i) const { return i > 0 && sequence_[i - 1] == WordTable::kBlank; }
  bool BlankAfter(size_t i) const { return i + 1 < sequence_.size() && sequence_[i + 1] == WordTable::kBlank; }

  // With word i blanked, and merged with blanks beside it.
  uint64_t Blanked(size_t i) const {
    const size_t left = BlankBefore(i) ? i - 1 : i;
    const size_t right = BlankAfter(i) ? i + 2 : i + 1;
    return Scramble((head_[left] * kBase + blank_) * power_[sequence_.size() - right] + tail_[right]);
  }

  // With words i and j > i blanked.
  uint64_t Blanked(size_t i, size_t j) const {
    const size_t left = BlankBefore(i) ? i - 1 : i;
    const size_t middle = BlankAfter(i) ? i + 2 : i + 1;
    const size_t middle_end = BlankBefore(j) ? j - 1 : j;
    const size_t right = BlankAfter(j) ? j + 2 : j + 1;
    uint64_t hash = head_[left] * kBase + blank_;
    if (middle < middle_end) {
      const uint64_t power = power_[middle_end - middle];
      hash = (hash * power + head_[middle_end] - head_[middle] * power) * kBase + blank_;
    }
    return Scramble(hash * power_[sequence_.size() - right] + tail_[right]);
  }

 private:
  static constexpr uint64_t kBase = 0x9E3779B97F4A7C15ULL;
  const std::vector<WordTable::Id>& sequence_;
  std::vector<uint64_t> head_, tail_, power_;
  uint64_t blank_ = 0;
};

}  // namespace whittle
