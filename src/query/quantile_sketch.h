// QuantileSketch: quantiles of weighted numbers: exact for few, within 1% of the value for many, in bounded memory.
// Buckets grow by a fixed factor (DDSketch: Masson, Rim, Lee, VLDB 2019), so the error is relative and merging is
// adding. A value; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace whittle {

class QuantileSketch {
 public:
  static constexpr double kRelativeError = 0.01;
  // Numbers are kept as they are up to this many.
  static constexpr size_t kExactValues = 4096;
  // Buckets of one sign: covers a span of 10^17 at 1%; beyond it the values nearest to zero share a bucket.
  static constexpr size_t kMaxBuckets = 2048;

  // Returns how many bytes of memory were added.
  size_t Add(double value, double weight);
  // The smallest value with at least a share `q` of the weight at or below it; nothing when empty.
  std::optional<double> Quantile(double q) const;
  bool exact() const { return positive_.empty() && negative_.empty() && zero_ == 0; }
  double total_weight() const { return total_; }

 private:
  static int32_t BucketOf(double magnitude);
  static double ValueOf(int32_t bucket);
  static size_t AddTo(std::map<int32_t, double>* buckets, double magnitude, double weight);
  size_t AddToBuckets(double value, double weight);

  mutable std::vector<std::pair<double, double>> values_;  // value and weight, while there are few; sorted when asked
  mutable bool sorted_ = false;
  std::map<int32_t, double> positive_, negative_;  // bucket → weight
  double zero_ = 0;
  double total_ = 0;
  double min_ = 0, max_ = 0;
};

}  // namespace whittle
