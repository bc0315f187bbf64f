// The part of a Sampler that keeps a limit per window: records wait for their window and are judged together.
#include "pipeline/message_view.h"
#include "pipeline/sampler.h"
#include "sample/bottom_k.h"
#include "sample/coin.h"

namespace whittle {

void Sampler::HoldForWindow(Waiting* waiting) {
  const EventBatch& batch = waiting->batch;
  const std::vector<Row>& rows = batch.rows;
  const MessageView messages(batch);
  uint64_t offset = batch.first_offset;
  size_t record = 0;
  for (size_t first = 0; first < rows.size();) {
    const bool starts = (rows[first].flags & Row::kRecordStart) != 0;
    HeldRecord held{&batch, first, first, offset + (batch.gaps.empty() ? 0 : batch.gaps[first].bytes), RecordTime()};
    uint64_t bytes = 0;
    do {
      bytes += batch.SourceSize(held.end);
      offset += batch.SourceSize(held.end) + (batch.gaps.empty() ? 0 : batch.gaps[held.end].bytes);
      ++held.end;
    } while (held.end < rows.size() && (rows[held.end].flags & Row::kRecordStart) == 0);
    first = held.end;
    if (starts || !begun_) {
      if (starts) held.time = waiting->times[record];
      held.offset = messages.Offset(record, held.offset);
      begun_ = true;
      ++waiting->records;
      if (!window_hold_->IsKnown()) {
        if (window_hold_->Arrive(OwnTime(held.time), bytes)) JudgeWindow(false);
        window_hold_->Wait(bytes);
        held_.push_back(held);
      }
    }
    record += starts ? 1 : 0;
  }
}

// All that waits for its window: rules in order, then the limit over all of it.
void Sampler::JudgeWindow(bool released) {
  std::vector<WindowHold::Decision> decisions;
  std::vector<WindowEvent> events;  // of those that are not dropped
  decisions.reserve(held_.size());
  for (const HeldRecord& held : held_) {
    Look(*held.batch, held.first, held.end, held.time);
    WindowHold::Decision& decision = decisions.emplace_back();
    decision.key = fields_.Key();
    const Ruling ruling = AskRules(decision.key);
    decision.decided_by = ruling.decided_by;
    decision.dropped = ruling.drop;
    decision.time_ns = clock_.time_ns();
    decision.first_seen_ns = first_seen_ns_;
    decision.late = late_;
    if (ruling.drop) continue;
    events.push_back({StratumOf(decision.key, ruling.decided_by),
                      PositionCoin(policy_->seed, source_hash_, held.offset), ruling.fixed.value_or(-1)});
  }
  held_.clear();
  const auto thresholds = BottomK(events, window_hold_->Close(released), policy_->curve, policy_->floor);
  auto threshold = thresholds.begin();
  for (WindowHold::Decision& decision : decisions) {
    if (!decision.dropped) decision.threshold = *threshold++;
    if (decision.threshold == kCoinSides) {
      // Nothing is left of the limit: there was no chance, so no estimate may speak for it.
      decision.threshold = 0;
      decision.dropped = true;
      decision.decided_by = static_cast<uint32_t>(policy_->rules.size()) + 1;
    }
    window_hold_->Decide(decision);
  }
}

void Sampler::TakeDecision(const EventBatch& batch, size_t first, size_t end) {
  const WindowHold::Decision decision = window_hold_->Take();
  LookAgain(batch, first, end, decision.time_ns);
  fields_.set_first_seen_ns(decision.first_seen_ns);
  decision_.time_ns = decision.time_ns;
  decision_.late = decision.late;
  decision_.dropped = decision.dropped;
  decision_.kept = !decision.dropped;
  decision_.threshold = decision.threshold;
  SetStratum(decision.key, decision.decided_by, false);
}

}  // namespace whittle
