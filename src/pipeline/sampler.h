// Sampler: decides which records of one source are kept, takes the others out of the batches, and keeps the exact
// account of both. The stage between parsing and the segment. docs/sampling.md says what the rules, rates and coins
// are.
//
// One Sampler per source, fed with its batches in order on one thread. What it does next depends on the policy and on
// what that source gave before, nothing else: State() after some batch and a new Sampler from it go on exactly alike.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <whittle/status.h>

#include "event/batch.h"
#include "pipeline/incoming_rates.h"
#include "pipeline/sampling_fields.h"
#include "pipeline/segment_unpacker.h"
#include "sample/event_clock.h"
#include "sample/policy.h"
#include "sample/rate_controller.h"
#include "sample/segment_ledger.h"
#include "sample/trace_hold.h"
#include "sample/window_hold.h"
#include "sink/segment_builder.h"
#include "templates/ignore_rules.h"

namespace whittle {

// Strata (or templates) of one source whose first events of a window are counted, and templates whose first event is
// remembered. Beyond it an event is not one of the first, and its template not new.
inline constexpr size_t kMaxFirstKeys = 1 << 16;

// Shapes whose chance to be an ignored template is remembered; beyond it all are forgotten and learned again.
inline constexpr size_t kMaxKnownShapes = 1 << 16;

// StreamId::kTimeQuality of a record that has the time of the one before.
inline constexpr uint8_t kTakenOver = 2;

// The time that a record has of itself; kNoTime: it has that of the one before.
inline int64_t OwnTime(RecordTime time) { return time.quality == kTakenOver ? kNoTime : time.time_ns; }

// The ledger of a policy for one segment.
SegmentLedger NewSegmentLedger(const SamplingPolicy& policy);

class Sampler {
 public:
  // `policy` must outlive it. `share`: its part of an absolute budget. `state`: empty, or what State() gave. kCorrupt
  // when it is not that.
  static Result<std::unique_ptr<Sampler>> Create(const SamplingPolicy* policy, const SegmentSource& source,
                                                 double share, std::string_view state);

  // Takes what is not kept out of `batch` and `times`, writes thresholds and strata of what is, and counts all of it
  // into `ledger`. `begins_segment`: the segment has no row yet, so what is first of it begins a record. Returns what
  // was left out.
  LeftOut Sample(bool begins_segment, EventBatch* batch, std::vector<RecordTime>* times, SegmentLedger* ledger);

  // With `traces: whole` a record waits until it is known what comes of its trace, with a limit per window until the
  // window is over. So batches go in by Hold and come out by Take, in order, as soon as all of their records may be
  // decided; with other policies that is at once. What came out goes to Sample before the next Take.
  void Hold(EventBatch batch, std::vector<RecordTime> times);
  bool Take(EventBatch* batch, std::vector<RecordTime>* times);
  // The source is read to its end, or was silent for long: nothing waits any more.
  void Release() {
    if (hold_) hold_->Release();
    if (window_hold_ && window_hold_->waiting() > 0) JudgeWindow(true);
  }
  bool holds() const { return !waiting_.empty(); }

  std::string State() const;

