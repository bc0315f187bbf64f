// Accumulator: one aggregate of one group (count, sum, avg, min, max, a quantile, distinct, rate) over events that each
// stand for `weight` events, with what is needed to say how sure the answer is. A value; not thread-safe.
//
// Events that stand for themselves alone are added up; for the others, and in stores that were sampled, a
// TotalEstimator (sample/estimate.h) knows the weights, coins and strata and gives value and interval.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "expr/ast.h"
#include "query/distinct_counter.h"
#include "query/quantile_sketch.h"
#include "query/result_table.h"
#include "query/sampled_answers.h"

namespace whittle {

// A number with the unit it counts in: kInt64, kDouble, kDuration, kSize or kTimestamp.
struct Amount {
  long double value = 0;
  ValueType unit = ValueType::kInt64;
};

// A number out of a value, also out of text that holds one; nothing for other things.
std::optional<Amount> AmountOf(const Value& value);

class Accumulator {
 public:
  // An event without regard to any value: count, rate. All return how many bytes of memory were added.
  size_t AddEvent(const Stake& stake) {
    ++kept_;
    if (stake.weight == 1.0 && stake.cell == kNoCell) return 0;
    return Estimate(1, stake);
  }
  // Many that stand for themselves alone.
  void AddEvents(uint64_t events) { kept_ += events; }
  size_t AddAmount(AggregateFunction function, const Amount& amount, const Stake& stake);
  size_t AddDistinct(uint64_t hash, const Stake& stake);

  // `seconds`: what a rate is per second of.
  Cell ValueOf(const AggregateCall& call, double seconds, const CellTotals* cells = nullptr) const;
  // `complete`: nothing that belongs here can have been sampled out.
  Bounds BoundsOf(const AggregateCall& call, double seconds, const CellTotals* cells = nullptr,
                  bool complete = false) const;
  bool estimated() const { return estimator_ != nullptr && !estimator_->all_certain(); }

 private:
  size_t Estimate(double value, const Stake& stake);
  // Everything, with what stands for itself.
  TotalEstimator Everything() const;
  void QuantileBounds(double quantile, Bounds* bounds) const;

  uint64_t kept_ = 0;
  uint64_t estimated_events_ = 0;  // of kept_, those that estimator_ has
  long double sum_ = 0;            // of amounts that it has not
  Amount least_, greatest_;
  ValueType unit_ = ValueType::kInt64;
  std::unique_ptr<TotalEstimator> estimator_;
  std::unique_ptr<QuantileSketch> sketch_;
  std::unique_ptr<DistinctCounter> distinct_;
};

}  // namespace whittle
