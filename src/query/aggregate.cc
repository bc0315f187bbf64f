#include "query/aggregate.h"

#include <algorithm>

#include "event/severity.h"
#include "expr/lexer.h"

namespace whittle {

Value GroupValue(const Value& value, const FieldRef& field) {
  if (field.builtin == Builtin::kSeverity) {
    const std::string_view name = SeverityName(static_cast<int>(value.integer));
    return Value::String(name.empty() ? std::string_view(value.text) : name);
  }
  return value;
}

int64_t BucketBegin(int64_t time_ns, int64_t every_ns) {
  const int64_t offset = time_ns % every_ns;
  return time_ns - (offset < 0 ? offset + every_ns : offset);
}

Result<Aggregator> Aggregator::Make(const Stage& stage) {
  Aggregator aggregator(stage);
  bool rate = false;
  for (const AggregateCall& call : stage.calls) {
    aggregator.arguments_.push_back(call.field.text.empty() ? kNoField : aggregator.AddField(call.field));
    rate |= call.function == AggregateFunction::kRate;
  }
  for (const FieldName& name : stage.by) aggregator.by_.push_back(aggregator.AddField(name));
  if (stage.every_ns > 0 || rate) aggregator.time_ = aggregator.AddField(FieldName{"timestamp", stage.column});
  aggregator.ids_.resize(aggregator.dimension_count());
  return aggregator;
}

uint32_t Aggregator::AddField(const FieldName& name) {
  FieldRef field = ResolveField(name.text);
  field.id = static_cast<uint32_t>(fields_.size());
  fields_.push_back(std::move(field));
  return fields_.back().id;
}

uint32_t Aggregator::InternTime(std::optional<int64_t> time_ns) {
  Cell bucket;
  if (time_ns) {
    bucket.emplace();
    bucket->type = ValueType::kTimestamp;
    bucket->integer = BucketBegin(*time_ns, stage_.every_ns);
  }
  return groups_.Intern(0, bucket);
}

uint32_t Aggregator::InternBy(size_t by_index, const Value* value) {
  const size_t dimension = by_index + (stage_.every_ns > 0 ? 1 : 0);
  return groups_.Intern(dimension, value == nullptr ? Cell() : Cell(GroupValue(*value, fields_[by_[by_index]])));
}

void Aggregator::SeeTime(std::optional<int64_t> time_ns) {
  if (!time_ns) return;
  first_ns_ = std::min(first_ns_.value_or(*time_ns), *time_ns);
  last_ns_ = std::max(last_ns_.value_or(*time_ns), *time_ns);
}

Result<uint32_t> Aggregator::GroupOf(const uint32_t* ids) {
  const uint32_t group = groups_.Group(ids);
  const size_t calls = stage_.calls.size();
  if (results_.size() < groups_.group_count() * calls) {
    results_.resize(groups_.group_count() * calls);
    // The state, which a vector that grows has one and a half times, and the row of the answer.
    state_bytes_ += calls * (sizeof(Accumulator) * 3 / 2 + sizeof(Cell) + sizeof(Bounds)) +
                    dimension_count() * sizeof(Cell) + sizeof(ResultRow);
  }
  if (groups_.group_count() > kMaxGroups || groups_.bytes() + state_bytes_ > kMaxGroupBytes) return TooManyGroups();
  return group;
}

Status Aggregator::TooManyGroups() const {
  return Status(StatusCode::kLimit, "the answer needs more memory than a query may take, at " +
                                        std::to_string(groups_.group_count()) +
                                        " groups; filter more, or group by a field with fewer values");
}

Aggregator::Argument Aggregator::Prepare(size_t call, const Value* value) const {
  Argument argument;
  if (value == nullptr) return argument;
  argument.present = true;
  switch (stage_.calls[call].function) {
    case AggregateFunction::kCount:
    case AggregateFunction::kRate:
      break;
    case AggregateFunction::kDistinct: {
      const FieldRef& field = fields_[arguments_[call]];
      const Value group = GroupValue(*value, field);
      argument.hash = group.type == ValueType::kTimestamp ? DistinctCounter::HashOf(std::to_string(group.integer))
                                                          : DistinctCounter::HashOf(group.text);
      break;
    }
    default:
      argument.amount = AmountOf(*value);
  }
  return argument;
}

void Aggregator::AddTo(uint32_t group, size_t call, const Argument& argument, const Stake& stake) {
  if (stake.weight != 1.0) estimated_ = true;
  if (!argument.present) return;
  Accumulator& result = results_[group * stage_.calls.size() + call];
  switch (const AggregateFunction function = stage_.calls[call].function) {
    case AggregateFunction::kCount:
    case AggregateFunction::kRate:
      state_bytes_ += result.AddEvent(stake);
      return;
    case AggregateFunction::kDistinct:
      state_bytes_ += result.AddDistinct(argument.hash, stake);
      return;
    default:
      if (!argument.amount) {
        ++not_numbers_;
        return;
      }
      state_bytes_ += result.AddAmount(function, *argument.amount, stake);
  }
}

Status Aggregator::Add(FieldSource* event, const Stake& stake) {
  size_t dimension = 0;
  if (time_ != kNoField) {
    const Value* time = event->Lookup(fields_[time_]);
    const auto time_ns = time == nullptr ? std::nullopt : std::optional(time->integer);
    SeeTime(time_ns);
    if (stage_.every_ns > 0) ids_[dimension++] = InternTime(time_ns);
  }
  for (size_t i = 0; i < by_.size(); ++i) ids_[dimension++] = InternBy(i, event->Lookup(fields_[by_[i]]));
  WHITTLE_ASSIGN_OR_RETURN(const uint32_t group, GroupOf(ids_.data()));
  for (size_t i = 0; i < stage_.calls.size(); ++i) {
    if (arguments_[i] == kNoField) {
      AddTo(group, i, Argument{true, std::nullopt, 0}, stake);
    } else {
      AddTo(group, i, Prepare(i, event->Lookup(fields_[arguments_[i]])), stake);
    }
  }
  return Status::Ok();
}

double Aggregator::Seconds() const {
  if (stage_.every_ns > 0) return static_cast<double>(stage_.every_ns) / 1e9;
  return first_ns_ ? static_cast<double>(*last_ns_ - *first_ns_) / 1e9 : 0;
}

ResultTable Aggregator::Finish() {
  ResultTable table;
  if (stage_.every_ns > 0) table.AddColumn("timestamp");
  for (const FieldName& name : stage_.by) table.AddColumn(name.text);
  const size_t first_result = table.columns.size();
  for (size_t i = 0; i < stage_.calls.size(); ++i) {
    table.columns.push_back({stage_.calls[i].name, static_cast<int>(i)});
  }
  const double seconds = Seconds();
  const size_t calls = stage_.calls.size();
  // Without groups there is always one row: "count" of nothing is 0.
  if (first_result == 0 && groups_.group_count() == 0) {
    groups_.Group(nullptr);
    results_.resize(calls);
  }
  table.rows.reserve(groups_.group_count());
  for (size_t group = 0; group < groups_.group_count(); ++group) {
    ResultRow row;
    for (size_t i = 0; i < first_result; ++i) row.cells.push_back(groups_.ValueOf(group, i));
    for (size_t i = 0; i < calls; ++i) {
      row.cells.push_back(results_[group * calls + i].ValueOf(stage_.calls[i], seconds, cells_));
      row.bounds.push_back(results_[group * calls + i].BoundsOf(stage_.calls[i], seconds, cells_, complete_));
    }
    table.rows.push_back(std::move(row));
  }
  const bool by_time = stage_.every_ns > 0;
  std::sort(table.rows.begin(), table.rows.end(), [&](const ResultRow& a, const ResultRow& b) {
    if (by_time) {
      if (const int order = CompareCells(a.cells[0], b.cells[0])) return order < 0;
    }
    const Cell &x = a.cells[first_result], &y = b.cells[first_result];
    if (const int order = CompareCells(x, y)) return x && y ? order > 0 : order < 0;
    for (size_t i = 0; i < first_result; ++i) {
      if (const int order = CompareCells(a.cells[i], b.cells[i])) return order < 0;
    }
    return false;
  });
  return table;
}

}  // namespace whittle
