#include "scan/byte_masks.h"

#include <algorithm>

#include "scan/colour_sequence.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define WHITTLE_HAVE_AVX2 1
#endif

namespace whittle {
namespace {

// ClassesOf loads eight bytes from any place of the line.
constexpr size_t kPadding = 8;

#ifdef WHITTLE_HAVE_AVX2
__attribute__((target("avx2"))) inline __m256i InRange(__m256i bytes, char first, uint8_t count) {
  const __m256i from_first = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first));
  const __m256i last = _mm256_set1_epi8(static_cast<char>(count - 1));
  return _mm256_cmpeq_epi8(_mm256_min_epu8(from_first, last), from_first);
}

__attribute__((target("avx2"))) inline __m256i Where(__m256i condition, uint8_t bit) {
  return _mm256_and_si256(condition, _mm256_set1_epi8(static_cast<char>(bit)));
}

struct Bits32 {
  uint32_t delimiters = 0;
  uint32_t marks = 0;
};

// Classifies 32 bytes. Delimiters by their two nibbles: a byte is one when the bits of
// its low and of its high nibble meet. The high nibbles that occur (0, 2, 3, 5, 7) have a bit each; bytes >= 0x80 look
// up 0.
__attribute__((target("avx2"))) inline Bits32 Classify32(const char* p, uint8_t* classes, __m256i* escapes) {
  const __m256i low_table = _mm256_setr_epi8(2, 0, 2, 0, 0, 0, 0, 2, 2, 3, 1, 29, 23, 29, 4, 0,  //
                                             2, 0, 2, 0, 0, 0, 0, 2, 2, 3, 1, 29, 23, 29, 4, 0);
  const __m256i high_table = _mm256_setr_epi8(1, 0, 2, 4, 0, 8, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0,  //
                                              1, 0, 2, 4, 0, 8, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m256i zero = _mm256_setzero_si256();
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i high_nibbles = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
  const __m256i meet =
      _mm256_and_si256(_mm256_shuffle_epi8(low_table, bytes), _mm256_shuffle_epi8(high_table, high_nibbles));
  const __m256i delimiter = _mm256_andnot_si256(_mm256_cmpeq_epi8(meet, zero), _mm256_cmpeq_epi8(zero, zero));
  const __m256i lower = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
  const __m256i hex_letter = InRange(lower, 'a', 6);
  const __m256i letter = _mm256_or_si256(InRange(lower, 'g', 20), _mm256_cmpgt_epi8(zero, bytes));
  const __m256i slash_or_at =
      _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('/')), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('@')));
  const __m256i digit = InRange(bytes, '0', 10);
  const __m256i backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
  __m256i all = _mm256_or_si256(Where(delimiter, kDelimiterByte), Where(digit, kDigitByte));
  all = _mm256_or_si256(all, _mm256_or_si256(Where(hex_letter, kHexLetterByte), Where(letter, kLetterByte)));
  all = _mm256_or_si256(all, _mm256_or_si256(Where(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('.')), kDotByte),
                                             Where(slash_or_at, kSlashOrAtByte)));
  all = _mm256_or_si256(all, Where(backslash, kBackslashByte));
  all = _mm256_or_si256(all, Where(_mm256_cmpeq_epi8(all, zero), kPunctuationByte));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(classes), all);
  const __m256i others = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x1b)),
                                         _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('#')));
  *escapes = _mm256_or_si256(*escapes, _mm256_or_si256(backslash, others));
  return {static_cast<uint32_t>(_mm256_movemask_epi8(delimiter)),
          static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(digit, slash_or_at)))};
}

