#include "pipeline/sampler.h"

#include <algorithm>
#include <charconv>

#include "pipeline/batch_thinner.h"
#include "pipeline/message_view.h"
#include "query/accumulator.h"
#include "sample/coin.h"

namespace whittle {
namespace {

// StreamId::kTimeQuality of a record that has the time of the one before.
constexpr uint8_t kTakenOver = 2;
// Makes the id of a stratum from its key and the number of the rule that decided.
constexpr uint64_t kRuleFactor = 0xD6E8FEB86659FD93ULL;
// Windows of events without time are so many events long.
constexpr uint64_t kWindowRecords = kMaxStepEvents;

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

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
      controller_(policy, share) {
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

void Sampler::NoteTime(RecordTime time) {
  if (time.time_ns != kNoTime && time.quality != kTakenOver) time_ns_ = time.time_ns;
  if (time_ns_ >= window_begin_ns_ && time_ns_ < window_end_ns_) {
    ++records_;
    decision_.late = false;
    return;
  }
  const int64_t window =
      time_ns_ == kNoTime ? static_cast<int64_t>(records_ / kWindowRecords) : FloorDivide(time_ns_, policy_->window_ns);
  ++records_;
  decision_.late = window < window_;
  if (window <= window_) return;
  window_ = window;
  firsts_.clear();
  if (time_ns_ == kNoTime || window_ >= INT64_MAX / policy_->window_ns - 1) return;
  window_begin_ns_ = window_ * policy_->window_ns;
  window_end_ns_ = window_begin_ns_ + policy_->window_ns;
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

uint64_t Sampler::Coin() {
  if (policy_->traces != SamplingPolicy::Traces::kIndependent) {
    if (const uint64_t trace = trace_ != 0 ? trace_ : fields_.Trace(); trace != 0) {
      return policy_->w3c_coin ? W3cCoin(trace) : TraceCoin(policy_->seed, trace);
    }
  }
  return PositionCoin(policy_->seed, source_hash_, offset_);
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
    known_.clear();
    shortcuts_.assign(kShortcuts, {});
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
  if (time.time_ns != kNoTime && time.quality != kTakenOver) held_time_ns_ = time.time_ns;
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
  Waiting waiting{std::move(batch), std::move(times), 0};
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
  waiting_.push_back(std::move(waiting));
}

bool Sampler::Take(EventBatch* batch, std::vector<RecordTime>* times) {
  if (waiting_.empty() || (hold_ != nullptr && hold_->ready() < waiting_.front().records)) return false;
  *batch = std::move(waiting_.front().batch);
  *times = std::move(waiting_.front().times);
  waiting_.pop_front();
  return true;
}

// First match wins; what no rule decides the budget does.
void Sampler::Judge(uint64_t bytes) {
  const uint64_t key = fields_.Key();
  std::optional<double> fixed;
  uint32_t decided_by = 0;
  bool drop = false;
  for (size_t i = 0; i < policy_->rules.size(); ++i) {
    if (!Applies(i)) continue;
    const SamplingRule& rule = policy_->rules[i];
    if (rule.action == SamplingRule::Action::kKeepFirst && !IsAmongFirst(rule, key)) continue;
    decided_by = static_cast<uint32_t>(i) + 1;
    drop = rule.action == SamplingRule::Action::kDrop;
    fixed = rule.action == SamplingRule::Action::kRate ? rule.probability : 1.0;
    break;
  }
  RateController::Arrival arrival{0, time_ns_, bytes, fixed};
  const uint64_t root = hold_ == nullptr ? key : JudgeTrace(key, &decided_by, &arrival);
  decision_.dropped = drop;
  decision_.kept = !drop;
  decision_.threshold = 0;
  bool other = false;
  const uint64_t stratum = key + decided_by * kRuleFactor;
  current_ = Known(stratum);
  if (!drop) {
    arrival.key = root + decided_by * kRuleFactor;
    arrival.hint = root == key ? &current_->in_controller : nullptr;
    const auto verdict = controller_.Arrive(arrival);
    decision_.threshold = verdict.threshold;
    other = verdict.other && root == key;
    if (hold_ != nullptr && decided_by == 0 && !arrival.pinned) hold_->SetTrace(key, verdict.threshold);
  }
  decision_.stratum_id = stratum;
  // `other` has an entry of its own: the same key may be in it at one time and not at another.
  if (other) current_ = Known(0);
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
  if (decision_.info != current_->info) decision_.info = current_->info;
}

void Sampler::Decide(const EventBatch& batch, size_t first, size_t end, RecordTime time) {
  NoteTime(time);
  const auto known_time = time_ns_ == kNoTime ? std::nullopt : std::optional<int64_t>(time_ns_);
  fields_.Reset(batch, first, end, known_time);
  if (fields_.needs_first_seen() && known_time) {
    const uint64_t signature = fields_.facts().plan->shape->signature;
    auto seen = first_seen_.find(signature);
    if (seen == first_seen_.end() && first_seen_.size() < kMaxFirstKeys)
      seen = first_seen_.emplace(signature, *known_time).first;
    fields_.set_first_seen_ns(seen == first_seen_.end()
                                  ? std::nullopt
                                  : std::optional<int64_t>(std::max<int64_t>(0, *known_time - seen->second)));
  }
  uint64_t bytes = 0;
  for (size_t row = first; row < end; ++row) bytes += batch.SourceSize(row);
  batch_ = &batch;
  row_ = first;
  Judge(bytes);
  decision_.known = true;
  decision_.time_ns = time_ns_;
  if (decision_.threshold != 0) decision_.kept = Coin() >= decision_.threshold;
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

uint32_t Sampler::StratumIn(SegmentLedger* ledger) {
  const uint64_t id = decision_.stratum_id;
  if (current_ != nullptr && !decision_.info->other && ledger->IsStratum(current_->in_ledger, id))
    return current_->in_ledger;
  const auto known = decision_.info->other ? std::nullopt : ledger->FindStratum(id);
  const uint32_t number = known ? *known : ledger->AddStratum(id, *decision_.info);
  if (current_ != nullptr) current_->in_ledger = number;
  return number;
}

LeftOut Sampler::Sample(bool begins_segment, EventBatch* batch, std::vector<RecordTime>* times, SegmentLedger* ledger) {
  LeftOut left_out;
  BatchThinner thinner(batch);
  RecordStream thresholds{static_cast<uint16_t>(StreamId::kSampleThreshold), {}};
  RecordStream strata{static_cast<uint16_t>(StreamId::kStratum), {}};
  std::vector<RecordTime> kept_times;
  for (auto* stream : {&thresholds, &strata}) stream->values.reserve(times->size());
  kept_times.reserve(times->size());
  std::vector<RecordStream> kept_streams = batch->streams;
  for (RecordStream& stream : kept_streams) stream.values.clear();
  const MessageView messages(*batch);
  std::vector<Row>& rows = batch->rows;
  SegmentLedger::Entry entry;
  entry.source_id = source_.id;
  entry.source = ledger->SourceNumber(source_.id);
  const bool has_gaps = !batch->gaps.empty();
  offset_ = batch->first_offset;
  size_t record = 0;
  for (size_t first = 0; first < rows.size();) {
    size_t end = first + 1;
    while (end < rows.size() && (rows[end].flags & Row::kRecordStart) == 0) ++end;
    if (has_gaps) offset_ += batch->gaps[first].bytes;
    const uint64_t byte_offset = offset_;
    offset_ = messages.Offset(record, offset_);
    trace_ = messages.Trace(record);
    const bool starts = (rows[first].flags & Row::kRecordStart) != 0;
    // Lines of a record that began in another batch share its fate; a segment that begins with them makes them one.
    const bool forced = !starts && (!decision_.known || (begins_segment && first == 0 && decision_.kept));
    if (starts || !decision_.known) {
      Decide(*batch, first, end, starts ? (*times)[record] : RecordTime());
      if (!policy_->metrics.empty()) CountMetrics(ledger->mutable_metrics());
    }
    const uint32_t stratum = StratumIn(ledger);
    entry.time_ns = decision_.time_ns;
    entry.stratum = stratum;
    entry.kept = decision_.kept;
    entry.dropped = decision_.dropped;
    entry.late = decision_.late;
    entry.probability = decision_.threshold == 0 ? 1 : ProbabilityOf(decision_.threshold);
    entry.hint = current_ == nullptr ? nullptr : &current_->cell;
    const bool is_record = starts || forced;
    const size_t cell = is_record ? ledger->AddRecord(entry) : ledger->FindCell(entry);
    if (is_record && decision_.kept) {
      rows[first].flags |= Row::kRecordStart;
      kept_times.push_back(starts ? (*times)[record] : RecordTime{decision_.time_ns, kTakenOver});
      thresholds.values.push_back(static_cast<int64_t>(decision_.threshold));
      strata.values.push_back(stratum);
      for (size_t s = 0; starts && s < kept_streams.size(); ++s) {
        kept_streams[s].values.push_back(batch->streams[s].values[record]);
      }
    }
    offset_ = byte_offset;
    Tally& lost = decision_.dropped ? left_out.dropped_by_rule : left_out.sampled_out;
    for (size_t row = first; row < end; ++row) {
      const uint64_t size = batch->SourceSize(row);
      ledger->AddLine(cell, size, decision_.kept);
      offset_ += size + (row > first && has_gaps ? batch->gaps[row].bytes : 0);
      if (decision_.kept) continue;
      thinner.LeaveOut(row);
      ++lost.lines;
      lost.bytes += size;
    }
    if (is_record && !decision_.kept) ++lost.records;
    record += starts ? 1 : 0;
    first = end;
  }
  thinner.Apply();
  *times = std::move(kept_times);
  batch->streams = std::move(kept_streams);
  batch->streams.push_back(std::move(thresholds));
  batch->streams.push_back(std::move(strata));
  return left_out;
}

}  // namespace whittle
