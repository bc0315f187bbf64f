// The type system of attributes and one typed value. A Value owns its bytes; copy and move freely between threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace whittle {

// Attribute types. The numbers are part of the segment format: append only.
enum class ValueType : uint8_t {
  kString = 0,
  kInt64 = 1,
  kDouble = 2,
  kBool = 3,
  kBytes = 4,
  kIp = 5,  // IPv4 or IPv6, text kept
  kUuid = 6,
  kHexId = 7,
  kDuration = 8,   // nanoseconds in `integer`, original text kept
  kTimestamp = 9,  // nanoseconds since the epoch, UTC, in `integer`; original text kept
  kSize = 10,      // bytes (8 bit) in `integer`, original text kept
};

std::string_view ValueTypeName(ValueType type);

struct Value {
  ValueType type = ValueType::kString;
  int64_t integer = 0;  // kInt64, kBool (0/1), kDuration, kTimestamp, kSize
  double real = 0;      // kDouble
  std::string text;     // the original text, always present

  static Value String(std::string_view text) { return {ValueType::kString, 0, 0, std::string(text)}; }
};

// Reads `text` as `type`. Falls back to kString when the text does not fit the type, so it cannot fail.
// Durations: "35 ms", "1.5s", "2m30s", bare numbers are not durations. Sizes: "512 B", "2MiB", "1.5 GB" (decimal and
// binary).
Value ParseValue(ValueType type, std::string_view text);

struct Attribute {
  std::string name;
  Value value;
};

}  // namespace whittle
