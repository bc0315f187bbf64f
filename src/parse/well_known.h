// Names that loggers give to the fields every event has, and what they are called here: OpenTelemetry semantic
// conventions where there is one, ECS names where not. Constant tables, safe from any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "event/shape.h"

namespace whittle {

enum class KnownField : uint8_t { kAttribute, kTimestamp, kSeverity, kMessage, kResource };

struct WellKnown {
  KnownField field = KnownField::kAttribute;
  std::string_view name;                // for attributes and resources
  ValueType type = ValueType::kString;  // kString: as the value is written
  int rank = 0;                         // of several timestamps, levels or messages the lowest rank wins
};

// How the field `key` (dotted for nested ones) of a JSON object or key=value line is to be understood. Unknown keys
// keep their name.
WellKnown LookUpField(std::string_view key);

// True when the tokenizer would mask a part of `key`: then other lines of the same skeleton may have other keys.
bool KeyVaries(std::string_view key);

}  // namespace whittle