// Words of 64 bytes; `classes` has room for whole words.
__attribute__((target("avx2"))) bool BuildAvx2(std::string_view line, uint64_t* delimiters, uint64_t* marks,
                                               uint8_t* classes) {
  const size_t words = line.size() / 64;
  __m256i escapes = _mm256_setzero_si256();
  for (size_t word = 0; word < words; ++word) {
    const Bits32 low = Classify32(line.data() + word * 64, classes + word * 64, &escapes);
    const Bits32 high = Classify32(line.data() + word * 64 + 32, classes + word * 64 + 32, &escapes);
    delimiters[word] = low.delimiters | static_cast<uint64_t>(high.delimiters) << 32;
    marks[word] = low.marks | static_cast<uint64_t>(high.marks) << 32;
  }
  const size_t rest = line.size() - words * 64;
  if (rest > 0) {
    alignas(32) char tail[64] = {};  // NUL is no delimiter and no mark
    std::memcpy(tail, line.data() + words * 64, rest);
    const Bits32 low = Classify32(tail, classes + words * 64, &escapes);
    const Bits32 high = rest > 32 ? Classify32(tail + 32, classes + words * 64 + 32, &escapes) : Bits32();
    delimiters[words] = low.delimiters | static_cast<uint64_t>(high.delimiters) << 32;
    marks[words] = low.marks | static_cast<uint64_t>(high.marks) << 32;
  }
  return _mm256_testz_si256(escapes, escapes) == 0;
}
#endif

}  // namespace

void ByteMasks::BuildScalar(std::string_view line) {
  for (size_t word = 0; word < words_; ++word) {
    uint64_t delimiters = 0;
    uint64_t marks = 0;
    const std::string_view part = line.substr(word * 64, 64);
    for (size_t i = 0; i < part.size(); ++i) {
      const uint8_t bits = ClassOfByte(part[i]);
      classes_[word * 64 + i] = bits;
      delimiters |= static_cast<uint64_t>(bits & kDelimiterByte) << i;
      marks |= static_cast<uint64_t>((bits & (kDigitByte | kSlashOrAtByte)) != 0 ? 1 : 0) << i;
      has_escapes_ = has_escapes_ || (bits & kBackslashByte) != 0 || part[i] == 0x1b || part[i] == '#';
    }
    delimiters_[word] = delimiters;
    marks_[word] = marks;
  }
}

void ByteMasks::Build(std::string_view line, Engine engine) {
  size_ = line.size();
  words_ = (size_ + 63) / 64;
  if (delimiters_.size() < words_) {
    delimiters_.resize(words_);
    marks_.resize(words_);
    classes_.resize(words_ * 64 + kPadding);
  }
  has_escapes_ = false;
#ifdef WHITTLE_HAVE_AVX2
  static const bool have_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (engine == Engine::kBest && have_avx2) {
    has_escapes_ = BuildAvx2(line, delimiters_.data(), marks_.data(), classes_.data());
  } else {
    BuildScalar(line);
  }
#else
  static_cast<void>(engine);
  BuildScalar(line);
#endif
  if (!has_escapes_) return;
  MarkEscapes(line);
  MarkColours(line);
  MarkHashes(line);
}

// "##" parts values as a comma does: 17##230##4.
void ByteMasks::MarkHashes(std::string_view line) {
  for (size_t at = line.find("##"); at != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_not_of('#', at), size_);
    for (size_t i = at; i < end; ++i) delimiters_[i >> 6] |= uint64_t{1} << (i & 63);
    at = line.find("##", end);
  }
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

// Colours of a terminal are delimiters, as they are and as JSON writes them. Most backslashes are of other escapes, so
// only a run of them that a 'u' follows is looked at closely.
void ByteMasks::MarkColours(std::string_view line) {
  const auto mark = [&](size_t at) {
    const size_t size = ColourSequenceSize(line, at);
    for (size_t i = at; i < at + size; ++i) delimiters_[i >> 6] |= uint64_t{1} << (i & 63);
    return size;
  };
  for (size_t at = line.find('\x1b'); at != std::string_view::npos;)
    at = line.find('\x1b', at + std::max<size_t>(mark(at), 1));
  for (size_t at = line.find('\\'); at != std::string_view::npos;) {
    size_t end = at;
    while (end < size_ && line[end] == '\\') ++end;
    if (end < size_ && line[end] == 'u') {
      // A sequence holds no more backslashes than this, so a longer run costs no more.
      at = std::max(at, end - std::min(end, kMaxColourSequence));
      size_t size = 0;
      while (at < end && (size = mark(at)) == 0) ++at;
      end = at + size;
    }
    at = line.find('\\', end);
  }
}

}  // namespace whittle
