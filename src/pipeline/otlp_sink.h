// A sink that sends to an OpenTelemetry collector: OTLP over HTTP, as JSON (https://opentelemetry.io/docs/specs/otlp/).
//
// One request at a time. What a collector refuses because of what is in it (400, 413, 422) is halved until the event is
// found that it does not take, which is left out and counted, but only by one that took others just before; anything
// else that goes wrong is tried again, at first after a second and at last every half minute, or when the collector
// says (Retry-After): the events are safe in the store, and after a minute they are read from there again. A stop waits
// for what cannot be interrupted: looking up a name, and a host that does not answer (three seconds for each address).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/event_sink.h"

namespace whittle {

// A request has at most so many events, and ends with the event with which it is as large before compression.
inline constexpr size_t kMaxOtlpEvents = 1000;
inline constexpr size_t kMaxOtlpBytes = size_t{1} << 20;
inline constexpr std::string_view kOtlpLogsPath = "/v1/logs";

// Where requests go to.
struct OtlpTarget {
  std::string server;  // "http://127.0.0.1:4318"
  std::string path;    // "/v1/logs"
};

struct OtlpSinkPlan {
  OtlpTarget target;
  std::vector<std::pair<std::string, std::string>> headers;  // of every request
  bool gzip = true;
  int64_t timeout_ns = 10'000'000'000;       // of silence, and for an answer
  std::string ca_file, cert_file, key_file;  // for https; empty: the system's, none
};

// `env` must outlive the sink.
SinkPlan MakeSinkPlan(const Env* env, OtlpSinkPlan plan);

}  // namespace whittle
