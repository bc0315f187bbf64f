// SameBytes: memcmp for the short texts that tokens, slots and gaps are, in place instead of by a call. Reads nothing
// beyond its arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace whittle {

namespace same_bytes {
template <typename Word>
bool SameWord(const char* a, const char* b) {
  Word x, y;
  std::memcpy(&x, a, sizeof(x));
  std::memcpy(&y, b, sizeof(y));
  return x == y;
}
}  // namespace same_bytes

// Words that overlap cover every length between one and two of them.
inline bool SameBytes(const char* a, const char* b, size_t size) {
  using same_bytes::SameWord;
  if (size > 32) return std::memcmp(a, b, size) == 0;
  if (size > 16) {
    return SameWord<uint64_t>(a, b) && SameWord<uint64_t>(a + 8, b + 8) &&
           SameWord<uint64_t>(a + size - 16, b + size - 16) && SameWord<uint64_t>(a + size - 8, b + size - 8);
  }
  if (size >= 8) return SameWord<uint64_t>(a, b) && SameWord<uint64_t>(a + size - 8, b + size - 8);
  if (size >= 4) return SameWord<uint32_t>(a, b) && SameWord<uint32_t>(a + size - 4, b + size - 4);
  return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
}

inline bool SameText(std::string_view a, std::string_view b) {
  return a.size() == b.size() && SameBytes(a.data(), b.data(), a.size());
}

}  // namespace whittle
