// Trace and span ids: from the text a log carries to the 16 and 8 bytes of OpenTelemetry, as lower-case hex. Pure
// functions, safe from any thread, linear in the text; parse/ finds the text (parse/trace_context.h), readers normalise
// it when an event is made, and the native text stays in the line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "event/value.h"

namespace whittle {

// How a native id is written.
enum class TraceIdKind : uint8_t {
  kAuto = 0,     // hex; a UUID; X-Ray 1-8-24; all digits and longer than 16: Datadog's decimal
  kDecimal = 1,  // Datadog: an unsigned 64-bit decimal, or 32 hex digits from newer tracers
  kOpaque = 2,   // SkyWalking and other strings: the 128-bit hash of the text
};

// The kind of a field with role kTraceId, kSpanId or kParentSpanId; its type says how it is written.
TraceIdKind TraceIdKindOf(ValueType type);

// 32 hex digits; 64-bit ids are padded with zeros on the left. False for what is no id: all zeros, fewer than 8 or more
// than 32 hex digits, other bytes, a decimal that does not fit. (Jaeger drops leading zeros; a 64-bit id with fewer
// than 8 digits would be a one in four billion case, a counter in a field called trace_id is not.)
bool NormalizeTraceId(std::string_view native, TraceIdKind kind, std::string* hex32);
// The same for 8-byte span ids: 16 hex digits.
bool NormalizeSpanId(std::string_view native, TraceIdKind kind, std::string* hex16);

// 64-bit and 128-bit forms of one id (a tracer that was upgraded, Datadog beside W3C) agree in this: the low 64 bits of
// a normalised trace id. 0 when the text is not 32 hex digits.
uint64_t TraceJoinKey(std::string_view hex32);

// Ids that are not trace ids but tie lines together all the same.
enum class CorrelationIdKind : uint8_t {
  kNone = 0,
  kOpenStackRequest,  // req-<UUID>
  kYarnApplication,   // application_<cluster time>_<number>, also Spark on YARN
  kYarnAttempt,       // appattempt_..., attempt_...
  kYarnContainer,     // container_...
  kMapReduceJob,      // job_...
  kMapReduceTask,     // task_...
  kSparkApplication,  // app-<yyyymmddhhmmss>-<number>, local-<ms>
};

// What a value is by its own form alone, and the attribute name it is known by ("yarn.application.id", ...).
CorrelationIdKind ClassifyCorrelationId(std::string_view text);
std::string_view CorrelationIdName(CorrelationIdKind kind);

// A 128-bit id for any text of a kind, the same on every host: a function of (kind's name, text) and nothing else.
Hash128 CorrelationHash(std::string_view name, std::string_view text);

}  // namespace whittle
