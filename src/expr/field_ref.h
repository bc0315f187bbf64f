// What a field name of a query refers to: one of the event's own fields, or attributes, under current and old
// OpenTelemetry names. Pure functions and values, safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace whittle {

// Fields every event has a place for. The names are the keys of the reference rendering.
enum class Builtin : uint8_t {
  kNone,  // an attribute
  kTimestamp,
  kSeverity,
  kSeverityText,
  kSeverityNumber,
  kBody,
  kTemplate,
  kTemplateId,
  kTraceId,
  kSpanId,
  kParentSpanId,
  kSourceName,
  kSourceOffset,
  kSourceLine,
  kSampleRate,
  kStratum,
  kRaw,  // the bytes of the record as they were read
};

struct FieldRef {
  enum class Scope : uint8_t { kAny, kAttributes, kResource };
  Builtin builtin = Builtin::kNone;
  Scope scope = Scope::kAny;       // kNone: where to look
  std::vector<std::string> names;  // kNone: attribute names to try, in order; the one the user wrote is first
  uint32_t id = 0;                 // dense number within one filter or query, for caches
  int64_t unit = 0;                // what one stands for by the name's suffix: nanoseconds or bytes; 0 = no unit
  bool unit_is_time = false;       // unit counts nanoseconds
};

// `attributes.x` and `resource.x` name attributes even where x alone means something else.
FieldRef ResolveField(std::string_view name);

// Every name under which an attribute may be stored: the name itself, the current OpenTelemetry name if it is an old
// one, and the old ones of it.
std::vector<std::string> FieldNameCandidates(std::string_view name);

// Names of the built-in fields, for suggestions and documentation.
std::vector<std::string_view> BuiltinNames();

struct FieldAlias {
  std::string_view old_name;
  std::string_view name;
};
// The table: renamed OpenTelemetry attributes, and ECS names that mean the same.
const std::vector<FieldAlias>& FieldAliases();

}  // namespace whittle
