// OtlpRequest: events as the body of a request to an OpenTelemetry collector, in OTLP's JSON encoding (OTLP 1.x,
// ExportLogsServiceRequest; https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). Owns its text. Not
// thread-safe.
//
// A text that is not UTF-8 goes as bytes, so nothing is lost. What OTLP has no place for is an attribute:
// `log.record.uid`, by which a collector knows an event that it was sent twice, and below `whittle.`: template_id,
// template, source, offset, line, timestamp_guessed, sample_rate and stratum, and timestamp for one before 1970, which
// OTLP's numbers cannot say; the parent span is `parent_span_id`. Attributes of the event that are called so themselves
// get `whittle.original.` in front: keys are unique.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"

namespace whittle {

class OtlpRequest {
 public:
  // Of whoever sends: the instrumentation scope.
  explicit OtlpRequest(std::string version) : version_(std::move(version)) {}

  // `uid`: the same for the same event whenever it is sent.
  void Add(const Event& event, std::string_view uid);
  size_t events() const { return records_.size(); }
  bool empty() const { return records_.empty(); }
  // About what the body of all of them takes.
  size_t bytes() const { return bytes_; }

  // The body for the first `count` events, at least one of those there are. `observed_ns`: now, since the epoch.
  // Events that follow each other with equal resources share them.
  std::string Body(size_t count, int64_t observed_ns) const;
  void RemoveFirst(size_t count);
  void MoveFirstToEnd();

 private:
  struct Record {
    std::string resource;  // the members of its attributes
    std::string fields;    // all members but the observed time
  };
  std::string version_;
  std::vector<Record> records_;
  size_t bytes_ = 0;
};

// The value as OTLP's AnyValue.
void AppendOtlpValue(const Value& value, std::string* out);

}  // namespace whittle
