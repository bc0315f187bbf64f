#include "scan/byte_masks.h"

#include <array>
#include <cstring>

#include "scan/tokenizer.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define WHITTLE_HAVE_AVX2 1
#endif

namespace whittle {
namespace {

enum : uint8_t { kDelimiter = 1, kCandidate = 2, kBackslash = 4 };

constexpr std::array<uint8_t, 256> MakeTable() {
  std::array<uint8_t, 256> table{};
  for (const char c : std::string_view(" \t\v\f\r\n,;=()[]{}\"'|<>")) table[static_cast<unsigned char>(c)] = kDelimiter;
  for (const char c : std::string_view("0123456789/@")) table[static_cast<unsigned char>(c)] = kCandidate;
  table['\\'] = kBackslash;
  return table;
}
constexpr std::array<uint8_t, 256> kTable = MakeTable();

#ifdef WHITTLE_HAVE_AVX2
struct Bits {
  uint32_t delimiters, candidates, backslashes;
};

// Delimiters by their two nibbles: a byte is one when the bits of its low and of its high nibble meet. The high nibbles
// that occur (0, 2, 3, 5, 7) have a bit each; bytes >= 0x80 look up 0.
__attribute__((target("avx2"))) inline Bits Classify32(const char* p) {
  const __m256i low_table = _mm256_setr_epi8(2, 0, 2, 0, 0, 0, 0, 2, 2, 3, 1, 29, 23, 29, 4, 0,  //
                                             2, 0, 2, 0, 0, 0, 0, 2, 2, 3, 1, 29, 23, 29, 4, 0);
  const __m256i high_table = _mm256_setr_epi8(1, 0, 2, 4, 0, 8, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0,  //
                                              1, 0, 2, 4, 0, 8, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i high_nibbles = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
  const __m256i meet =
      _mm256_and_si256(_mm256_shuffle_epi8(low_table, bytes), _mm256_shuffle_epi8(high_table, high_nibbles));
  const __m256i not_delimiter = _mm256_cmpeq_epi8(meet, _mm256_setzero_si256());
  // '/' and the digits are 0x2f..0x39: eleven bytes in a row.
  const __m256i from_slash = _mm256_sub_epi8(bytes, _mm256_set1_epi8('/'));
  const __m256i slash_or_digit = _mm256_cmpeq_epi8(_mm256_min_epu8(from_slash, _mm256_set1_epi8(10)), from_slash);
  const __m256i candidate = _mm256_or_si256(slash_or_digit, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('@')));
  return {~static_cast<uint32_t>(_mm256_movemask_epi8(not_delimiter)),
          static_cast<uint32_t>(_mm256_movemask_epi8(candidate)),
          static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'))))};
}

// Whole words of 64 bytes; returns how many were done.
__attribute__((target("avx2"))) size_t BuildAvx2(std::string_view line, uint64_t* delimiters, uint64_t* candidates,
                                                 bool* backslash) {
  const size_t words = line.size() / 64;
  uint32_t backslashes = 0;
  for (size_t word = 0; word < words; ++word) {
    const Bits low = Classify32(line.data() + word * 64);
    const Bits high = Classify32(line.data() + word * 64 + 32);
    delimiters[word] = low.delimiters | static_cast<uint64_t>(high.delimiters) << 32;
    candidates[word] = low.candidates | static_cast<uint64_t>(high.candidates) << 32;
    backslashes |= low.backslashes | high.backslashes;
  }
  const size_t rest = line.size() - words * 64;
  if (rest > 0) {
    alignas(32) char tail[64] = {};
    std::memcpy(tail, line.data() + words * 64, rest);
    const Bits low = Classify32(tail);
    const Bits high = Classify32(tail + 32);
    delimiters[words] = low.delimiters | static_cast<uint64_t>(high.delimiters) << 32;
    candidates[words] = low.candidates | static_cast<uint64_t>(high.candidates) << 32;
    backslashes |= low.backslashes | high.backslashes;
  }
  *backslash = backslashes != 0;
  return words;
}
#endif

}  // namespace

void ByteMasks::BuildScalar(std::string_view line, size_t first_word) {
  for (size_t word = first_word; word < words_; ++word) {
    uint64_t delimiters = 0;
    uint64_t candidates = 0;
    const std::string_view part = line.substr(word * 64, 64);
    for (size_t i = 0; i < part.size(); ++i) {
      const uint8_t bits = kTable[static_cast<unsigned char>(part[i])];
      delimiters |= static_cast<uint64_t>(bits & kDelimiter) << i;
      candidates |= static_cast<uint64_t>(bits >> 1 & 1) << i;
      has_backslash_ = has_backslash_ || (bits & kBackslash) != 0;
    }
    delimiters_[word] = delimiters;
    candidates_[word] = candidates;
  }
}

void ByteMasks::Build(std::string_view line, Engine engine) {
  size_ = line.size();
  words_ = (size_ + 63) / 64;
  if (delimiters_.size() < words_) {
    delimiters_.resize(words_);
    candidates_.resize(words_);
  }
  has_backslash_ = false;
#ifdef WHITTLE_HAVE_AVX2
  static const bool have_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (engine == Engine::kBest && have_avx2) {
    BuildAvx2(line, delimiters_.data(), candidates_.data(), &has_backslash_);
  } else {
    BuildScalar(line, 0);
  }
#else
  static_cast<void>(engine);
  BuildScalar(line, 0);
#endif
  if (has_backslash_) MarkEscapes(line);
}

// Runs of escapes that end at a double quote, (\\+[nrt]?)+" , are delimiters: \" and \n" in JSON inside JSON. A run
// that does not end at a quote is skipped as a whole, so this is linear.
void ByteMasks::MarkEscapes(std::string_view line) {
  for (size_t at = line.find('\\'); at != std::string_view::npos;) {
    size_t end = at;
    while (end < size_ && line[end] == '\\') {
      while (end < size_ && line[end] == '\\') ++end;
      if (end < size_ && (line[end] == 'n' || line[end] == 'r' || line[end] == 't')) ++end;
    }
    if (end < size_ && line[end] == '"') {
      for (size_t i = at; i < end; ++i) delimiters_[i >> 6] |= uint64_t{1} << (i & 63);
    }
    at = line.find('\\', end);
  }
}

}  // namespace whittle
