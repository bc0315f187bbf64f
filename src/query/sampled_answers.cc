#include "query/sampled_answers.h"

#include <algorithm>
#include <map>

#include "base/hash.h"
#include "event/severity.h"
#include "event/trace_id.h"

namespace whittle {
namespace {

constexpr std::string_view kSignature = "signature";

bool IsTemplate(const FieldRef& field) {
  return field.builtin == Builtin::kTemplate || field.builtin == Builtin::kTemplateId;
}

// A key's value as a field of an event would be: with a number where the text is one.
Value TypedValue(const std::string& text) {
  Value value = ParseValue(ValueType::kInt64, text);
  return value.type == ValueType::kInt64 ? value : Value::String(text);
}

void CollectFields(const Expr& expr, bool* has_text, std::vector<FieldName>* names) {
  if (expr.kind == Expr::Kind::kText || (expr.kind == Expr::Kind::kRegex && expr.field.text.empty())) *has_text = true;
  if (!expr.field.text.empty()) names->push_back(expr.field);
  for (const auto& child : expr.children) CollectFields(*child, has_text, names);
}

}  // namespace

// A stratum as if it were an event of which only the keys are known.
class SampledAnswers::StratumFields : public FieldSource {
 public:
  StratumFields(const SegmentLedger& ledger, const StratumInfo& info) : ledger_(ledger), info_(info) {}

  const Value* Lookup(const FieldRef& field) override {
    for (size_t k = 0; k < ledger_.keys().size() && k < info_.values.size(); ++k) {
      const FieldRef key = ResolveField(ledger_.keys()[k]);
      const bool same = field.builtin == Builtin::kNone ? key.builtin == Builtin::kNone && key.names == field.names
                        : field.builtin == Builtin::kSeverity || field.builtin == Builtin::kSeverityNumber
                            ? key.builtin == Builtin::kSeverity
                            : key.builtin == field.builtin;
      if (!same) continue;
      if (!info_.values[k]) return nullptr;
      const std::string& text = *info_.values[k];
      value_ = TypedValue(text);
      if (key.builtin == Builtin::kSeverity) {
        value_ = Value::String(text);
        value_.type = ValueType::kInt64;
        value_.integer = SeverityNumber(text);
      }
      return &value_;
    }
    return nullptr;
  }
  std::optional<std::string_view> Text(const FieldRef& field) override {
    const Value* value = Lookup(field);
    return value == nullptr ? std::nullopt : std::optional<std::string_view>(value->text);
  }

