#include "query/column_scan.h"

#include <algorithm>

#include "query/column_codes.h"
#include "query/column_plan.h"

namespace whittle {

// One segment under one source: the plan of its shapes, and where the scan of its rows stands.
class ColumnScan::Segment : private Filter::LeafAnswers {
 public:
  Segment(const StoreReader::RunRows& run, const Filter& filter, const VisitOptions& options, Aggregator* aggregator)
      : rows_(*run.rows),
        source_(run.source),
        filter_(filter),
        options_(options),
        aggregator_(*aggregator),
        plan_(run.rows->shapes(), run.rows->footer().column_count, *run.plans, run.source, filter, aggregator),
        next_value_(run.rows->footer().column_count, 0),
        codes_(run.rows->footer().column_count),
        ids_(std::max<size_t>(aggregator->dimension_count(), 1)) {
    for (size_t i = 0; i < filter.leaf_count(); ++i) reads_text_.push_back(ReadsText(filter.leaf(i)));
    in_rest_.resize(reads_text_.size());
    any_text_ = std::count(reads_text_.begin(), reads_text_.end(), true) > 0;
    reads_time_ = options.min_time_ns || options.max_time_ns || aggregator->time_field() != Aggregator::kNoField;
  }

  bool Is(const StoreReader::RunRows& run) const { return &rows_ == run.rows && source_ == run.source; }
  size_t position() const { return row_; }

  // False: some shape of the segment cannot be answered from columns.
  Result<bool> Prepare() {
    WHITTLE_ASSIGN_OR_RETURN(const bool planned, plan_.Make(&rows_));
    if (!planned) return false;
    for (size_t column = 0; column < codes_.size(); ++column) {
      if (plan_.uses(column)) codes_[column] = std::make_unique<ColumnCodes>(*rows_.ColumnValues(column));
    }
    return true;
  }

  Result<std::optional<StoreReader::RunCounts>> Scan(size_t first_row, size_t end_row) {
    while (row_ < first_row) Next();
    StoreReader::RunCounts counts;
    while (row_ < end_row) {
      if (!rows_.IsRecordStart(row_) && row_ != first_row) {
        Next();
        continue;
      }
      // A run that goes on in the middle of a record belongs to the record before, as RunCursor has it.
      shape_ = &plan_.shape(rows_.RowShape(row_));
      record_of_row_ = rows_.IsRecordStart(row_) ? (record_ ? *record_ + 1 : 0) : record_;
      ++counts.records;
      if (any_text_ && !shape_->settled && row_ + 1 < end_row && !rows_.IsRecordStart(row_ + 1)) {
        WHITTLE_ASSIGN_OR_RETURN(const bool matched, LookAtLines(end_row));
        counts.matched += matched ? 1 : 0;
      } else {
        if (Matches(shape_->decided)) {
          ++counts.matched;
          WHITTLE_RETURN_IF_ERROR(Add());
        }
        Next();
      }
      constexpr size_t kStopInterval = 1024;
      if (counts.records % kStopInterval == 0 && options_.stop != nullptr && options_.stop->load()) break;
    }
    return std::optional(counts);
  }

 private:
  void Next() {
    if (rows_.IsRecordStart(row_)) record_ = record_ ? *record_ + 1 : 0;
    for (const auto& [column, count] : plan_.shape(rows_.RowShape(row_)).advance) next_value_[column] += count;
    ++row_;
  }

