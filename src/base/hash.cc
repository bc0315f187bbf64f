#include "base/hash.h"

#include <xxhash.h>

namespace whittle {

uint64_t Hash64(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Hash128 HashBytes128(std::string_view bytes, uint64_t seed) {
  const XXH128_hash_t h = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {h.high64, h.low64};
}

StreamHash128::StreamHash128() : state_(XXH3_createState()) { XXH3_128bits_reset(state_); }
StreamHash128::~StreamHash128() { XXH3_freeState(state_); }
void StreamHash128::Update(std::string_view bytes) { XXH3_128bits_update(state_, bytes.data(), bytes.size()); }
Hash128 StreamHash128::Digest() const {
  const XXH128_hash_t h = XXH3_128bits_digest(state_);
  return {h.high64, h.low64};
}

std::string ToHex(uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(16, '0');
  for (int i = 15; i >= 0; --i, value >>= 4) out[static_cast<size_t>(i)] = kDigits[value & 15];
  return out;
}

std::string ToHex(const Hash128& value) { return ToHex(value.high) + ToHex(value.low); }

}  // namespace whittle
