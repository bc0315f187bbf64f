#include "pipeline/record_times.h"

namespace whittle {
namespace {

// StreamId::kTimeQuality.
constexpr uint8_t kExact = 0;
constexpr uint8_t kFilledIn = 1;
constexpr uint8_t kTakenOver = 2;

}  // namespace

Result<std::unique_ptr<RecordTimes>> RecordTimes::Create(const TimeOptions& options, const Input& input) {
  TimeResolverOptions resolver;
  resolver.zone = options.zone;
  if (options.year) {
    resolver.year_mode = TimeResolverOptions::Year::kFixed;
    resolver.year = *options.year;
  }
  if (input.date_s) {
    resolver.reference_ns = *input.date_s * 1'000'000'000;
  } else {
    resolver.reference_ns = input.kind == InputKind::kFile ? input.info.modified_ns : options.start_ns;
  }
  WHITTLE_ASSIGN_OR_RETURN(auto created, TimeResolver::Create(resolver));
  return std::unique_ptr<RecordTimes>(new RecordTimes(std::move(created)));
}

Status RecordTimes::Check(const TimeOptions& options) { return Create(options, Input()).status(); }

RecordTime RecordTimes::Resolve(const Row& row, int64_t otherwise_ns) {
  if ((row.flags & Row::kHasTime) == 0 && otherwise_ns != kNoTime) {
    last_ns_ = otherwise_ns;
    return {otherwise_ns, kExact};
  }
  if ((row.flags & Row::kHasTime) == 0) return {last_ns_, last_ns_ == kNoTime ? kExact : kTakenOver};
  const ResolvedTime time =
      resolver_->ResolveLocal(row.local_time_ns, (row.flags & Row::kHasYear) != 0, (row.flags & Row::kHasZone) != 0);
  last_ns_ = time.utc_ns;
  return {time.utc_ns, time.filled_in ? kFilledIn : kExact};
}

TimeState RecordTimes::state() const {
  TimeState state = resolver_->state();
  if (last_ns_ != kNoTime) state.record_ns = last_ns_;
  return state;
}

void RecordTimes::Restore(const TimeState& state) {
  resolver_->Restore(state);
  last_ns_ = state.record_ns.value_or(kNoTime);
}

}  // namespace whittle
