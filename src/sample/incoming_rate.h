// The rate that an event brings along: an earlier stage sampled it and wrote down how, so it stands for more events
// than itself. This reads the forms that is written in: OpenTelemetry's thresholds (`ot=th:…;rv:…` of a tracestate,
// `sampling.threshold` and `sampling.randomness`) and plain rates (`sample_rate`, `SampleRate`). docs/sampling.md,
// "Rates that come in".
//
// Pure functions of texts, safe from any thread. What is malformed or absurd is no rate: the event then stands for
// itself, and who asks may count it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace whittle {

// An event that would stand for more is not believed: the same limit that whittle sets itself (kLeastProbability).
inline constexpr double kMaxIncomingRate = 1e6;

// What OpenTelemetry's tracestate says of sampling.
// https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/#sampling-threshold-value-th
struct OtelSampling {
  std::optional<uint64_t> threshold;   // th: kept iff randomness >= threshold, both 56 bits
  std::optional<uint64_t> randomness;  // rv: in place of the trace id's low 56 bits
  bool malformed = false;              // th or rv is there and is none
};

// 1 to 14 hexadecimal digits, zeros at the end left out: "c" is 0xc0000000000000. Nothing for other texts.
std::optional<uint64_t> ParseThreshold(std::string_view text);
// Exactly 14 hexadecimal digits.
std::optional<uint64_t> ParseRandomness(std::string_view text);
// The member `ot` of a W3C tracestate ("ot=th:c;rv:e0000000000000,vendor=1"); nothing of others.
OtelSampling ParseTracestate(std::string_view text);
// The same tracestate with `ot` as given, first as W3C demands of who changes it; an empty `ot` takes it out.
std::string ReplaceOtel(std::string_view tracestate, std::string_view ot);
// A decimal number from 1 to kMaxIncomingRate.
std::optional<double> ParseRate(std::string_view text);

// What an event says of how it was sampled; texts that are absent are not there at all.
struct IncomingTexts {
  std::optional<std::string_view> rate;  // a plain rate
  std::optional<std::string_view> tracestate;
  std::optional<std::string_view> threshold, randomness;  // as attributes of their own
  uint64_t trace = 0;                                     // TraceJoinKey of the event's trace id; 0: none
};

struct IncomingSampling {
  double rate = 1;       // how many events it stood for when it came
  bool refused = false;  // something was there that is no rate
  // The coin of the stage before, when it is known: the event was kept because it reached `threshold`.
  std::optional<uint64_t> randomness;
  uint64_t threshold = 0;
};

// A plain rate counts before a threshold; the coin is known when both agree. A threshold that the event's own
// randomness does not reach is refused, and so is an attribute `threshold` without any randomness: it may be anything.
IncomingSampling ReadIncoming(const IncomingTexts& texts);

}  // namespace whittle
