// The names under which programs write trace and span ids, and what form of value each announces. Constant data; used
// by trace_context.cc only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "event/shape.h"

namespace whittle {

// What stands behind a key.
enum class TraceForm : uint8_t {
  kId,         // one id
  kDecimalId,  // one Datadog id
  kFlags,
  kTraceparent,        // 00-trace-span-flags
  kB3,                 // trace-span[-sampled[-parent]]
  kJaeger,             // trace:span:parent:flags
  kXRay,               // Root=1-...;Parent=...
  kCloudTrace,         // trace/decimal-span;o=1
  kCloudResource,      // projects/p/traces/trace
  kSkyWalking,         // a TID
  kSkyWalkingContext,  // [service,instance,trace,segment,span]
  kAttribute,          // an id of another kind
};

struct TraceKey {
  std::string_view name;  // lower case without '-' and '_', '.' kept
  TraceForm form;
  FieldRole role;
  std::string_view rule;
};

// Longer names are nobody's key for a trace id.
inline constexpr size_t kMaxTraceKeyBytes = 64;

// What keys are written with: letters, digits and _ - . @
inline bool IsTraceKeyByte(char c) {
  static constexpr std::array<bool, 256> kKeyBytes = [] {
    std::array<bool, 256> is_key{};
    constexpr std::string_view kAll = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.@";
    for (const char key : kAll) is_key[static_cast<unsigned char>(key)] = true;
    return is_key;
  }();
  return kKeyBytes[static_cast<unsigned char>(c)];
}

// The key that `written` stands for, as it stands in the line: the whole of it, its last two parts ("ctx.trace.id") or
// the last ("mdc.traceId"). Null for other words; quick for most of them.
const TraceKey* FindTraceKey(std::string_view written);

}  // namespace whittle
