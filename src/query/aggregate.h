// Aggregator: count, sum, avg, min, max and quantiles of events by groups, weighted by sample rate: an event kept at
// one in N stands for N. Bounded: more groups than the limits is an error that says so. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <whittle/status.h>

#include "expr/ast.h"
#include "expr/field_source.h"
#include "query/quantile_sketch.h"
#include "query/result_table.h"

namespace whittle {

// Groups of one answer, and the bytes of their keys and states: nobody reads more rows than this, and it stays under
// half of the 512 MiB a query may take.
inline constexpr size_t kMaxGroups = 1'000'000;
inline constexpr size_t kMaxGroupBytes = size_t{256} << 20;

class Aggregator {
 public:
  // `stage` is of kind kAggregate.
  static Result<Aggregator> Make(const Stage& stage);

  // What Add looks up, with dense ids.
  const std::vector<FieldRef>& fields() const { return fields_; }

  // kLimit when there would be too many groups.
  Status Add(FieldSource* event, double weight);

  // One row per group: [time,] group fields, results. By time if there are buckets, then by the first result, greatest
  // first, then by the group.
  ResultTable Finish() const;

  // Some event stood for more than itself, so the results are estimates.
  bool estimated() const { return estimated_; }
  // Values that were no number, where one was needed.
  uint64_t not_numbers() const { return not_numbers_; }

 private:
  struct Accumulator {
    long double weight = 0;  // of the events counted
    long double sum = 0;
    std::optional<Value> least, greatest;
    ValueType unit = ValueType::kInt64;  // kInt64, kDouble, kDuration, kSize
    std::unique_ptr<QuantileSketch> sketch;
  };
  struct Group {
    std::vector<Cell> key;
    std::vector<Accumulator> results;
  };
  static constexpr uint32_t kNoField = UINT32_MAX;

  explicit Aggregator(const Stage& stage) : stage_(stage) {}
  Aggregator() = default;
  uint32_t AddField(const FieldName& name);
  Status TooManyGroups() const;
  void AddTo(const AggregateCall& call, const Value* value, double weight, Accumulator* result);
  Cell ValueOf(const AggregateCall& call, const Accumulator& result) const;

  Stage stage_;
  std::vector<FieldRef> fields_;
  std::vector<uint32_t> by_, arguments_;  // indexes into fields_; kNoField: count of events
  uint32_t time_ = kNoField;
  std::unordered_map<std::string, size_t> index_;  // encoded key → group
  std::vector<Group> groups_;
  size_t group_bytes_ = 0;
  bool estimated_ = false;
  uint64_t not_numbers_ = 0;
};

// What a group by `field` shows for a value: severities by their name, times rounded to nothing, the text otherwise.
Value GroupValue(const Value& value, const FieldRef& field);

// Stages that work on a finished table.
Status SortTable(const std::vector<SortKey>& keys, ResultTable* table);
Status SelectColumns(const std::vector<FieldName>& fields, ResultTable* table);

}  // namespace whittle
