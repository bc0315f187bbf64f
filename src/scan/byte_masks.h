// ByteMasks: what each byte of a line is, for the tokenizer: one bit that says whether it is a delimiter, one that says
// whether a token with it may be a variable (digits, '/' and '@'), and a class with one bit per kind, so that OR over a
// token says what it is made of. Built with AVX2 where the processor has it,
// with a table elsewhere; both give the same (compared by a test).
//
// Owned by one thread; valid until the next Build.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace whittle {

enum ByteClass : uint8_t {
  kDelimiterByte = 1,
  kDigitByte = 2,
  kHexLetterByte = 4,
  kLetterByte = 8,  // other letters, and every byte >= 0x80
  kDotByte = 16,
  kSlashOrAtByte = 32,
  kPunctuationByte = 64,  // and control bytes
  kBackslashByte = 128,
};

namespace byte_masks {
constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (size_t c = 0; c < 256; ++c) {
    const size_t lower = c | 0x20;
    const bool letter = lower >= 'a' && lower <= 'z' && c < 0x80;
    classes[c] = c >= '0' && c <= '9' ? kDigitByte
                 : letter             ? (lower <= 'f' ? kHexLetterByte : kLetterByte)
                 : c >= 0x80          ? kLetterByte
                                      : kPunctuationByte;
  }
  for (const char c : std::string_view(" \t\v\f\r\n,;=()[]{}\"'|<>"))
    classes[static_cast<unsigned char>(c)] = kDelimiterByte;
  classes['.'] = kDotByte;
  classes['/'] = classes['@'] = kSlashOrAtByte;
  classes['\\'] = kBackslashByte;
  return classes;
}
inline constexpr std::array<uint8_t, 256> kClasses = MakeClasses();
}  // namespace byte_masks

inline uint8_t ClassOfByte(char c) { return byte_masks::kClasses[static_cast<unsigned char>(c)]; }

class ByteMasks {
 public:
  enum class Engine { kBest, kScalar };

  void Build(std::string_view line, Engine engine = Engine::kBest);

  bool IsDelimiter(size_t i) const { return (delimiters_[i >> 6] >> (i & 63) & 1) != 0; }
  // First position >= from that is (not) a delimiter; the line's size when there is none.
  size_t NextDelimiter(size_t from) const {
    return Next(from, [this](size_t word) { return delimiters_[word]; });
  }
  size_t NextNonDelimiter(size_t from) const {
    const size_t at = Next(from, [this](size_t word) { return ~delimiters_[word]; });
    return at < size_ ? at : size_;
  }
  // First position >= from that is a digit, '/' or '@' and no delimiter; the line's size when there is none.
  size_t NextMark(size_t from) const {
    return Next(from, [this](size_t word) { return marks_[word] & ~delimiters_[word]; });
  }
  // Where the token begins that the byte at `i`, which is no delimiter, belongs to.
  size_t TokenBegin(size_t i) const {
    size_t word = i >> 6;
    uint64_t before = delimiters_[word] & ~(~uint64_t{0} << (i & 63));
    while (before == 0 && word > 0) before = delimiters_[--word];
    return before == 0 ? 0 : word * 64 + static_cast<size_t>(std::bit_width(before));
  }
  // The class of each byte; a byte that only a sequence made a delimiter keeps the class of its own.
  const uint8_t* classes() const { return classes_.data(); }
  // The classes of the bytes in [begin, begin + size) together.
  uint8_t ClassesOf(size_t begin, size_t size) const {
    const uint8_t* p = classes_.data() + begin;
    uint64_t bits = 0;
    for (; size >= 8; p += 8, size -= 8) bits |= Load(p);
    if (size > 0) bits |= Load(p) << (64 - 8 * size) >> (64 - 8 * size);
    bits |= bits >> 32;
    bits |= bits >> 16;
    return static_cast<uint8_t>(bits | bits >> 8);
  }

 private:
  template <typename BitsOf>
  size_t Next(size_t from, const BitsOf& bits_of) const {
    if (from >= size_) return size_;
    size_t word = from >> 6;
    uint64_t bits = bits_of(word) & (~uint64_t{0} << (from & 63));
    while (bits == 0) {
      if (++word == words_) return size_;
      bits = bits_of(word);
    }
    return word * 64 + static_cast<size_t>(std::countr_zero(bits));
  }
  // Little-endian, so that the first byte is the lowest.
  static uint64_t Load(const uint8_t* p) {
    uint64_t v;
    std::memcpy(&v, p, 8);
    if constexpr (std::endian::native == std::endian::big) v = __builtin_bswap64(v);
    return v;
  }
  void BuildScalar(std::string_view line);
  void MarkEscapes(std::string_view line);
  void MarkColours(std::string_view line);
  void MarkHashes(std::string_view line);

  std::vector<uint64_t> delimiters_;  // no bits beyond the line
  std::vector<uint64_t> marks_;
  std::vector<uint8_t> classes_;  // longer than the line: ClassesOf loads eight at a time
  size_t size_ = 0;
  size_t words_ = 0;
  bool has_escapes_ = false;
};

}  // namespace whittle
