// SmallCopy: memcpy for the short texts that slots are. Without a call for up to 64 bytes, which is nearly all of
// them.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace whittle {

namespace small_copy {
// The first and the last `kSize` bytes, which overlap: all of between kSize and twice as many.
template <size_t kSize>
void CopyEnds(const char* in, size_t n, char* out) {
  struct Block {
    char bytes[kSize];
  } head, tail;
  std::memcpy(&head, in, kSize);
  std::memcpy(&tail, in + n - kSize, kSize);
  std::memcpy(out, &head, kSize);
  std::memcpy(out + n - kSize, &tail, kSize);
}
}  // namespace small_copy

// Copies `bytes` to `out` and returns the end. Reads and writes nothing beyond.
inline char* SmallCopy(std::string_view bytes, char* out) {
  using small_copy::CopyEnds;
  const size_t n = bytes.size();
  const char* const in = bytes.data();
  if (n > 64) {
    std::memcpy(out, in, n);
  } else if (n > 32) {
    CopyEnds<32>(in, n, out);
  } else if (n > 16) {
    CopyEnds<16>(in, n, out);
  } else if (n >= 8) {
    CopyEnds<8>(in, n, out);
  } else if (n >= 4) {
    CopyEnds<4>(in, n, out);
  } else {
    for (size_t i = 0; i < n; ++i) out[i] = in[i];
  }
  return out + n;
}

}  // namespace whittle
