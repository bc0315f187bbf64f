// Accumulator: one aggregate of one group (count, sum, avg, min, max, a quantile, distinct, rate) over events that each
// stand for `weight` events, with what is needed to say how sure the answer is. A value; not thread-safe.
//
// An event kept with probability p has weight 1/p (Horvitz and Thompson, 1952): counts and sums add weights, and their
// variance is estimated by the sum of w(w-1)x². An average is a ratio of two such sums (Särndal, Swensson, Wretman,
// 1992, section 5.6). Events of one trace share a coin, so callers add them up before they come here where that
// matters.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "expr/ast.h"
#include "query/distinct_counter.h"
#include "query/quantile_sketch.h"
#include "query/result_table.h"

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
  // An event without regard to any value: count, rate.
  void AddEvent(double weight) {
    ++kept_;
    weight_ += weight;
    spread_ += weight * (weight - 1);
  }
  // Return how many bytes of memory were added.
  size_t AddAmount(AggregateFunction function, const Amount& amount, double weight);
  size_t AddDistinct(uint64_t hash, double weight);

  // `seconds`: what a rate is per second of.
  Cell ValueOf(const AggregateCall& call, double seconds) const;
  Bounds BoundsOf(const AggregateCall& call, double seconds) const;
  bool estimated() const { return spread_ != 0; }

 private:
  void QuantileBounds(double quantile, Bounds* bounds) const;

  uint64_t kept_ = 0;
  double weight_ = 0;
  double spread_ = 0;  // sum of w(w-1)
  long double sum_ = 0;
  double spread_x_ = 0, spread_xx_ = 0;  // sums of w(w-1)x and w(w-1)x²
  Amount least_, greatest_;
  ValueType unit_ = ValueType::kInt64;
  std::unique_ptr<QuantileSketch> sketch_;
  std::unique_ptr<DistinctCounter> distinct_;
};

}  // namespace whittle
