// IncomingRates: finds the events of one source that an earlier stage has sampled, by what they say of it, and writes
// the rate they came with beside them (stream 5 of docs/segment-format.md). Which fields speak of sampling is decided
// by shape; only records of such shapes are looked at. docs/sampling.md, "Rates that come in".
//
// A pure function of record and choice, so chunks, threads and restarts change nothing. One per source, on the thread
// that assembles batches; the choice must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "event/batch.h"
#include "format/segment.h"
#include "render/shape_plan.h"
#include "sample/incoming_rate.h"
#include "sample/policy.h"

namespace whittle {

// Shapes with fields that speak of sampling, remembered for one source; when there are more they are forgotten and
// worked out anew.
inline constexpr size_t kMaxRateShapes = 20'000;

struct IncomingRateCounts {
  uint64_t records = 0;  // that stand for more than themselves
  double stand_for = 0;  // so many
  uint64_t refused = 0;  // that say something of a rate which is none
  IncomingRateCounts& operator+=(const IncomingRateCounts& other) {
    records += other.records;
    stand_for += other.stand_for;
    refused += other.refused;
    return *this;
  }
};

class IncomingRates {
 public:
  explicit IncomingRates(const IncomingChoice* choice) : choice_(*choice) {}

  // Adds the stream, if any record of the batch has a rate. What was counted until then is in counts().
  void AddTo(EventBatch* batch);
  // Of the record that begins at `row`. `trace`: TraceJoinKey of an id that is not in its text; 0: none.
  IncomingSampling Of(const EventBatch& batch, size_t row, uint64_t trace);

  // Since the call before.
  IncomingRateCounts TakeCounts() { return std::exchange(counts_, {}); }

 private:
  struct Fields {
    std::shared_ptr<const ShapePlan> plan;
    const PlannedField* rate = nullptr;
    const PlannedField* tracestate = nullptr;
    const PlannedField* threshold = nullptr;
    const PlannedField* randomness = nullptr;
    bool any() const { return rate != nullptr || tracestate != nullptr || threshold != nullptr; }
  };
  bool MayTell(const Shape& shape) const;
  const Fields* FieldsOf(const std::shared_ptr<const Shape>& shape);
  Fields Find(const std::shared_ptr<const Shape>& shape) const;
  const PlannedField* FindRate(const ShapePlan& plan) const;

  const IncomingChoice& choice_;
  std::unordered_map<Hash128, Fields, Hash128Hasher> fields_of_;
  IncomingRateCounts counts_;
};

// The stream of incoming rates of a batch; null when all of its records came unsampled.
RecordStream* IncomingStream(EventBatch* batch);
// A value of it; 1 for what is no rate. Below 0: see docs/segment-format.md.
double IncomingRateOf(int64_t bits);

}  // namespace whittle