 private:
  struct Waiting {
    EventBatch batch;
    std::vector<RecordTime> times;
    size_t records = 0;
  };
  // Of the record that is going on, for its lines in later batches.
  struct Decision {
    bool known = false, kept = true, dropped = false, late = false;
    uint64_t threshold = 0;
    uint64_t stratum_id = 0;
    // That of current_, if there is any; brought up to it when that goes, and at the end of a batch.
    std::shared_ptr<const StratumInfo> info = std::make_shared<const StratumInfo>();
    int64_t time_ns = kNoTime;
  };
  // A stratum met lately: its texts, made once, and where controller and ledger had it.
  struct KnownStratum {
    std::shared_ptr<const StratumInfo> info;
    uint32_t in_controller = 0, in_ledger = 0, cell = 0;
    // What a kept event of the last threshold adds to the ledger: 1/p, and (1-p)/p^2.
    uint64_t threshold = 0;
    double weight = 1, variance = 0;
  };
  // The way to one, by the low bits of its id.
  struct Shortcut {
    uint64_t id = 0;
    KnownStratum* known = nullptr;
  };
  static constexpr size_t kShortcuts = 256;
  Sampler(const SamplingPolicy* policy, const SegmentSource& source, double share);
  Status Restore(std::string_view state);
  // What a record's rules say of it.
  struct Ruling {
    uint32_t decided_by = 0;  // a rule, from 1; 0: the budget
    bool drop = false;
    std::optional<double> fixed;  // the probability that a rule gives
    // It says what part of all there was is kept, whoever leaves out the rest: not a budget.
    bool is_rate(const SamplingPolicy& policy) const {
      return policy.cap >= 1 && (fixed.has_value() || policy.budget.kind == SamplingBudget::Kind::kRate);
    }
  };
  // What all records of a shape of the batch at hand have in common, if that decides their stratum.
  struct BatchShape {
    KnownStratum* known = nullptr;  // null: it does not, or nobody looked yet
    bool has_trace = false;         // whose coin its records have
    bool certain = false;           // a rule keeps all of them, so nobody else is asked
    uint64_t key = 0;
    uint64_t stratum_id = 0;
    Ruling ruling;
  };
  // A record that waits for its window. The batch is one of waiting_.
  struct HeldRecord {
    const EventBatch* batch = nullptr;
    size_t first = 0, end = 0;
    uint64_t offset = 0;
    RecordTime time;
  };
  void CountMetrics(MetricLedger* metrics);
  void NoteTime(RecordTime time);
  void Look(const EventBatch& batch, size_t first, size_t end, RecordTime time);
  void LookAgain(const EventBatch& batch, size_t first, size_t end, int64_t time_ns);
  void Decide(const EventBatch& batch, size_t first, size_t end, RecordTime time, uint64_t bytes);
  Ruling AskRules(uint64_t key);
  bool RulesLookAtShape(uint32_t decided_by) const;
  Ruling Judge(uint64_t bytes, BatchShape* shape);
  void JudgeByShape(const BatchShape& shape, uint64_t bytes);
  void SetStratum(uint64_t key, uint32_t decided_by, bool other);
  void HoldForWindow(Waiting* waiting);
  void JudgeWindow(bool released);
  void TakeDecision(const EventBatch& batch, size_t first, size_t end);
  uint64_t JudgeTrace(uint64_t key, uint32_t* decided_by, RateController::Arrival* arrival);
  void Note(const EventBatch& batch, size_t first, size_t end, RecordTime time);
  bool Applies(size_t rule);
  bool FitsIgnoredTemplate();
  bool IsAmongFirst(const SamplingRule& rule, uint64_t key);
  uint64_t Coin();
  void ThrowAfterOther(const EventBatch& batch, size_t first, size_t end, bool is_rate);
  // The id of a stratum from its key and the number of the rule that decided.
  static uint64_t StratumOf(uint64_t key, uint32_t rule) { return key + rule * 0xD6E8FEB86659FD93ULL; }
  KnownStratum* Known(uint64_t id);
  uint32_t StratumIn(SegmentLedger* ledger) {
    // `other` has no id, so it is never found this way.
    const bool known = current_ != nullptr && ledger->IsStratum(current_->in_ledger, decision_.stratum_id);
    return known ? current_->in_ledger : FindStratumIn(ledger);
  }
  uint32_t FindStratumIn(SegmentLedger* ledger);
  // A record, or more lines of one, by the decision at hand.
  void Count(const EventCounts& counts, LedgerCell* cell) {
    // What is kept for certain is most of most logs.
    const bool plain = decision_.kept && decision_.threshold == 0 && incoming_ == 1;
    if (!plain) return CountAny(counts, cell);
    if (decision_.late) cell->late += counts.records;
    cell->in += counts;
    cell->kept += counts;
    cell->weight += static_cast<double>(counts.records);
  }
  void CountAny(const EventCounts& counts, LedgerCell* cell);
  bool JudgeCertain(const EventBatch& batch, size_t first, RecordTime time);

  const SamplingPolicy* policy_;
  const SegmentSource source_;
  Hash128 source_hash_;
  SamplingFields fields_;
  RateController controller_;
  std::unique_ptr<IgnoreRules> ignored_;                      // of the rule that has templates; null: there is none
  std::unordered_map<Hash128, bool, Hash128Hasher> may_fit_;  // by shape: whether its lines may be ignored
  const EventBatch* batch_ = nullptr;                         // with the record at hand
  size_t row_ = 0;                                            // ... and its first row
  std::unordered_map<uint64_t, uint64_t> firsts_;             // of this window: how many were kept as the first
  std::unordered_map<uint64_t, int64_t> first_seen_;          // signature → event time of its first event
  EventClock clock_;                                          // of the records that were looked at
  bool late_ = false;                                         // the record at hand
  std::optional<int64_t> first_seen_ns_;                      // of its template: how long ago
  Decision decision_;
  // Forgotten when there are more than policy_->max_strata.
  std::unordered_map<uint64_t, KnownStratum> known_;
  std::vector<Shortcut> shortcuts_{kShortcuts};
  KnownStratum* current_ = nullptr;  // of decision_; null when it is not in known_
  std::vector<BatchShape> batch_shapes_;
  uint64_t offset_ = 0;  // of the record at hand
  uint64_t trace_ = 0;   // of the record at hand, when its message says so
  // The rate that the record at hand came with. Below 0: that stage threw the same coin, so the threshold of the
  // decision is that of both together (stream 5 of docs/segment-format.md).
  double incoming_ = 1;
  IncomingRates incoming_rates_;
  std::unique_ptr<TraceHold> hold_;  // null: traces are not decided as a whole
  std::deque<Waiting> waiting_;
  std::unique_ptr<WindowHold> window_hold_;  // null: there is no limit per window
  std::deque<HeldRecord> held_;              // what waits for it
  bool begun_ = false;                       // some record waited
  int64_t held_time_ns_ = kNoTime;           // as time_ns_, of the last record that went to hold_
};

}  // namespace whittle
