#include "format/number_text.h"

#include <array>
#include <cstring>

namespace whittle {
namespace {

constexpr std::array<char, 200> MakePairs() {
  std::array<char, 200> pairs{};
  for (int i = 0; i < 100; ++i) {
    pairs[static_cast<size_t>(i) * 2] = static_cast<char>('0' + i / 10);
    pairs[static_cast<size_t>(i) * 2 + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> kPairs = MakePairs();

size_t DigitCount(uint64_t v) {
  size_t n = 1;
  for (;;) {
    if (v < 10) return n;
    if (v < 100) return n + 1;
    if (v < 1000) return n + 2;
    if (v < 10000) return n + 3;
    v /= 10000;
    n += 4;
  }
}

// Writes the last `width` digits of v.
void Fill(uint64_t v, size_t width, char* out) {
  while (width >= 2) {
    width -= 2;
    std::memcpy(out + width, &kPairs[static_cast<size_t>(v % 100) * 2], 2);
    v /= 100;
  }
  if (width == 1) *out = static_cast<char>('0' + v % 10);
}

uint64_t Magnitude(int64_t v) { return v < 0 ? 0 - static_cast<uint64_t>(v) : static_cast<uint64_t>(v); }

}  // namespace

char* AppendInteger(int64_t value, char* out) {
  if (value < 0) *out++ = '-';
  const uint64_t v = Magnitude(value);
  const size_t width = DigitCount(v);
  Fill(v, width, out);
  return out + width;
}

char* AppendDigits(int64_t value, size_t width, char* out) {
  Fill(Magnitude(value), width, out);
  return out + width;
}

char* AppendDecimal(int64_t value, size_t fraction, char* out) {
  if (value < 0) *out++ = '-';
  uint64_t v = Magnitude(value);
  uint64_t scale = 1;
  for (size_t i = 0; i < fraction; ++i) scale *= 10;
  const uint64_t whole = v / scale;
  const size_t width = DigitCount(whole);
  Fill(whole, width, out);
  out[width] = '.';
  Fill(v % scale, fraction, out + width + 1);
  return out + width + 1 + fraction;
}

}  // namespace whittle
