// ByteMasks: one bit per byte of a line, for the two questions the tokenizer asks of every byte. Built with AVX2 where
// the processor has it, with a table elsewhere; both give the same bits (compared by a test and a fuzzer).
//
// Owned by one thread; valid until the next Build.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace whittle {

class ByteMasks {
 public:
  enum class Engine { kBest, kScalar };

  void Build(std::string_view line, Engine engine = Engine::kBest);

  bool IsDelimiter(size_t i) const { return (delimiters_[i >> 6] >> (i & 63) & 1) != 0; }
  // First position >= from that is (not) a delimiter; the line's size when there is none.
  size_t NextDelimiter(size_t from) const { return Next(from, 0); }
  size_t NextNonDelimiter(size_t from) const { return Next(from, ~uint64_t{0}); }
  // Whether a digit, '/' or '@' stands in [begin, end).
  bool HasCandidate(size_t begin, size_t end) const {
    for (size_t word = begin >> 6; word <= (end - 1) >> 6; ++word) {
      uint64_t bits = candidates_[word];
      if (word == begin >> 6) bits &= ~uint64_t{0} << (begin & 63);
      if (word == end >> 6) bits &= (uint64_t{1} << (end & 63)) - 1;
      if (bits != 0) return true;
    }
    return false;
  }

 private:
  size_t Next(size_t from, uint64_t invert) const {
    if (from >= size_) return size_;
    size_t word = from >> 6;
    uint64_t bits = (delimiters_[word] ^ invert) & (~uint64_t{0} << (from & 63));
    while (bits == 0) {
      if (++word == words_) return size_;
      bits = delimiters_[word] ^ invert;
    }
    const size_t at = word * 64 + static_cast<size_t>(std::countr_zero(bits));
    return at < size_ ? at : size_;
  }
  void BuildScalar(std::string_view line, size_t first_word);
  void MarkEscapes(std::string_view line);

  std::vector<uint64_t> delimiters_, candidates_;
  size_t size_ = 0;
  size_t words_ = 0;
  bool has_backslash_ = false;
};

}  // namespace whittle
