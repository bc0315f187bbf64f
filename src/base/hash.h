// Hashes that are part of the format or of an id: XXH3 (xxHash 0.8) of bytes, 64 and 128 bits wide, and their hex
// forms. Stable across machines; never used as a defence against someone who chooses the bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

struct XXH3_state_s;

namespace whittle {

struct Hash128 {
  uint64_t high = 0;
  uint64_t low = 0;
  auto operator<=>(const Hash128&) const = default;
};

uint64_t Hash64(std::string_view bytes, uint64_t seed = 0);
Hash128 HashBytes128(std::string_view bytes, uint64_t seed = 0);

// Lower-case hex, 16 or 32 characters.
std::string ToHex(uint64_t value);
std::string ToHex(const Hash128& value);

// HashBytes128 of bytes that come in pieces.
class StreamHash128 {
 public:
  StreamHash128();
  ~StreamHash128();
  StreamHash128(const StreamHash128&) = delete;
  StreamHash128& operator=(const StreamHash128&) = delete;
  void Update(std::string_view bytes);
  Hash128 Digest() const;

 private:
  ::XXH3_state_s* state_;
};

struct Hash128Hasher {
  size_t operator()(const Hash128& h) const { return h.low ^ (h.high * 0x9E3779B97F4A7C15ULL); }
};

}  // namespace whittle
