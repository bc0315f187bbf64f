// What other systems call how an event was sampled, as attributes of the event. docs/sampling.md, "Handing rates on".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "event/event.h"
#include "query/record_view.h"

namespace whittle {

enum class SamplingExport : uint8_t {
  kNone,
  kOtel,       // sampling.threshold, sampling.randomness, tracestate
  kHoneycomb,  // SampleRate
};

// Adds them to `event`, which is that of `record`. Thresholds only where the coin is known again: not in segments that
// were made of events sampled under several policies.
void AddSamplingFields(const RecordView& record, SamplingExport what, Event* event);

// The 14 digits of a threshold or coin; of thresholds without the zeros at the end.
std::string ThresholdText(uint64_t threshold);
std::string RandomnessText(uint64_t coin);

}  // namespace whittle
