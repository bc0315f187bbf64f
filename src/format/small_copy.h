// SmallCopy: memcpy for the short texts that slots are. Without a call for up to 64 bytes, which is nearly all of
// them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace whittle {

// Copies `bytes` to `out` and returns the end. Reads and writes nothing beyond.
inline char* SmallCopy(std::string_view bytes, char* out) {
  const size_t n = bytes.size();
  const char* const in = bytes.data();
  if (n > 64) {
    std::memcpy(out, in, n);
  } else if (n > 32) {
    struct Half {
      char bytes[32];
    } head, tail;
    std::memcpy(&head, in, 32);
    std::memcpy(&tail, in + n - 32, 32);
    std::memcpy(out, &head, 32);
    std::memcpy(out + n - 32, &tail, 32);
  } else if (n > 16) {
    struct Half {
      char bytes[16];
    } head, tail;
    std::memcpy(&head, in, 16);
    std::memcpy(&tail, in + n - 16, 16);
    std::memcpy(out, &head, 16);
    std::memcpy(out + n - 16, &tail, 16);
  } else if (n >= 8) {
    uint64_t head, tail;
    std::memcpy(&head, in, 8);
    std::memcpy(&tail, in + n - 8, 8);
    std::memcpy(out, &head, 8);
    std::memcpy(out + n - 8, &tail, 8);
  } else if (n >= 4) {
    uint32_t head, tail;
    std::memcpy(&head, in, 4);
    std::memcpy(&tail, in + n - 4, 4);
    std::memcpy(out, &head, 4);
    std::memcpy(out + n - 4, &tail, 4);
  } else {
    for (size_t i = 0; i < n; ++i) out[i] = in[i];
  }
  return out + n;
}

}  // namespace whittle
