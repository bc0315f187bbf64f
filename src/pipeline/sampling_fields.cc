#include "pipeline/sampling_fields.h"

#include <algorithm>

#include "base/hash.h"
#include "event/json_escape.h"
#include "event/severity.h"
#include "event/trace_id.h"
#include "templates/consolidator.h"
#include "templates/naming.h"

namespace whittle {
namespace {

using Kind = ResolvedSamplingField::Kind;

constexpr std::string_view kFirstSeen = "template.first_seen";
constexpr std::string_view kStatusClass = "http.response.status_class";

const PlannedField* Find(const std::vector<PlannedField>& fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const PlannedField& f) { return f.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

// Of a JSON string in a JSON string an escape is as long as one of which every byte is escaped.
bool MayEndWithinEscape(std::string_view text, uint8_t levels) {
  constexpr size_t kLongestEscape = 6;
  if (levels < 2) return levels == 1 && EndsWithinEscape(text);
  const size_t looked_at = std::min(text.size(), kLongestEscape * kLongestEscape);
  return levels > 2 || text.find('\\', text.size() - looked_at) != std::string_view::npos;
}

bool HasSlots(const Shape& shape, const PieceRange& range) {
  for (size_t i = range.begin; i < range.end; ++i) {
    if (shape.pieces[i].kind == Piece::Kind::kSlot) return true;
  }
  return false;
}

uint64_t Mix(uint64_t a, uint64_t b) {
  uint64_t h = (a ^ b >> 31) * 0x9E3779B97F4A7C15ULL + b;
  h ^= h >> 32;
  h *= 0xD6E8FEB86659FD93ULL;
  return h ^ h >> 32;
}

// "200" is of class "2xx".
std::optional<std::string> StatusClass(std::string_view text) {
  if (text.size() != 3 || text[0] < '1' || text[0] > '5') return std::nullopt;
  return std::string(1, text[0]) + "xx";
}

}  // namespace

SamplingFields::SamplingFields(const SamplingPolicy* policy, const SegmentSource* source)
    : policy_(*policy), source_(*source) {
  const auto note_template = [this](const FieldRef& field) {
    needs_template_ = needs_template_ || field.builtin == Builtin::kTemplate || field.builtin == Builtin::kTemplateId;
    if (field.builtin != Builtin::kNone || field.names[0] == kFirstSeen) return;
    may_be_of_template_.insert(may_be_of_template_.end(), field.names.begin(), field.names.end());
  };
  for (const std::string& name : policy->key) {
    KeyExpression expression;
    expression.name = name;
    expression.is_signature = name == "signature";
    expression.is_class = name == kStatusClass;
    expression.field = ResolveField(expression.is_class ? "http.response.status_code" : name);
    if (!expression.is_signature) note_template(expression.field);
    key_.push_back(std::move(expression));
  }
  for (const SamplingRule& rule : policy->rules) filters_.push_back(&rule.filter);
  for (const SamplingMetric& metric : policy->metrics) {
    filters_.push_back(&metric.filter);
    sums_.push_back(ResolveField(metric.definition.sum));
    if (!metric.definition.sum.empty()) note_template(sums_.back());
  }
  for (const Filter* filter : filters_) {
    for (const FieldRef& field : filter->fields()) {
      const bool first_seen = field.builtin == Builtin::kNone && field.names[0] == kFirstSeen;
      needs_first_seen_ = needs_first_seen_ || first_seen;
      note_template(field);
    }
  }
}

// Whether the template of a message may give a slot one of the names that somebody asks for.
bool SamplingFields::MayNameSlots(const Shape& shape) const {
  std::string text;
  for (size_t i = shape.body.begin; i < shape.body.end; ++i) {
    // An escape that a slot goes on with says what no piece does.
    const bool slot = shape.pieces[i].kind == Piece::Kind::kSlot;
    if (slot && MayEndWithinEscape(text, shape.body_unescape)) return !may_be_of_template_.empty();
    text += shape.pieces[i].text;
  }
  if (shape.body_unescape > 0) text = Unescape(text, shape.body_unescape);
  return std::any_of(may_be_of_template_.begin(), may_be_of_template_.end(),
                     [&](const auto& name) { return MayNameSlot(text, name); });
}

std::shared_ptr<const ShapePlan> SamplingFields::PlanWithTemplate(const std::shared_ptr<const Shape>& shape) const {
  if (!HasSlots(*shape, shape->body)) return PlanShape(shape, nullptr, nullptr);
  if (!needs_template_) {
    if (!MayNameSlots(*shape)) return PlanShape(shape, nullptr, nullptr);
  }
  Consolidator alone;
  const uint32_t handle = alone.Add(shape);
  const auto result = alone.Result();
  const TemplateBinding& binding = result->bindings[handle];
  return PlanShape(shape, &result->templates[binding.template_index], &binding);
}

ResolvedSamplingField SamplingFields::Resolve(const ShapeFacts& facts, const FieldRef& field) const {
  const ShapePlan& plan = *facts.plan;
  ResolvedSamplingField resolved;
  const auto planned = [&](const PlannedField* found) {
    resolved.kind = Kind::kPlanned;
    resolved.planned = found;
    resolved.constant = !HasSlots(*plan.shape, found->range);
    return resolved;
  };
  switch (field.builtin) {
    case Builtin::kNone:
      break;
    case Builtin::kSeverity:
    case Builtin::kSeverityText:
    case Builtin::kSeverityNumber:
      resolved.kind = plan.severity ? Kind::kBuiltin : Kind::kAbsent;
      resolved.constant = !plan.severity || !HasSlots(*plan.shape, plan.severity->range);
      return resolved;
    case Builtin::kTemplate:
    case Builtin::kTemplateId:
    case Builtin::kSourceName:
      resolved.kind = Kind::kBuiltin;
      resolved.constant = true;
      return resolved;
    default:
      resolved.kind = Kind::kBuiltin;
      return resolved;
  }
  for (const std::string& name : field.names) {
    if (name == kFirstSeen) {
      resolved.kind = Kind::kFirstSeen;
      return resolved;
    }
    if (field.scope != FieldRef::Scope::kResource) {
      if (const PlannedField* found = Find(plan.attributes, name)) return planned(found);
      if (name.starts_with("exception.")) {
        resolved.kind = Kind::kDerived;
        return resolved;
      }
    }
    if (field.scope == FieldRef::Scope::kAttributes) continue;
    if (const PlannedField* found = Find(plan.resource, name)) return planned(found);
    for (const Attribute& attribute : source_.attributes) {
      if (attribute.name != name) continue;
      resolved.kind = Kind::kResource;
      resolved.resource = &attribute.value;
      resolved.constant = true;
      return resolved;
    }
  }
  resolved.constant = true;  // absent
  return resolved;
}

std::unique_ptr<ShapeFacts> SamplingFields::MakeFacts(const std::shared_ptr<const Shape>& shape) {
  auto facts = std::make_unique<ShapeFacts>();
  facts->plan = PlanWithTemplate(shape);
  facts_ = facts.get();
  for (const Filter* filter : filters_) {
    std::vector<ResolvedSamplingField>& fields = facts->filters.emplace_back();
    bool constant = true;
    for (const FieldRef& field : filter->fields()) {
      fields.push_back(Resolve(*facts, field));
      constant = constant && fields.back().constant;
    }
    resolved_ = &fields;
    facts->outcomes.push_back(!constant               ? ShapeFacts::Outcome::kDepends
                              : filter->Matches(this) ? ShapeFacts::Outcome::kAlways
                                                      : ShapeFacts::Outcome::kNever);
  }
  for (size_t m = 0; m < sums_.size(); ++m)
    facts->sums.push_back(policy_.metrics[m].definition.sum.empty() ? ResolvedSamplingField()
                                                                    : Resolve(*facts, sums_[m]));
  facts->constant_hash = 0x5DEECE66DULL;
  facts->key_values.resize(key_.size());
  for (uint32_t i = 0; i < key_.size(); ++i) {
    if (key_[i].is_signature) {
      facts->key.emplace_back().constant = true;
      facts->key_values[i] = ToHex(shape->signature);
    } else {
      facts->key.push_back(Resolve(*facts, key_[i].field));
      if (!facts->key[i].constant) {
        facts->varying.push_back(i);
        continue;
      }
      facts->key_values[i] = KeyText(i);
    }
    const auto& value = facts->key_values[i];
    facts->constant_hash = Mix(facts->constant_hash, value ? Hash64(*value, i + 1) : i);
  }
  return facts;
}

const ShapeFacts* SamplingFields::FactsOf(const std::shared_ptr<const Shape>& shape) {
  if (const auto found = facts_of_.find(shape->id); found != facts_of_.end()) return found->second.get();
  auto facts = MakeFacts(shape);
  return facts_of_.emplace(shape->id, std::move(facts)).first->second.get();
}

void SamplingFields::Reset(const EventBatch& batch, size_t first, size_t end, std::optional<int64_t> time_ns) {
  if (known_batch_ != &batch || known_offset_ != batch.first_offset) {
    if (facts_of_.size() > kMaxShapeFacts) facts_of_.clear();
    batch_facts_.assign(batch.shapes.size(), nullptr);
    known_batch_ = &batch;
    known_offset_ = batch.first_offset;
  }
  batch_ = &batch;
  first_ = first;
  end_ = end;
  time_ns_ = time_ns;
  has_slots_ = has_event_ = false;
  const uint32_t shape = batch.rows[first].shape;
  const ShapeFacts*& facts = batch_facts_[shape];
  if (facts == nullptr) facts = FactsOf(batch.shapes[shape]);
  facts_ = facts;
}

const std::string_view* SamplingFields::Slots() {
  if (has_slots_) return slots_.data();
  const uint32_t count = facts_->plan->shape->slot_count;
  slots_.resize(count);
  const Span* spans = batch_->slots.data() + batch_->rows[first_].first_slot;
  for (uint32_t k = 0; k < count; ++k) slots_[k] = batch_->Text(spans[k]);
  has_slots_ = true;
  return slots_.data();
}

const Value* SamplingFields::Set(ValueType type, int64_t integer, std::string_view text) {
  scratch_.type = type;
  scratch_.integer = integer;
  scratch_.real = 0;
  scratch_.text = text;
  return &scratch_;
}

const Event& SamplingFields::ToEvent() {
  if (has_event_) return event_;
  has_event_ = true;
  std::vector<std::vector<std::string_view>> slots;
  std::vector<ContinuationLine> rest;
  for (size_t row = first_ + 1; row < end_; ++row) {
    const Row& line = batch_->rows[row];
    const Shape* shape = batch_->shapes[line.shape].get();
    std::vector<std::string_view>& texts = slots.emplace_back();
    for (uint32_t k = 0; k < shape->slot_count; ++k) texts.push_back(batch_->Text(batch_->slots[line.first_slot + k]));
    rest.push_back({shape, nullptr});
  }
  for (size_t i = 0; i < rest.size(); ++i) rest[i].slots = slots[i].data();
  RecordInfo info;
  info.time_ns = time_ns_;
  info.source_name = source_.name;
  info.source_offset = batch_->first_offset;
  info.resource = &source_.attributes;
  Materialize(*facts_->plan, Slots(), rest, info, &event_);
  return event_;
}

const Value* SamplingFields::ValueOf(const ResolvedSamplingField& resolved, const FieldRef& field) {
  const ShapePlan& plan = *facts_->plan;
  switch (resolved.kind) {
    case Kind::kAbsent:
      return nullptr;
    case Kind::kPlanned:
      if (auto value = FieldValue(*plan.shape, *resolved.planned, Slots())) {
        scratch_ = *std::move(value);
        return &scratch_;
      }
      return nullptr;
    case Kind::kResource:
      return resolved.resource;
    case Kind::kFirstSeen:
      return first_seen_ns_ ? Set(ValueType::kDuration, *first_seen_ns_, std::to_string(*first_seen_ns_) + "ns")
                            : nullptr;
    case Kind::kDerived:
    case Kind::kBuiltin:
      break;
  }
  switch (field.builtin) {
    case Builtin::kTimestamp:
      return time_ns_ ? Set(ValueType::kTimestamp, *time_ns_, "") : nullptr;
    case Builtin::kSeverity:
    case Builtin::kSeverityText:
    case Builtin::kSeverityNumber: {
      text_.clear();
      AppendFieldText(*plan.shape, *plan.severity, Slots(), &text_);
      const int number = SeverityNumberOfField(text_, plan.shape->envelope.starts_with("syslog"));
      if (field.builtin == Builtin::kSeverityText) return text_.empty() ? nullptr : Set(ValueType::kString, 0, text_);
      if (number == 0 && (text_.empty() || field.builtin == Builtin::kSeverityNumber)) return nullptr;
      return Set(ValueType::kInt64, number, field.builtin == Builtin::kSeverity ? text_ : std::to_string(number));
    }
    case Builtin::kRaw: {
      text_.clear();
      for (size_t row = first_; row < end_; ++row) {
        const Row& line = batch_->rows[row];
        text_ += batch_->Text({line.begin, line.size + TerminatorSize(line.end)});
      }
      return Set(ValueType::kString, 0, text_);
    }
    case Builtin::kSourceName:
      return source_.name.empty() ? nullptr : Set(ValueType::kString, 0, source_.name);
    case Builtin::kTemplate:
      if (plan.template_id == 0) return nullptr;
      return Set(ValueType::kString, static_cast<int64_t>(plan.template_id), plan.template_text);
    case Builtin::kTemplateId:
      return plan.template_id == 0 ? nullptr : Set(ValueType::kString, 0, ToHex(plan.template_id));
    case Builtin::kSampleRate:
    case Builtin::kStratum:
      return nullptr;  // not decided yet
    default: {
      EventFields fields(ToEvent());
      const Value* value = fields.Lookup(field);
      if (value == nullptr) return nullptr;
      scratch_ = *value;
      return &scratch_;
    }
  }
}

const Value* SamplingFields::Lookup(const FieldRef& field) { return ValueOf((*resolved_)[field.id], field); }

std::optional<std::string_view> SamplingFields::Text(const FieldRef& field) {
  const Value* value = Lookup(field);
  return value == nullptr ? std::nullopt : std::optional<std::string_view>(value->text);
}

bool SamplingFields::Passes(size_t filter) {
  if (facts_->outcomes[filter] != ShapeFacts::Outcome::kDepends) {
    return facts_->outcomes[filter] == ShapeFacts::Outcome::kAlways;
  }
  resolved_ = &facts_->filters[filter];
  return filters_[filter]->Matches(this);
}

std::optional<std::string> SamplingFields::KeyText(size_t i) {
  const Value* value = ValueOf(facts_->key[i], key_[i].field);
  if (value == nullptr) return std::nullopt;
  if (key_[i].is_class) return StatusClass(value->text);
  if (key_[i].field.builtin == Builtin::kSeverity) {
    const std::string_view name = SeverityName(static_cast<int>(value->integer));
    if (!name.empty()) return std::string(name);
  }
  return value->text;
}

uint64_t SamplingFields::Key() {
  uint64_t key = facts_->constant_hash;
  for (const uint32_t i : facts_->varying) {
    const auto value = KeyText(i);
    key = Mix(key, value ? Hash64(*value, i + 1) : i);
  }
  return key;
}

std::vector<std::optional<std::string>> SamplingFields::KeyValues() {
  std::vector<std::optional<std::string>> values = facts_->key_values;
  for (const uint32_t i : facts_->varying) values[i] = KeyText(i);
  return values;
}

uint64_t SamplingFields::Trace() {
  const ShapePlan& plan = *facts_->plan;
  if (!plan.trace_id) return 0;
  text_.clear();
  AppendFieldText(*plan.shape, *plan.trace_id, Slots(), &text_);
  std::string id;
  return NormalizeTraceId(text_, TraceIdKindOf(plan.trace_id->type), &id) ? TraceJoinKey(id) : 0;
}

}  // namespace whittle
