// RecordTimes: when each record of one source happened. Records without a time of their own have that of the record
// before. One per source, fed in order; not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <whittle/status.h>

#include "event/batch.h"
#include "parse/time_resolver.h"
#include "sink/segment_builder.h"
#include "source/input_set.h"

namespace whittle {

struct TimeOptions {
  std::string zone = "UTC";
  std::optional<int> year;  // of times that name none; nothing: from the date of the input
  int64_t start_ns = 0;     // of the run: the reference for inputs without a date
};

class RecordTimes {
 public:
  // kConfig when the zone is unknown.
  static Result<std::unique_ptr<RecordTimes>> Create(const TimeOptions& options, const Input& input);
  static Status Check(const TimeOptions& options);

  // `otherwise_ns`: when it happened if the row does not say; kNoTime: when the record before did.
  RecordTime Resolve(const Row& row, int64_t otherwise_ns = kNoTime);

  // What the next record depends on; a source that is gone on with begins with what it was left with.
  TimeState state() const;
  void Restore(const TimeState& state);

 private:
  explicit RecordTimes(std::unique_ptr<TimeResolver> resolver) : resolver_(std::move(resolver)) {}
  std::unique_ptr<TimeResolver> resolver_;
  int64_t last_ns_ = kNoTime;
};

}  // namespace whittle
