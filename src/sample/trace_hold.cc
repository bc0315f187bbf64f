#include "sample/trace_hold.h"

#include <algorithm>
#include <iterator>

namespace whittle {
namespace {

constexpr int64_t kNoTimeNs = INT64_MIN;

// Whether `later` is `span` or more after `earlier`; false when either is unknown.
bool IsAfter(int64_t later, int64_t earlier, int64_t span) {
  if (later == kNoTimeNs || earlier == kNoTimeNs || later <= earlier) return false;
  return static_cast<uint64_t>(later) - static_cast<uint64_t>(earlier) >= static_cast<uint64_t>(span);
}

}  // namespace

void TraceHold::Arrive(uint64_t trace, bool wanted, int64_t time_ns, uint64_t bytes) {
  newest_ns_ = std::max(newest_ns_, time_ns);
  const uint64_t number = first_ + held_.size();
  held_.push_back({trace, wanted, time_ns, bytes_, UINT64_MAX});
  bytes_ += bytes;
  if (trace != 0 && wanted) wanted_[trace].push_back(number);
  // In order: nothing is decided before what came before it.
  for (; ready_ < held_.size(); ++ready_) {
    Held& oldest = held_[ready_];
    const bool over = IsAfter(newest_ns_, oldest.time_ns, policy_.hold_ns) ||
                      bytes_ - oldest.begin > policy_.hold_bytes || held_.size() - ready_ > kMaxHeldRecords;
    if (!over || number < seen_) return;
    oldest.seen = number;
  }
}

TraceHold::Verdict TraceHold::Decide() {
  Held held = held_.front();
  const uint64_t number = first_++;
  if (held.seen == UINT64_MAX) held.seen = number + held_.size() - 1;  // released before its time
  seen_ = held.seen;
  held_.pop_front();
  ready_ -= ready_ > 0 ? 1 : 0;
  decided_newest_ns_ = std::max(decided_newest_ns_, held.time_ns);
  Forget();
  current_ = held.trace;
  if (held.trace == 0) return {};
  const auto found = index_.find(held.trace);
  const bool is_new = found == index_.end();
  if (is_new) {
    traces_.push_back({});
    traces_.back().id = held.trace;
    index_[held.trace] = std::prev(traces_.end());
  } else {
    traces_.splice(traces_.end(), traces_, found->second);
  }
  Trace& trace = traces_.back();
  trace.newest_ns = std::max(trace.newest_ns, held.time_ns);
  if (const auto wanted = wanted_.find(held.trace); wanted != wanted_.end()) {
    if (!trace.whole && wanted->second.front() <= held.seen) {
      trace.whole = true;
      trace.late = !is_new;
    }
    if (wanted->second.front() == number) wanted->second.pop_front();
    if (wanted->second.empty()) wanted_.erase(wanted);
  }
  Verdict verdict;
  verdict.kind = !trace.whole ? Verdict::Kind::kTrace : trace.late ? Verdict::Kind::kLate : Verdict::Kind::kWhole;
  if (verdict.kind == Verdict::Kind::kTrace && trace.has_threshold) {
    verdict.key = trace.key;
    verdict.threshold = trace.threshold;
  }
  return verdict;
}

void TraceHold::SetTrace(uint64_t key, uint64_t threshold) {
  if (current_ == 0) return;
  Trace& trace = traces_.back();
  trace.has_threshold = true;
  trace.key = key;
  trace.threshold = threshold;
}

// Traces that were quiet for as long as they would have been waited for, and those beyond the limit.
void TraceHold::Forget() {
  while (!traces_.empty()) {
    const Trace& oldest = traces_.front();
    if (traces_.size() < kMaxHeldTraces && !IsAfter(decided_newest_ns_, oldest.newest_ns, policy_.hold_ns)) return;
    index_.erase(oldest.id);
    traces_.pop_front();
  }
}

void TraceHold::Encode(ByteWriter* out) const {
  out->Signed(decided_newest_ns_);
  out->Varint(seen_ > first_ ? seen_ - first_ : 0);
  out->Varint(traces_.size());
  for (const Trace& trace : traces_) {
    out->U64(trace.id);
    out->U8(static_cast<uint8_t>((trace.whole ? 1 : 0) | (trace.late ? 2 : 0) | (trace.has_threshold ? 4 : 0)));
    out->U64(trace.key);
    out->Varint(trace.threshold);
    out->Signed(trace.newest_ns);
  }
}

bool TraceHold::Decode(ByteReader* in) {
  newest_ns_ = decided_newest_ns_ = in->Signed();
  seen_ = in->Varint();
  for (uint64_t count = in->Varint(); count > 0 && in->ok(); --count) {
    Trace trace;
    trace.id = in->U64();
    const uint8_t flags = in->U8();
    trace.whole = (flags & 1) != 0;
    trace.late = (flags & 2) != 0;
    trace.has_threshold = (flags & 4) != 0;
    trace.key = in->U64();
    trace.threshold = in->Varint();
    trace.newest_ns = in->Signed();
    traces_.push_back(trace);
    index_[trace.id] = std::prev(traces_.end());
  }
  return in->ok() && index_.size() == traces_.size() && traces_.size() <= kMaxHeldTraces;
}

}  // namespace whittle
