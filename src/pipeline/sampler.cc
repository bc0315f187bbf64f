#include "pipeline/sampler.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "pipeline/batch_thinner.h"
#include "pipeline/kept_records.h"
#include "pipeline/message_view.h"
#include "query/accumulator.h"
#include "sample/coin.h"

namespace whittle {
namespace {

Hash128 ParseHash(const std::string& hex) {
  Hash128 hash;
  if (hex.size() != 32) return hash;
  std::from_chars(hex.data(), hex.data() + 16, hash.high, 16);
  std::from_chars(hex.data() + 16, hex.data() + 32, hash.low, 16);
  return hash;
}

MetricUnit UnitOf(ValueType type) {
  switch (type) {
    case ValueType::kInt64:
      return MetricUnit::kInteger;
    case ValueType::kDuration:
      return MetricUnit::kDuration;
    case ValueType::kSize:
      return MetricUnit::kSize;
    default:
      return MetricUnit::kReal;
  }
}

const char* ActionName(const SamplingRule& rule, std::string* text) {
  switch (rule.action) {
    case SamplingRule::Action::kKeepAll:
      *text = "keep all";
      break;
    case SamplingRule::Action::kKeepFirst:
      *text = "keep first " + std::to_string(rule.first);
      break;
    case SamplingRule::Action::kRate: {
      char digits[32];
      const auto end = std::to_chars(digits, digits + sizeof(digits), 1 / rule.probability).ptr;
      *text = "rate " + std::string(digits, end);
      break;
    }
    case SamplingRule::Action::kDrop:
      *text = "drop";
      break;
  }
  return text->c_str();
}

// The message with <*> for what varies.
std::string FormOf(const Shape& shape) {
  std::string form;
  for (size_t i = shape.body.begin; i < shape.body.end && form.size() < kMaxKeyBytes; ++i) {
    const Piece& piece = shape.pieces[i];
    if (piece.kind != Piece::Kind::kSlot) {
      form += piece.text;
    } else if (!form.ends_with("<*>")) {
      form += "<*>";
    }
  }
  return form;
}

}  // namespace

SegmentLedger NewSegmentLedger(const SamplingPolicy& policy) {
  std::vector<std::string> rules;
  for (const SamplingRule& rule : policy.rules) {
    std::string action;
    rules.push_back(rule.when + ": " + ActionName(rule, &action));
  }
  if (policy.traces == SamplingPolicy::Traces::kWhole) {
    rules.emplace_back("trace of an event that a rule keeps: keep all");
    rules.emplace_back("trace of an event that a rule keeps, found too late: keep the rest");
  }
  if (policy.budget.per_window()) rules.emplace_back("beyond what is left of the window's limit: drop");
  SegmentLedger ledger(policy.text, policy.key, std::move(rules), policy.window_ns);
  std::vector<MetricDefinition> metrics;
  for (const SamplingMetric& metric : policy.metrics) metrics.push_back(metric.definition);
  *ledger.mutable_metrics() = MetricLedger(std::move(metrics), policy.window_ns);
  return ledger;
}

Sampler::Sampler(const SamplingPolicy* policy, const SegmentSource& source, double share)
    : policy_(policy),
      source_(source),
      source_hash_(ParseHash(source.id)),
      fields_(policy, &source_),
      controller_(policy, share),
      clock_(policy->window_ns),
      incoming_rates_(&policy->incoming) {
  if (policy->budget.per_window()) window_hold_ = std::make_unique<WindowHold>(policy, share);
  if (policy->traces == SamplingPolicy::Traces::kWhole) hold_ = std::make_unique<TraceHold>(policy);
  for (const SamplingRule& rule : policy->rules) {
    if (rule.templates.empty()) continue;
    Overrides overrides;
    for (const std::string& text : rule.templates) overrides.ignore.push_back(TemplateRef::Parse(text));
    ignored_ = std::make_unique<IgnoreRules>(overrides);
  }
}

Result<std::unique_ptr<Sampler>> Sampler::Create(const SamplingPolicy* policy, const SegmentSource& source,
                                                 double share, std::string_view state) {
  std::unique_ptr<Sampler> sampler(new Sampler(policy, source, share));
  if (!state.empty()) WHITTLE_RETURN_IF_ERROR(sampler->Restore(state));
  return sampler;
}

bool Sampler::IsAmongFirst(const SamplingRule& rule, uint64_t key) {
  switch (rule.per) {
    case SamplingRule::Per::kStratum:
      break;
    case SamplingRule::Per::kTemplate:
      key = fields_.facts().plan->shape->signature;
      break;
    case SamplingRule::Per::kSource:
      key = 0;
      break;
  }
  key = key * 0x9E3779B97F4A7C15ULL + static_cast<uint64_t>(&rule - policy_->rules.data());
  auto found = firsts_.find(key);
  if (found == firsts_.end()) {
    if (firsts_.size() >= kMaxFirstKeys) return false;
    found = firsts_.emplace(key, 0).first;
  }
  if (found->second >= rule.first) return false;
  ++found->second;
  return true;
}

bool Sampler::FitsIgnoredTemplate() {
  const Row& row = batch_->rows[row_];
  const Shape& shape = *batch_->shapes[row.shape];
  if (may_fit_.size() >= kMaxKnownShapes) may_fit_.clear();
  const auto [known, added] = may_fit_.try_emplace(shape.id, false);
  if (added) known->second = ignored_->MayIgnore(shape);
  if (!known->second) return false;
  std::vector<std::string_view> slots(shape.slot_count);
  for (uint32_t k = 0; k < shape.slot_count; ++k) slots[k] = batch_->Text(batch_->slots[row.first_slot + k]);
  return ignored_->Ignores(shape, slots.data());
}

bool Sampler::Applies(size_t rule) {
  return policy_->rules[rule].templates.empty() ? fields_.Matches(rule) : FitsIgnoredTemplate();
}

Sampler::KnownStratum* Sampler::Known(uint64_t id) {
  Shortcut& shortcut = shortcuts_[id % kShortcuts];
  if (shortcut.known != nullptr && shortcut.id == id) return shortcut.known;
  if (known_.size() > policy_->max_strata) {
    if (current_ != nullptr) decision_.info = current_->info;
    known_.clear();
    shortcuts_.assign(kShortcuts, {});
    std::fill(batch_shapes_.begin(), batch_shapes_.end(), BatchShape());
    current_ = nullptr;
    return Known(id);
  }
  shortcut = {id, &known_[id]};
  return shortcut.known;
}

// What its trace says of a record: changes who decided, and what the budget is asked. Returns the key that the budget
// knows it by: that of the trace's first record.
uint64_t Sampler::JudgeTrace(uint64_t key, uint32_t* decided_by, RateController::Arrival* arrival) {
  using Kind = TraceHold::Verdict::Kind;
  const TraceHold::Verdict verdict = hold_->Decide();
  const auto rules = static_cast<uint32_t>(policy_->rules.size());
  const SamplingRule* rule = *decided_by == 0 ? nullptr : &policy_->rules[*decided_by - 1];
  // What a rule keeps or drops by itself it says itself.
  const bool by_itself = rule != nullptr && rule->action != SamplingRule::Action::kRate;
  if (by_itself || verdict.kind == Kind::kAlone) return key;
  if (verdict.kind != Kind::kTrace) {
    *decided_by = rules + (verdict.kind == Kind::kWhole ? 1 : 2);
    arrival->fixed = 1.0;
    return key;
  }
  if (rule != nullptr) return key;
  arrival->pinned = verdict.threshold;
  return verdict.key.value_or(key);
}

void Sampler::Note(const EventBatch& batch, size_t first, size_t end, RecordTime time) {
  if (OwnTime(time) != kNoTime) held_time_ns_ = time.time_ns;
  const auto known_time = held_time_ns_ == kNoTime ? std::nullopt : std::optional<int64_t>(held_time_ns_);
  fields_.Reset(batch, first, end, known_time);
  fields_.set_first_seen_ns(std::nullopt);
  batch_ = &batch;
  row_ = first;
  uint64_t bytes = 0;
  for (size_t row = first; row < end; ++row) bytes += batch.SourceSize(row);
  bool wanted = false;
  for (size_t i = 0; i < policy_->rules.size() && !wanted; ++i) {
    const SamplingRule::Action action = policy_->rules[i].action;
    // Only rules that need no more than the record itself can be asked before its turn.
    if (action == SamplingRule::Action::kKeepFirst || !Applies(i)) continue;
    if (action != SamplingRule::Action::kKeepAll) break;
    wanted = true;
  }
  hold_->Arrive(fields_.Trace(), wanted, held_time_ns_, bytes);
}

void Sampler::Hold(EventBatch batch, std::vector<RecordTime> times) {
  Waiting& waiting = waiting_.emplace_back(Waiting{std::move(batch), std::move(times), 0});
  if (window_hold_ != nullptr) {
    HoldForWindow(&waiting);
    return;
  }
  const std::vector<Row>& rows = waiting.batch.rows;
  size_t record = 0;
  for (size_t first = 0; hold_ != nullptr && first < rows.size();) {
    size_t end = first + 1;
    while (end < rows.size() && (rows[end].flags & Row::kRecordStart) == 0) ++end;
    const bool starts = (rows[first].flags & Row::kRecordStart) != 0;
    if (starts || !begun_) {
      Note(waiting.batch, first, end, starts ? waiting.times[record] : RecordTime());
      ++waiting.records;
      begun_ = true;
    }
    record += starts ? 1 : 0;
    first = end;
  }
}

bool Sampler::Take(EventBatch* batch, std::vector<RecordTime>* times) {
  if (waiting_.empty()) return false;
  const size_t records = waiting_.front().records;
  if (hold_ != nullptr && hold_->ready() < records) return false;
  if (window_hold_ != nullptr && window_hold_->decided() < records) return false;
  *batch = std::move(waiting_.front().batch);
  *times = std::move(waiting_.front().times);
  waiting_.pop_front();
  return true;
}

// First match wins; what no rule decides the budget does.
Sampler::Ruling Sampler::AskRules(uint64_t key) {
  for (size_t i = 0; i < policy_->rules.size(); ++i) {
    if (!Applies(i)) continue;
    const SamplingRule& rule = policy_->rules[i];
    if (rule.action == SamplingRule::Action::kKeepFirst && !IsAmongFirst(rule, key)) continue;
    return {static_cast<uint32_t>(i) + 1, rule.action == SamplingRule::Action::kDrop,
            rule.action == SamplingRule::Action::kRate ? rule.probability : 1.0};
  }
  return {};
}

// What decided so far looked at nothing but the record's shape.
bool Sampler::RulesLookAtShape(uint32_t decided_by) const {
  const ShapeFacts& facts = fields_.facts();
  if (!facts.varying.empty() || hold_ != nullptr || fields_.needs_first_seen()) return false;
  const size_t asked = decided_by == 0 ? policy_->rules.size() : decided_by;
  for (size_t i = 0; i < asked; ++i) {
    if (!policy_->rules[i].templates.empty() || facts.outcomes[i] == ShapeFacts::Outcome::kDepends) return false;
    const bool applies = facts.outcomes[i] == ShapeFacts::Outcome::kAlways;
    if (applies && policy_->rules[i].action == SamplingRule::Action::kKeepFirst) return false;
  }
  return policy_->metrics.empty();
}

Sampler::Ruling Sampler::Judge(uint64_t bytes, BatchShape* shape) {
  const uint64_t key = fields_.Key();
  Ruling ruling = AskRules(key);
  RateController::Arrival arrival{0, clock_.time_ns(), bytes, ruling.fixed};
  const uint64_t root = hold_ == nullptr ? key : JudgeTrace(key, &ruling.decided_by, &arrival);
  decision_.dropped = ruling.drop;
  decision_.kept = !ruling.drop;
  decision_.threshold = 0;
  bool other = false;
  current_ = Known(StratumOf(key, ruling.decided_by));
  if (!ruling.drop) {
    arrival.key = StratumOf(root, ruling.decided_by);
    arrival.hint = root == key ? &current_->in_controller : nullptr;
    const auto verdict = controller_.Arrive(arrival);
    decision_.threshold = verdict.threshold;
    other = verdict.other && root == key;
    if (hold_ != nullptr && ruling.decided_by == 0 && !arrival.pinned) hold_->SetTrace(key, verdict.threshold);
  }
  SetStratum(key, ruling.decided_by, other);
  const bool has_trace =
      policy_->traces != SamplingPolicy::Traces::kIndependent && fields_.facts().plan->trace_id.has_value();
  if (!other && RulesLookAtShape(ruling.decided_by)) {
    const bool certain = !ruling.drop && ruling.fixed == 1.0 && policy_->cap >= 1;
    *shape = {current_, has_trace, certain, key, decision_.stratum_id, ruling};
  }
  return ruling;
}

// As Judge, of another record of a shape of which it has judged one.
void Sampler::JudgeByShape(const BatchShape& shape, uint64_t bytes) {
  decision_.dropped = shape.ruling.drop;
  decision_.kept = !shape.ruling.drop;
  decision_.threshold = 0;
  decision_.stratum_id = StratumOf(shape.key, shape.ruling.decided_by);
  current_ = shape.known;
  if (shape.ruling.drop) return;
  RateController::Arrival arrival{decision_.stratum_id, clock_.time_ns(), bytes, shape.ruling.fixed};
  arrival.hint = &current_->in_controller;
  const auto verdict = controller_.Arrive(arrival);
  decision_.threshold = verdict.threshold;
  if (verdict.other) SetStratum(shape.key, shape.ruling.decided_by, true);
}

// Of the decision at hand.
void Sampler::SetStratum(uint64_t key, uint32_t decided_by, bool other) {
  decision_.stratum_id = StratumOf(key, decided_by);
  // `other` has an entry of its own: the same key may be in it at one time and not at another.
  current_ = Known(other ? 0 : decision_.stratum_id);
  if (current_->info == nullptr) {
    auto info = std::make_shared<StratumInfo>();
    info->rule = other ? 0 : decided_by;
    info->other = other;
    info->values.resize(policy_->key.size());
    if (!other) {
      info->values = fields_.KeyValues();
      info->form = FormOf(*fields_.facts().plan->shape);
    }
    current_->info = std::move(info);
  }
}

void Sampler::NoteTime(RecordTime time) {
  const EventClock::Step step = clock_.Advance(OwnTime(time));
  late_ = step == EventClock::Step::kLate;
  if (step == EventClock::Step::kNewer) firsts_.clear();
}

// What a record has to be looked at for once, in order.
void Sampler::Look(const EventBatch& batch, size_t first, size_t end, RecordTime time) {
  NoteTime(time);
  LookAgain(batch, first, end, clock_.time_ns());
  if (!fields_.needs_first_seen() || clock_.time_ns() == kNoTime) return;
  const uint64_t signature = fields_.facts().plan->shape->signature;
  auto seen = first_seen_.find(signature);
  if (seen == first_seen_.end() && first_seen_.size() < kMaxFirstKeys)
    seen = first_seen_.emplace(signature, clock_.time_ns()).first;
  first_seen_ns_ = std::nullopt;
  if (seen != first_seen_.end()) first_seen_ns_ = std::max<int64_t>(0, clock_.time_ns() - seen->second);
  fields_.set_first_seen_ns(first_seen_ns_);
}

void Sampler::LookAgain(const EventBatch& batch, size_t first, size_t end, int64_t time_ns) {
  fields_.Reset(batch, first, end, time_ns == kNoTime ? std::nullopt : std::optional<int64_t>(time_ns));
  batch_ = &batch;
  row_ = first;
}

// The short way of Decide for nearly all records under a rule that keeps all; false: it is not one of them.
inline bool Sampler::JudgeCertain(const EventBatch& batch, size_t first, RecordTime time) {
  const BatchShape& shape = batch_shapes_[batch.rows[first].shape];
  if (!shape.certain) return false;
  NoteTime(time);
  current_ = shape.known;
  decision_.known = decision_.kept = true;
  decision_.dropped = false;
  decision_.late = late_;
  decision_.threshold = 0;
  decision_.stratum_id = shape.stratum_id;
  decision_.time_ns = clock_.time_ns();
  return true;
}

void Sampler::Decide(const EventBatch& batch, size_t first, size_t end, RecordTime time, uint64_t bytes) {
  decision_.known = true;
  if (window_hold_ != nullptr) {
    TakeDecision(batch, first, end);
    if (decision_.threshold != 0) decision_.kept = Coin() >= decision_.threshold;
    return;
  }
  BatchShape& shape = batch_shapes_[batch.rows[first].shape];
  const bool by_shape = shape.known != nullptr, has_trace = shape.has_trace;
  bool is_rate = false;
  if (by_shape) {
    NoteTime(time);
    JudgeByShape(shape, bytes);
    if (incoming_ > 1) is_rate = shape.ruling.is_rate(*policy_);
  } else {
    Look(batch, first, end, time);
    is_rate = Judge(bytes, &shape).is_rate(*policy_);
  }
  decision_.time_ns = clock_.time_ns();
  decision_.late = late_;
  if (decision_.threshold == 0) return;
  if (incoming_ > 1) return ThrowAfterOther(batch, first, end, is_rate);
  const bool by_position = by_shape && trace_ == 0 && !has_trace;
  if (by_shape && has_trace) LookAgain(batch, first, end, clock_.time_ns());
  const uint64_t coin = by_position ? PositionCoin(policy_->seed, source_hash_, offset_) : Coin();
  decision_.kept = coin >= decision_.threshold;
}

// Before anything is known of what becomes of the record: the counts are of all that came.
void Sampler::CountMetrics(MetricLedger* metrics) {
  metrics->NoteEvent();
  std::vector<MetricCell>* cells = nullptr;
  for (size_t m = 0; m < policy_->metrics.size(); ++m) {
    if (!fields_.Counts(m)) continue;
    if (cells == nullptr) cells = &metrics->At(decision_.time_ns);
    MetricCell one;
    one.events = 1;
    const Value* value = policy_->metrics[m].definition.sum.empty() ? nullptr : fields_.Summand(m);
    const auto amount = value == nullptr ? std::nullopt : AmountOf(*value);
    if (amount) {
      one.values = 1;
      one.unit = UnitOf(amount->unit);
      if (one.unit == MetricUnit::kReal) {
        one.real = static_cast<double>(amount->value);
      } else {
        one.whole = static_cast<int64_t>(amount->value);
      }
    }
    (*cells)[m].Add(one);
  }
}

uint32_t Sampler::FindStratumIn(SegmentLedger* ledger) {
  const uint64_t id = decision_.stratum_id;
  const StratumInfo& info = current_ == nullptr ? *decision_.info : *current_->info;
  const auto known = info.other ? std::nullopt : ledger->FindStratum(id);
  const uint32_t number = known ? *known : ledger->AddStratum(id, info);
  if (current_ != nullptr) current_->in_ledger = number;
  return number;
}

LeftOut Sampler::Sample(bool begins_segment, EventBatch* batch, std::vector<RecordTime>* times, SegmentLedger* ledger) {
  LeftOut left_out;
  BatchThinner thinner(batch);
  KeptRecords kept(batch, times);
  batch_shapes_.assign(batch->shapes.size(), BatchShape());
  const MessageView messages(*batch);
  std::vector<Row>& rows = batch->rows;
  const uint32_t source = ledger->SourceNumber(source_.id);
  const bool has_gaps = !batch->gaps.empty();
  RecordStream* const rates = IncomingStream(batch);
  uint64_t offset = batch->first_offset;
  size_t record = 0;
  for (size_t first = 0; first < rows.size();) {
    EventCounts counts{0, 0, batch->SourceSize(first)};
    uint64_t gap_bytes = has_gaps ? batch->gaps[first].bytes : 0;
    offset_ = messages.Offset(record, offset + gap_bytes);
    trace_ = messages.Trace(record);
    size_t end = first + 1;
    for (; end < rows.size() && (rows[end].flags & Row::kRecordStart) == 0; ++end) {
      counts.bytes += batch->SourceSize(end);
      if (has_gaps) gap_bytes += batch->gaps[end].bytes;
    }
    counts.lines = end - first;
    offset += counts.bytes + gap_bytes;
    const bool starts = (rows[first].flags & Row::kRecordStart) != 0;
    // Lines of a record that began in another batch share its fate; a segment that begins with them makes them one.
    const bool forced = !starts && (!decision_.known || (begins_segment && first == 0 && decision_.kept));
    incoming_ = rates != nullptr && starts ? IncomingRateOf(rates->values[record]) : 1;
    if (starts || !decision_.known) {
      const RecordTime time = starts ? (*times)[record] : RecordTime();
      if (!JudgeCertain(*batch, first, time)) Decide(*batch, first, end, time, counts.bytes);
      if (!policy_->metrics.empty()) CountMetrics(ledger->mutable_metrics());
    }
    const uint32_t stratum = StratumIn(ledger);
    counts.records = starts || forced ? 1 : 0;
    uint32_t no_hint = UINT32_MAX;
    Count(counts, ledger->Cell(source, decision_.time_ns, stratum, current_ == nullptr ? &no_hint : &current_->cell));
    if (incoming_ < 0) rates->values[record] = std::bit_cast<int64_t>(incoming_);
    if (decision_.kept) {
      if (forced) kept.Add(RecordTime{decision_.time_ns, kTakenOver}, decision_.threshold, stratum);
      if (starts) kept.Add(record, decision_.threshold, stratum);
      if (forced) rows[first].flags |= Row::kRecordStart;
    } else {
      if (starts) kept.Skip(record);
      for (size_t row = first; row < end; ++row) thinner.LeaveOut(row);
      (decision_.dropped ? left_out.dropped_by_rule : left_out.sampled_out) +=
          Tally{counts.lines, counts.records, counts.bytes};
    }
    record += starts ? 1 : 0;
    first = end;
  }
  if (current_ != nullptr) decision_.info = current_->info;
  thinner.Apply();
  kept.Apply();
  return left_out;
}

}  // namespace whittle
