// WindowHold: what a limit per window (bottom_k.h) decides with. Records of one source wait until their window of event
// time is over; then all of them are decided at once. A window that does not fit into memory is decided in parts, each
// with its share of what is left of the limit.
//
// What is decided together is a function of the records alone - of their order, times and sizes - so neither batches,
// threads nor a restart change it. After a restart the records that were waiting are read, and held, again; Encode
// holds what was decided of records that are not given out yet.
//
// One per source, not thread-safe. Bounded by kMaxHeldRecords (trace_hold.h) and the policy's hold_bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/varint.h"
#include "sample/event_clock.h"
#include "sample/policy.h"

namespace whittle {

class WindowHold {
 public:
  // `policy` must outlive it. `share`: the part of the limit that this source has.
  WindowHold(const SamplingPolicy* policy, double share);

  // The next record. True: those that wait are decided first, by Close. `time_ns`: its own, as EventClock takes it.
  bool Arrive(int64_t time_ns, uint64_t bytes);
  // The record of the last Arrive waits.
  void Wait(uint64_t bytes);
  size_t waiting() const { return waiting_; }

  // What of the limit is for those that wait; they wait no longer. `released`: nothing more will come, or for long, so
  // the window is taken to be over; what comes of it all the same is decided with the next.
  uint64_t Close(bool released);

  struct Decision {
    uint64_t key = 0;  // of the record, without the rule
    uint64_t threshold = 0;
    int64_t time_ns = EventClock::kNone;
    std::optional<int64_t> first_seen_ns;  // age of its template
    uint32_t decided_by = 0;
    bool dropped = false, late = false;
  };
  void Decide(const Decision& decision) { decided_.push_back(decision); }
  size_t decided() const { return decided_.size(); }
  // Of the oldest record that is decided and was not given out.
  Decision Take();

  // Records that Decode brought decisions of and that have to arrive again: they do not wait.
  bool IsKnown() {
    if (known_ == 0) return false;
    --known_;
    return true;
  }

  // `clock`: of the records that are decided.
  void Encode(ByteWriter* out) const;
  bool Decode(ByteReader* in, const EventClock& clock);

 private:
  uint64_t Limit() const;
  uint64_t PlacesOfPart();
  void Open(int64_t window);

  const SamplingPolicy& policy_;
  double share_;
  EventClock arrived_;                  // of the records that arrived
  int64_t window_ = EventClock::kNone;  // that is being filled
  uint64_t left_ = 0;                   // of its limit
  uint64_t seen_bytes_ = 0;             // of its parts that are decided
  uint64_t expected_bytes_ = 0;         // of the window before
  uint64_t parts_beyond_ = 0;           // of it that came beyond what was expected
  bool over_ = false;                   // it is, with the record that arrived
  size_t waiting_ = 0;
  uint64_t waiting_bytes_ = 0;
  std::deque<Decision> decided_;
  size_t known_ = 0;
};

}  // namespace whittle