  // A record of several lines: what its filter asks of its text, each line may answer; all else stands in the first.
  Result<bool> LookAtLines(size_t end_row) {
    const ShapePlanOfScan* first = shape_;
    first_value_.clear();
    for (const auto& [column, count] : first->advance) first_value_.push_back(next_value_[column]);
    in_rest_.assign(in_rest_.size(), false);
    do {
      shape_ = &plan_.shape(rows_.RowShape(row_));
      for (size_t leaf = 0; leaf < reads_text_.size(); ++leaf) {
        if (reads_text_[leaf] && !in_rest_[leaf]) in_rest_[leaf] = AnswerHere(leaf);
      }
      Next();
    } while (row_ < end_row && !rows_.IsRecordStart(row_));
    shape_ = first;
    SwapValues();
    has_rest_ = true;
    const bool matched = Matches(false);
    has_rest_ = false;
    if (matched) WHITTLE_RETURN_IF_ERROR(Add());
    SwapValues();
    return matched;
  }
  void SwapValues() {
    for (size_t i = 0; i < first_value_.size(); ++i) std::swap(first_value_[i], next_value_[shape_->advance[i].first]);
  }

  std::optional<int64_t> Time() const { return record_of_row_ ? rows_.Time(*record_of_row_) : std::nullopt; }

  bool Matches(bool decided) {
    if (options_.min_time_ns || options_.max_time_ns) {
      const auto time = Time();
      if (!time || *time < options_.min_time_ns.value_or(INT64_MIN) || *time > options_.max_time_ns.value_or(INT64_MAX))
        return false;
    }
    if (decided) return shape_->decision;
    return filter_.Matches(static_cast<Filter::LeafAnswers*>(this));
  }

  bool Answer(size_t index) override { return has_rest_ && reads_text_[index] ? in_rest_[index] : AnswerHere(index); }

  bool AnswerHere(size_t index) {
    const LeafPlan& leaf = shape_->leaves[index];
    switch (leaf.kind) {
      case LeafPlan::Kind::kConstant:
        return leaf.constant;
      case LeafPlan::Kind::kTime: {
        OneValue one;
        Value value;
        if (const auto time = Time()) {
          value.type = ValueType::kTimestamp;
          value.integer = *time;
          one.value = &value;
        }
        return filter_.LeafMatches(index, &one);
      }
      case LeafPlan::Kind::kSlots:
        for (const SlotUse& use : leaf.slots) {
          if (!use.links.empty()) {
            if (plan_.LeafMatches(index, use, TextsOf(use))) return true;
            continue;
          }
          uint32_t& answer = AnswerOf(use);
          if (answer == kUnknownAnswer) answer = plan_.LeafMatches(index, use, TextOf(use)) ? 1 : 0;
          if (answer == 1) return true;
        }
        return false;
    }
    return false;
  }

  uint32_t CodeOf(const SlotUse& use) const { return codes_[use.column]->CodeAt(next_value_[use.column] + use.offset); }
  std::string_view TextOf(const SlotUse& use) const { return codes_[use.column]->TextOf(CodeOf(use)); }
  const std::vector<std::string_view>& TextsOf(const SlotUse& use) {
    texts_.assign(1, TextOf(use));
    for (const SlotUse::Link& link : use.links) {
      texts_.push_back((*rows_.ColumnValues(link.column))[next_value_[link.column] + link.offset]);
    }
    return texts_;
  }
  uint32_t& AnswerOf(const SlotUse& use) {
    std::vector<uint32_t>& answers = *use.answers;
    if (answers.empty()) answers.assign(codes_[use.column]->distinct(), kUnknownAnswer);
    return answers[CodeOf(use)];
  }

  Status Add() {
    size_t dimension = 0;
    if (reads_time_) {
      const auto time = Time();
      aggregator_.SeeTime(time);
      if (aggregator_.every_ns() > 0) ids_[dimension++] = BucketId(time);
    }
    for (size_t i = 0; i < shape_->groups.size(); ++i) ids_[dimension++] = GroupId(i);
    WHITTLE_ASSIGN_OR_RETURN(const uint32_t group, aggregator_.GroupOf(ids_.data()));
    for (size_t call = 0; call < shape_->arguments.size(); ++call) {
      const ArgumentPlan& plan = shape_->arguments[call];
      if (plan.kind == ArgumentPlan::Kind::kConstant) {
        aggregator_.AddTo(group, call, plan.constant, 1.0);
      } else if (plan.kind == ArgumentPlan::Kind::kTime) {
        aggregator_.AddTo(group, call, TimeArgument(call), 1.0);
      } else {
        uint32_t& answer = AnswerOf(plan.slot);
        if (answer == kUnknownAnswer) answer = plan_.PrepareArgument(call, plan.slot, TextOf(plan.slot));
        aggregator_.AddTo(group, call, plan_.argument(answer), 1.0);
      }
    }
    return Status::Ok();
  }

