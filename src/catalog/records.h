// Keys and small values of the catalog's database. Private to catalog/; docs/store-layout.md lists the keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <whittle/status.h>

#include "catalog/manifest.h"

namespace whittle {

inline constexpr std::string_view kHeaderKey = "m";
inline constexpr std::string_view kSegmentPrefix = "s/";
inline constexpr std::string_view kSourcePrefix = "c/";
inline constexpr std::string_view kPublishedPrefix = "p/";
inline constexpr std::string_view kPrivatePrefix = "x/";
inline constexpr std::string_view kJournalPrefix = "j/";
inline constexpr std::string_view kGarbagePrefix = "g/";

inline std::string Key(std::string_view prefix, std::string_view name) { return std::string(prefix).append(name); }
// Big-endian, so that keys stand in the order of versions.
std::string JournalKey(uint64_t version);

// The part of a manifest that is neither segment, source nor published record.
std::string EncodeHeader(const Manifest& manifest);
Status DecodeHeader(std::string_view bytes, Manifest* manifest);

std::string EncodeTime(int64_t time_ns);
int64_t DecodeTime(std::string_view bytes);

}  // namespace whittle
