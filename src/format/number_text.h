// Numbers written as text, and back, byte for byte: Parse* fails unless Append* of its result gives the same bytes.
// Pure functions; hot.
#pragma once

#include <cstdint>
#include <string_view>

namespace whittle {

inline constexpr size_t kMaxDigits = 18;      // every number of 18 digits fits int64_t
inline constexpr size_t kMaxNumberText = 48;  // bytes an Append* may write

inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// "0", "17", "-4": no leading zeros, no "-0", at most 18 digits.
inline bool ParseInteger(std::string_view text, int64_t* value) {
  const bool negative = !text.empty() && text[0] == '-';
  const std::string_view digits = text.substr(negative ? 1 : 0);
  if (digits.empty() || digits.size() > kMaxDigits) return false;
  if (digits[0] == '0' && (digits.size() > 1 || negative)) return false;
  int64_t v = 0;
  for (const char c : digits) {
    if (!IsDigit(c)) return false;
    v = v * 10 + (c - '0');
  }
  *value = negative ? -v : v;
  return true;
}

// Digits only, leading zeros allowed; the width is the caller's to keep.
inline bool ParseDigits(std::string_view text, int64_t* value) {
  if (text.empty() || text.size() > kMaxDigits) return false;
  int64_t v = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
    v = v * 10 + (c - '0');
  }
  *value = v;
  return true;
}

// "-12.50" with `fraction` digits after the dot as -1250. At most 18 digits; no leading zeros; "-0.00" fails.
inline bool ParseDecimal(std::string_view text, size_t fraction, int64_t* value) {
  if (text.size() < fraction + 2) return false;
  const size_t dot = text.size() - fraction - 1;
  if (text[dot] != '.') return false;
  const bool negative = text[0] == '-';
  const std::string_view whole = text.substr(negative ? 1 : 0, dot - (negative ? 1 : 0));
  if (whole.empty() || whole.size() + fraction > kMaxDigits || (whole[0] == '0' && whole.size() > 1)) return false;
  int64_t v = 0;
  for (const char c : whole) {
    if (!IsDigit(c)) return false;
    v = v * 10 + (c - '0');
  }
  for (const char c : text.substr(dot + 1)) {
    if (!IsDigit(c)) return false;
    v = v * 10 + (c - '0');
  }
  if (negative && v == 0) return false;
  *value = negative ? -v : v;
  return true;
}

// Each writes at `out` (room for kMaxNumberText) and returns the end. Any int64_t is safe, what Parse* cannot give
// included.
char* AppendInteger(int64_t value, char* out);
char* AppendDigits(int64_t value, size_t width, char* out);      // zero padded to `width` <= 18
char* AppendDecimal(int64_t value, size_t fraction, char* out);  // `fraction` in 1..18

}  // namespace whittle
