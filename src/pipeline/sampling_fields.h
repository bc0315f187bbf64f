// What a sampling policy sees of records before they are stored: the key that says which stratum a record is in, and
// its fields for the filters of rules. All that depends on a record's shape alone is worked out once per shape; what is
// left per record is reading the slots that matter.
//
// Everything here is a pure function of one record and its source, so it does not matter who asks, when, or after which
// other records. Names that templates give to slots are those of the record's own shape, as no other is known for good.
// Not thread-safe; a ShapeFacts lives as long as the SamplingFields that made it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "event/batch.h"
#include "expr/field_source.h"
#include "format/segment.h"
#include "render/materialize.h"
#include "sample/policy.h"

namespace whittle {

// Shapes remembered for one source; when there are more they are forgotten and worked out anew.
inline constexpr size_t kMaxShapeFacts = 20'000;

struct ResolvedSamplingField {
  enum class Kind : uint8_t { kAbsent, kPlanned, kResource, kBuiltin, kFirstSeen, kDerived };
  Kind kind = Kind::kAbsent;
  const PlannedField* planned = nullptr;
  const Value* resource = nullptr;
  bool constant = false;  // the same for all records of this shape and source
};

// One expression of the sampling key, or one rule, in one shape.
struct ShapeFacts {
  std::shared_ptr<const ShapePlan> plan;
  std::vector<std::vector<ResolvedSamplingField>> filters;  // per filter (of rules, then of metrics), by field id
  enum class Outcome : uint8_t { kNever, kAlways, kDepends };
  std::vector<Outcome> outcomes;                       // per filter
  std::vector<ResolvedSamplingField> sums;             // per metric
  std::vector<ResolvedSamplingField> key;              // per expression
  std::vector<std::optional<std::string>> key_values;  // of those that are constant
  std::vector<uint32_t> varying;                       // expressions that are not
  uint64_t constant_hash = 0;
};

class SamplingFields : public FieldSource {
 public:
  // `policy` and `source` must outlive it.
  SamplingFields(const SamplingPolicy* policy, const SegmentSource* source);

  // The record that begins at row `first` and ends before row `end`. Valid until the next call.
  void Reset(const EventBatch& batch, size_t first, size_t end, std::optional<int64_t> time_ns);
  const ShapeFacts& facts() const { return *facts_; }

  // 64 bits that stand for the record's values of the key.
  uint64_t Key();
  std::vector<std::optional<std::string>> KeyValues();
  bool Matches(size_t rule) { return Passes(rule); }
  bool Counts(size_t metric) { return Passes(policy_.rules.size() + metric); }
  // What a metric adds up; null when the record has no such field.
  const Value* Summand(size_t metric) { return ValueOf(facts_->sums[metric], sums_[metric]); }
  // How long ago the first record with this signature came, in event time: for template.first_seen.
  void set_first_seen_ns(std::optional<int64_t> age_ns) { first_seen_ns_ = age_ns; }
  bool needs_first_seen() const { return needs_first_seen_; }
  // The low half of the trace id; 0: none.
  uint64_t Trace();

  const Value* Lookup(const FieldRef& field) override;
  std::optional<std::string_view> Text(const FieldRef& field) override;

 private:
  struct KeyExpression {
    std::string name;
    FieldRef field;
    bool is_signature = false;
    bool is_class = false;  // 2xx for 200
  };
  bool Passes(size_t filter);
  const ShapeFacts* FactsOf(const std::shared_ptr<const Shape>& shape);
  std::unique_ptr<ShapeFacts> MakeFacts(const std::shared_ptr<const Shape>& shape);
  bool MayNameSlots(const Shape& shape) const;
  std::shared_ptr<const ShapePlan> PlanWithTemplate(const std::shared_ptr<const Shape>& shape) const;
  ResolvedSamplingField Resolve(const ShapeFacts& facts, const FieldRef& field) const;
  const std::string_view* Slots();
  const Value* ValueOf(const ResolvedSamplingField& resolved, const FieldRef& field);
  const Value* Set(ValueType type, int64_t integer, std::string_view text);
  const Event& ToEvent();
  std::optional<std::string> KeyText(size_t expression);

  const SamplingPolicy& policy_;
  const SegmentSource& source_;
  std::vector<KeyExpression> key_;
  std::vector<const Filter*> filters_;  // of rules, then of metrics
  std::vector<FieldRef> sums_;          // of metrics
  bool needs_first_seen_ = false;
  bool needs_template_ = false;                  // some field is the template itself
  std::vector<std::string> may_be_of_template_;  // names of fields that a template may give to one of its slots
  std::unordered_map<Hash128, std::unique_ptr<ShapeFacts>, Hash128Hasher> facts_of_;

  const EventBatch* batch_ = nullptr;
  const EventBatch* known_batch_ = nullptr;
  uint64_t known_offset_ = UINT64_MAX;
  std::vector<const ShapeFacts*> batch_facts_;  // of batch_'s shapes
  const ShapeFacts* facts_ = nullptr;
  const std::vector<ResolvedSamplingField>* resolved_ = nullptr;  // of the filter at work
  size_t first_ = 0, end_ = 0;
  std::optional<int64_t> time_ns_, first_seen_ns_;
  std::vector<std::string_view> slots_;
  bool has_slots_ = false, has_event_ = false;
  Value scratch_;
  std::string text_;
  Event event_;
};

}  // namespace whittle
