// Finds the members of a JSON object and where their values stand. simdjson decides whether the text is JSON; this only
// reports ranges, flattening nested objects to dotted names. Pure functions; members own their names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "event/shape.h"

namespace whittle {

// A longer text is never treated as JSON: the document tree of a 64 MiB line would need ten times that in memory.
inline constexpr size_t kMaxJsonBytes = 1 << 20;
// Deeper objects stay one value.
inline constexpr int kMaxJsonDepth = 8;
// Further members stay part of the text without a field of their own.
inline constexpr size_t kMaxJsonMembers = 256;

enum class JsonKind : uint8_t { kString, kInteger, kReal, kBool, kNull, kObject, kArray };

struct JsonMember {
  std::string name;  // unescaped, parents first: "resource.labels.zone"
  JsonKind kind = JsonKind::kNull;
  size_t begin = 0, end = 0;  // the value; of a string without its quotes, still escaped
};

// False when `text`, blanks around it aside, is not one valid JSON object. Objects come as their members (an empty or
// too deep one as itself), arrays as one member. `varying_keys`: where keys stand that KeyVaries says may vary, without
// their quotes.
bool ScanJsonObject(std::string_view text, std::vector<JsonMember>* members, std::vector<ByteRange>* varying_keys);

}  // namespace whittle
