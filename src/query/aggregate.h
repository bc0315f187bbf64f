// Aggregator: count, sum, avg, min, max, quantiles, distinct and rate of events by groups, weighted by sample rate: an
// event kept at one in N stands for N. Bounded: more groups than the limits is an error that says so. Not thread-safe.
//
// Events come in one at a time (Add), or already taken apart by whoever reads columns (Intern…, GroupOf, AddTo).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "expr/ast.h"
#include "expr/field_source.h"
#include "query/accumulator.h"
#include "query/group_table.h"
#include "query/result_table.h"

namespace whittle {

// Groups of one answer, and the bytes of their keys, states and rows: nobody reads more rows than this, and it stays
// under half of the 512 MiB a query may take.
inline constexpr size_t kMaxGroups = 1'000'000;
inline constexpr size_t kMaxGroupBytes = size_t{288} << 20;

class Aggregator {
 public:
  static constexpr uint32_t kNoField = UINT32_MAX;

  // `stage` is of kind kAggregate.
  static Result<Aggregator> Make(const Stage& stage);

  // What Add looks up, with dense ids.
  const std::vector<FieldRef>& fields() const { return fields_; }
  // Indexes into fields(): of the groups, of the arguments (kNoField: events are counted), of the time (kNoField: not
  // needed).
  const std::vector<uint32_t>& by() const { return by_; }
  const std::vector<uint32_t>& arguments() const { return arguments_; }
  uint32_t time_field() const { return time_; }
  int64_t every_ns() const { return stage_.every_ns; }

  // kLimit when there would be too many groups.
  Status Add(FieldSource* event, const Stake& stake);

  // The parts of Add. Dimensions of a group: the time bucket if there is `every`, then the fields of `by`.
  size_t dimension_count() const { return (stage_.every_ns > 0 ? 1 : 0) + by_.size(); }
  uint32_t InternTime(std::optional<int64_t> time_ns);
  uint32_t InternBy(size_t by_index, const Value* value);
  void SeeTime(std::optional<int64_t> time_ns);
  Result<uint32_t> GroupOf(const uint32_t* ids);
  // What one call makes of a value, worked out once for many events with the same value.
  struct Argument {
    bool present = false;
    std::optional<Amount> amount;
    uint64_t hash = 0;
  };
  Argument Prepare(size_t call, const Value* value) const;
  void AddTo(uint32_t group, size_t call, const Argument& argument, const Stake& stake);
  // So many events that stand for themselves alone; only for calls without a field.
  void AddEvents(uint32_t group, size_t call, uint64_t events) {
    results_[group * stage_.calls.size() + call].AddEvents(events);
  }

  // One row per group: [time,] group fields, results. By time if there are buckets, then by the first result, greatest
  // first, then by the group.
  ResultTable Finish();

  // What the ledger knows of a sampled store; `cells` must outlive it. `complete`: nothing was sampled out that could
  // belong to an answer.
  void SetSampling(const CellTotals* cells, bool complete) {
    cells_ = cells;
    complete_ = complete;
  }

  // Some event stood for more than itself, so the results are estimates.
  bool estimated() const { return estimated_; }
  // Values that were no number, where one was needed.
  uint64_t not_numbers() const { return not_numbers_; }

 private:
  explicit Aggregator(const Stage& stage) : stage_(stage), groups_((stage.every_ns > 0 ? 1 : 0) + stage.by.size()) {}
  uint32_t AddField(const FieldName& name);
  Status TooManyGroups() const;
  double Seconds() const;

  Stage stage_;
  std::vector<FieldRef> fields_;
  std::vector<uint32_t> by_, arguments_;
  uint32_t time_ = kNoField;
  GroupTable groups_;
  std::vector<Accumulator> results_;  // of group g, call c: [g * calls + c]
  size_t state_bytes_ = 0;
  const CellTotals* cells_ = nullptr;
  bool complete_ = false;
  bool estimated_ = false;
  uint64_t not_numbers_ = 0;
  std::optional<int64_t> first_ns_, last_ns_;
  std::vector<uint32_t> ids_;
};

// What a group by `field` shows for a value: severities by their name, the text otherwise.
Value GroupValue(const Value& value, const FieldRef& field);

// The begin of the bucket of width `every_ns` that a time falls into.
int64_t BucketBegin(int64_t time_ns, int64_t every_ns);

}  // namespace whittle
