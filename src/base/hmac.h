// HMAC-SHA-256 (RFC 2104, FIPS 198-1): a hash that only the holder of `key` can compute, so that hashed values cannot
// be found by trying likely ones. Pure function.
#pragma once

#include <string>
#include <string_view>

namespace whittle {

// 32 raw bytes.
std::string HmacSha256(std::string_view key, std::string_view bytes);

}  // namespace whittle
