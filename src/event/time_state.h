// TimeState: what the times of a source so far say about those to come: a record without a time of its own, a time
// without year or day. Who goes on with a source where another left off needs it to give the same answers. Plain data.
#pragma once

#include <cstdint>
#include <optional>

namespace whittle {

struct TimeState {
  std::optional<int64_t> record_ns;  // of the last record, UTC
  std::optional<int64_t> local_ns;   // of the last time read from a line, in the zone of the source
  std::optional<int64_t> utc_ns;     // ... and UTC
  std::optional<int32_t> year;       // of times that name none, where the configuration says where to begin
  bool operator==(const TimeState&) const = default;
};

}  // namespace whittle