  // Events come nearly by time, so the bucket is mostly that of the one before.
  uint32_t BucketId(const std::optional<int64_t>& time) {
    if (!time) return aggregator_.InternTime(time);
    if (!bucket_ || *time < bucket_begin_ || *time - bucket_begin_ >= aggregator_.every_ns()) {
      bucket_begin_ = BucketBegin(*time, aggregator_.every_ns());
      bucket_ = aggregator_.InternTime(time);
    }
    return *bucket_;
  }

  uint32_t GroupId(size_t index) {
    const GroupKeyPlan& plan = shape_->groups[index];
    if (plan.kind == GroupKeyPlan::Kind::kConstant) return plan.id;
    if (plan.kind == GroupKeyPlan::Kind::kTime) {
      const auto time = Time();
      Value value;
      value.type = ValueType::kTimestamp;
      value.integer = time.value_or(0);
      return aggregator_.InternBy(index, time ? &value : nullptr);
    }
    uint32_t& answer = AnswerOf(plan.slot);
    if (answer == kUnknownAnswer) answer = plan_.InternGroup(index, plan.slot, TextOf(plan.slot));
    return answer;
  }

  Aggregator::Argument TimeArgument(size_t call) const {
    const auto time = Time();
    Value value;
    value.type = ValueType::kTimestamp;
    value.integer = time.value_or(0);
    return aggregator_.Prepare(call, time ? &value : nullptr);
  }

  SegmentRows& rows_;
  const SegmentSource* source_;
  const Filter& filter_;
  const VisitOptions& options_;
  Aggregator& aggregator_;
  ColumnPlan plan_;
  bool reads_time_ = false, any_text_ = false;
  std::vector<bool> reads_text_;     // per leaf
  std::vector<bool> in_rest_;        // per leaf: some line of the record says so
  bool has_rest_ = false;            // in_rest_ is of the record being looked at
  std::vector<size_t> first_value_;  // of its first line, per column that is read there

  size_t row_ = 0;
  std::optional<size_t> record_;         // of the row before row_
  std::optional<size_t> record_of_row_;  // of the row being looked at
  const ShapePlanOfScan* shape_ = nullptr;
  std::vector<size_t> next_value_;  // per column
  std::vector<std::string_view> texts_;
  std::vector<std::unique_ptr<ColumnCodes>> codes_;
  std::vector<uint32_t> ids_;
  std::optional<uint32_t> bucket_;
  int64_t bucket_begin_ = 0;
};

ColumnScan::ColumnScan(const Filter* filter, const VisitOptions& options, Aggregator* aggregator)
    : filter_(*filter), options_(options), aggregator_(*aggregator) {}
ColumnScan::~ColumnScan() = default;

Result<std::optional<StoreReader::RunCounts>> ColumnScan::Run(const StoreReader::RunRows& run) {
  using Nothing = std::optional<StoreReader::RunCounts>;
  if (segment_ == nullptr || !segment_->Is(run) || segment_->position() > run.first_row) {
    segment_ = std::make_unique<Segment>(run, filter_, options_, &aggregator_);
    WHITTLE_ASSIGN_OR_RETURN(usable_, segment_->Prepare());
  }
  if (!usable_) return Nothing();
  return segment_->Scan(run.first_row, run.end_row);
}

}  // namespace whittle
