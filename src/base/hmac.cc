#include "base/hmac.h"

#include "base/sha256.h"

namespace whittle {
namespace {
constexpr size_t kBlockBytes = 64;  // of SHA-256

std::string Padded(std::string_view key, char pad) {
  std::string block(key.size() > kBlockBytes ? Sha256(key) : std::string(key));
  block.resize(kBlockBytes, '\0');
  for (char& c : block) c = static_cast<char>(c ^ pad);
  return block;
}
}  // namespace

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  std::string inner = Padded(key, 0x36);
  inner += bytes;
  return Sha256(Padded(key, 0x5c) + Sha256(inner));
}

}  // namespace whittle
