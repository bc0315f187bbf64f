// SHA-256 (FIPS 180-4), for chains of records that must not be changed unnoticed. For speed where nobody chooses the
// bytes, use base/hash.h.
#pragma once

#include <string>
#include <string_view>

namespace whittle {

// 32 raw bytes.
std::string Sha256(std::string_view bytes);

}  // namespace whittle
