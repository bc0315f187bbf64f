// A sink that sends to an OpenTelemetry collector: OTLP over HTTP, as JSON (https://opentelemetry.io/docs/specs/otlp/).
//
// One request at a time. What a collector refuses because of what is in it (400, 413, 422) is halved until the event is
// found that it does not take, which is left out and counted, but only by one that takes other requests; anything else
// that goes wrong is tried again, at first after a second and at last every half minute, or when the collector says
// (Retry-After): the events are safe in the store. A stop waits for a host that does not answer at all, for three
// seconds.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/event_sink.h"

namespace whittle {

// A request has at most so many events, and ends with the event with which it is as large before compression.
inline constexpr size_t kMaxOtlpEvents = 1000;
inline constexpr size_t kMaxOtlpBytes = size_t{1} << 20;

// Where requests go to.
struct OtlpTarget {
  std::string server;  // "http://127.0.0.1:4318"
  std::string path;    // "/v1/logs"
};

struct OtlpSinkPlan {
  OtlpTarget target;
  std::vector<std::pair<std::string, std::string>> headers;  // of every request
  bool gzip = true;
  int64_t timeout_ns = 10'000'000'000;       // of one request
  std::string ca_file, cert_file, key_file;  // for https; empty: the system's, none
};

// `env` must outlive the sink.
SinkPlan MakeSinkPlan(const Env* env, OtlpSinkPlan plan);

}  // namespace whittle