 private:
  const SegmentLedger& ledger_;
  const StratumInfo& info_;
  Value value_;
};

Result<SampledAnswers> SampledAnswers::Open(StoreReader* reader) {
  SampledAnswers answers;
  WHITTLE_ASSIGN_OR_RETURN(answers.store_, ReadStoreLedger(reader->env(), reader->segments()));
  answers.totals_ = TotalsByStratum(answers.store_.ledger);
  answers.independent_ = answers.store_.ledger.policy().find("traces independent") != std::string::npos;
  answers.templates_.resize(answers.totals_.size());
  for (const StratumTotal& total : answers.totals_) {
    CellTotal cell;
    // What a rule dropped is no part of what is estimated.
    cell.arrived = total.dropped ? total.weight : total.stands_for();
    cell.kept = static_cast<double>(total.kept.records);
    cell.estimated = total.weight;
    cell.variance = total.variance;
    cell.before = total.dropped ? 0 : total.spread_in;
    answers.cells_.push_back(cell);
    answers.possible_.push_back(true);
  }
  answers.FindComplete();
  return answers;
}

void SampledAnswers::FindComplete() {
  // What came with rates and without a policy stands in no ledger.
  complete_ = !store_.has_incoming || store_.segments_without == 0;
  for (size_t s = 0; s < possible_.size(); ++s) complete_ = complete_ && !(possible_[s] && totals_[s].lost());
}

Stake SampledAnswers::StakeOf(const RecordView& record) const {
  Stake stake(record.sample_rate());
  if (!sampled() || !record.rows().record) return stake;
  stake.incoming = record.origin().segment->IncomingRate(*record.rows().record);
  const RecordOrigin& origin = record.origin();
  const std::vector<uint32_t>& numbers = store_.numbers[origin.segment_index];
  if (const size_t stratum = origin.segment->Stratum(*record.rows().record); stratum < numbers.size())
    stake.cell = numbers[stratum];
  const ShapePlan& plan = record.plan();
  if (stake.weight == 1 || independent_ || !plan.trace_id) return stake;
  std::string text, id;
  AppendFieldText(*plan.shape, *plan.trace_id, record.rows().Slots(0), &text);
  if (NormalizeTraceId(text, TraceIdKindOf(plan.trace_id->type), &id)) stake.coin = TraceJoinKey(id);
  return stake;
}

std::optional<size_t> SampledAnswers::KeyOf(const FieldName& name) const {
  const FieldRef field = ResolveField(name.text);
  for (size_t k = 0; k < store_.ledger.keys().size(); ++k) {
    if (IsTemplate(field) && store_.ledger.keys()[k] == kSignature) return k;
    const FieldRef key = ResolveField(store_.ledger.keys()[k]);
    if (store_.ledger.keys()[k] == kSignature || key.builtin != field.builtin) continue;
    if (field.builtin != Builtin::kNone || key.names == field.names) return k;
  }
  return std::nullopt;
}

Status SampledAnswers::RestrictTo(const Expr& part) {
  if (part.kind == Expr::Kind::kAnd) {
    for (const auto& child : part.children) WHITTLE_RETURN_IF_ERROR(RestrictTo(*child));
    return Status::Ok();
  }
  if (part.kind == Expr::Kind::kAll) return Status::Ok();
  bool has_text = false;
  std::vector<FieldName> names;
  CollectFields(part, &has_text, &names);
  const bool by_keys = !has_text && std::all_of(names.begin(), names.end(), [&](const FieldName& name) {
    return KeyOf(name).has_value() && !IsTemplate(ResolveField(name.text));
  });
  if (!by_keys) {
    filter_by_keys_ = false;
    return Status::Ok();
  }
  WHITTLE_ASSIGN_OR_RETURN(const Filter filter, Filter::Bind(part));
  for (size_t s = 0; s < possible_.size(); ++s) {
    const StratumInfo& info = store_.ledger.strata()[s];
    if (info.other) {
      if (totals_[s].in.records > 0) filter_by_keys_ = false;  // it may hold anything
      continue;
    }
    StratumFields fields(store_.ledger, info);
    possible_[s] = possible_[s] && filter.Matches(&fields);
  }
  return Status::Ok();
}

Status SampledAnswers::Restrict(const Expr& filter) {
  if (!sampled()) return Status::Ok();
  WHITTLE_RETURN_IF_ERROR(RestrictTo(filter));
  FindComplete();
  return Status::Ok();
}

void SampledAnswers::Note(const RecordView& record, const Stake& stake) {
  if (stake.cell >= templates_.size()) return;
  const ShapePlan& plan = record.plan();
  StratumTemplate& known = templates_[stake.cell];
  if (known.id == plan.template_id) return;
  known.ambiguous = known.id != 0;
  known.id = plan.template_id;
  known.text = plan.template_text;
}

Cell SampledAnswers::GroupOf(size_t stratum, const FieldName& name, size_t key) const {
  const StratumInfo& info = store_.ledger.strata()[stratum];
  const auto& text = info.values[key];
  if (!text) return std::nullopt;
  const FieldRef field = ResolveField(name.text);
  if (!IsTemplate(field)) return field.builtin == Builtin::kNone ? TypedValue(*text) : Value::String(*text);
  const StratumTemplate& known = templates_[stratum];
  if (known.id != 0) {
    return Value::String(field.builtin == Builtin::kTemplateId ? ToHex(known.id) : known.text);
  }
  // No event of it was kept: what its messages looked like is all there is.
  if (field.builtin == Builtin::kTemplate && !info.form.empty()) return Value::String(info.form);
  return Value::String("signature " + *text);
}

std::optional<MetricCell> SampledAnswers::MetricOf(const std::string& filter, const std::string& sum) const {
  // A metric counts what came, not what that stands for.
  if (!sampled() || store_.has_incoming || store_.segments_without > 0) return std::nullopt;
  uint64_t came = 0;
  for (const StratumTotal& total : totals_) {
    came += total.in.records;
    // Metrics count what a rule drops, too; answers do not.
    if (total.dropped && total.in.records > total.kept.records) return std::nullopt;
  }
  const MetricLedger& metrics = store_.ledger.metrics();
  for (size_t m = 0; m < metrics.definitions().size(); ++m) {
    const MetricDefinition& definition = metrics.definitions()[m];
    const bool fits = definition.when == filter && (sum.empty() || definition.sum == sum);
    if (fits && metrics.seen(m) == came) return metrics.Total(m);
  }
  return std::nullopt;
}

std::optional<std::vector<SampledAnswers::ExactGroup>> SampledAnswers::CountBy(const std::vector<FieldName>& by) const {
  if (!sampled() || store_.segments_without > 0 || !filter_by_keys_) return std::nullopt;
  std::vector<size_t> keys;
  bool by_template = false;
  for (const FieldName& name : by) {
    const auto key = KeyOf(name);
    if (!key) return std::nullopt;
    by_template = by_template || IsTemplate(ResolveField(name.text));
    keys.push_back(*key);
  }
  std::map<std::vector<std::string>, ExactGroup> groups;
  uint64_t nameless = 0;
  for (size_t s = 0; s < possible_.size(); ++s) {
    if (!possible_[s] || totals_[s].dropped || totals_[s].in.records == 0) continue;
    const StratumInfo& info = store_.ledger.strata()[s];
    if ((info.other && !by.empty()) || (by_template && templates_[s].ambiguous)) return std::nullopt;
    ExactGroup group;
    std::vector<std::string> place;
    for (size_t i = 0; i < by.size(); ++i) {
      group.values.push_back(GroupOf(s, by[i], keys[i]));
      place.push_back(group.values.back() ? "=" + group.values.back()->text : "");
    }
    const bool named = !by_template || templates_[s].id != 0;
    if (!named) nameless += totals_[s].in.records;
    group.maybe_more = by_template && named ? 1 : 0;
    ExactGroup& into = groups.try_emplace(std::move(place), std::move(group)).first->second;
    into.in += totals_[s].in.records;
    into.kept += totals_[s].kept.records;
    into.more += totals_[s].more_in;
    into.spread += totals_[s].spread_in;
  }
  std::vector<ExactGroup> answer;
  for (auto& [place, group] : groups) {
    group.maybe_more *= nameless;
    answer.push_back(std::move(group));
  }
  return answer;
}

}  // namespace whittle
