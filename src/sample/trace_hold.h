// TraceHold: what `traces: whole` decides with. Records of one source wait until event time, or their number or bytes,
// has gone on far enough; then it is known whether any record of the same trace so far is one that a rule keeps, and
// the trace is kept whole. Traces without such a record share what their first record got from the budget.
//
// Which records a decision has seen is a function of the records alone - of their order, times and sizes - so neither
// batches, threads nor a restart change one. After a restart the records that were waiting are read, and held, again;
// Encode holds only what earlier decisions left behind.
//
// One per source, not thread-safe. Bounded by kMaxHeldRecords, kMaxHeldTraces and the policy's hold_bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <unordered_map>

#include "base/varint.h"
#include "sample/policy.h"

namespace whittle {

// Records of one source that wait; the oldest is decided with what is known when there are more.
inline constexpr size_t kMaxHeldRecords = 1 << 18;
// Traces of one source whose decision is remembered for what is still to come of them. When there are more, the one
// that was quiet for longest is forgotten: what comes of it later is decided anew.
inline constexpr size_t kMaxHeldTraces = 1 << 16;

class TraceHold {
 public:
  // `policy` must outlive it.
  explicit TraceHold(const SamplingPolicy* policy) : policy_(*policy) {}

  // The next record. `trace` 0: it has none. `wanted`: a rule keeps it. INT64_MIN: no time is known.
  void Arrive(uint64_t trace, bool wanted, int64_t time_ns, uint64_t bytes);
  // Nothing more will come, or for long: all that wait may be decided.
  void Release() { ready_ = held_.size(); }

  size_t waiting() const { return held_.size(); }
  // How many of them, from the oldest, may be decided.
  size_t ready() const { return ready_; }

  struct Verdict {
    enum class Kind : uint8_t {
      kAlone,  // no trace: as the record itself says
      kWhole,  // its trace is kept
      kLate,   // ... but some of it was decided before anyone knew
      kTrace,  // as the trace's first record got it from the budget
    };
    Kind kind = Kind::kAlone;
    std::optional<uint64_t> key, threshold;  // kTrace: of the first record; nothing: this is the first, see SetTrace
  };
  // Decides the oldest record, which must be ready.
  Verdict Decide();
  // After a Decide that gave kTrace without key: what the budget gave this record.
  void SetTrace(uint64_t key, uint64_t threshold);

  void Encode(ByteWriter* out) const;
  bool Decode(ByteReader* in);

 private:
  struct Held {
    uint64_t trace = 0;
    bool wanted = false;
    int64_t time_ns = INT64_MIN;
    uint64_t begin = 0;          // in bytes of all records that arrived
    uint64_t seen = UINT64_MAX;  // number of the last record that its decision may know; not known yet
  };
  struct Trace {
    uint64_t id = 0;
    bool whole = false, late = false, has_threshold = false;
    uint64_t key = 0, threshold = 0;
    int64_t newest_ns = INT64_MIN;
  };
  void Forget();

  const SamplingPolicy& policy_;
  std::deque<Held> held_;  // record first_ and on
  uint64_t first_ = 0;
  size_t ready_ = 0;
  uint64_t seen_ = 0;  // the last record that the last decision knew: no later decision knows less
  uint64_t bytes_ = 0;
  int64_t newest_ns_ = INT64_MIN;                              // of all that arrived
  int64_t decided_newest_ns_ = INT64_MIN;                      // of all that were decided
  std::unordered_map<uint64_t, std::deque<uint64_t>> wanted_;  // trace → numbers of its wanted records that wait
  std::list<Trace> traces_;                                    // the one that was quiet for longest first
  std::unordered_map<uint64_t, std::list<Trace>::iterator> index_;
  uint64_t current_ = 0;  // trace of the last Decide
};

}  // namespace whittle
