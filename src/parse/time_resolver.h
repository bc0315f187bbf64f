// TimeResolver: what was read from a line becomes nanoseconds UTC. Fills in the zone, year or day that the line does
// not carry, from configuration, the source's date and the times before, and counts what it filled in.
//
// One per source, fed in the order of the source: the answers are a function of the times fed so far and the options,
// never of the clock. Not thread-safe. May throw nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <whittle/status.h>

#include "event/time_state.h"
#include "scan/time_layout.h"

namespace whittle {

struct TimeResolverOptions {
  enum class Year {
    kFromReference,  // the latest year that is not after the reference date (a day of slack for clocks that differ)
    kFixed,          // the first time is in `year`; later ones move on when December turns to January
  };
  std::string zone = "UTC";  // IANA name, "local" is not one; or a fixed offset: "+02:00", "-0730", "Z"
  Year year_mode = Year::kFromReference;
  int year = 0;
  // When the source was last written (its modification time, or the start of the run for a live one), UTC.
  int64_t reference_ns = 0;
};

struct ResolvedTime {
  int64_t utc_ns = 0;
  bool filled_in = false;  // zone, year or day was not in the line
};

class TimeResolver {
 public:
  struct Counts {
    uint64_t times = 0;
    uint64_t zone = 0;  // times whose zone was filled in
    uint64_t year = 0;
    uint64_t day = 0;
  };

  // Fails with kConfig when the zone is unknown.
  static Result<std::unique_ptr<TimeResolver>> Create(const TimeResolverOptions& options);
  ~TimeResolver();

  ResolvedTime Resolve(const ParsedTime& time);
  // The same from a Row of an EventBatch: a time before 1972 without a year is a time of day.
  ResolvedTime ResolveLocal(int64_t local_time_ns, bool has_year, bool has_zone);

  const Counts& counts() const { return counts_; }

  // Everything but `record_ns`, which is not its business.
  TimeState state() const;
  void Restore(const TimeState& state);

 private:
  class Zone;
  TimeResolver(const TimeResolverOptions& options, std::unique_ptr<Zone> zone);
  int64_t WithYear(int64_t local_ns);
  int64_t WithDay(int64_t time_of_day_ns);

  TimeResolverOptions options_;
  std::unique_ptr<Zone> zone_;
  Counts counts_;
  std::optional<int64_t> last_local_ns_;  // of the last time resolved, in the configured zone
  std::optional<int64_t> last_utc_ns_;
  int fixed_year_;
};

}  // namespace whittle
