#include "query/quantile_sketch.h"

#include "base/free_memory.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace whittle {
namespace {

const double kLogFactor = std::log((1 + QuantileSketch::kRelativeError) / (1 - QuantileSketch::kRelativeError));

}  // namespace

int32_t QuantileSketch::BucketOf(double magnitude) {
  return static_cast<int32_t>(std::ceil(std::log(magnitude) / kLogFactor));
}

double QuantileSketch::ValueOf(int32_t bucket) {
  // The middle of the bucket in the sense that both ends are equally far in relative terms.
  return std::exp(kLogFactor * bucket) * (1 - kRelativeError);
}

size_t QuantileSketch::AddTo(std::map<int32_t, double>* buckets, double magnitude, double weight) {
  const size_t before = buckets->size();
  (*buckets)[BucketOf(magnitude)] += weight;
  if (buckets->size() <= kMaxBuckets) return buckets->size() - before;
  const auto lowest = buckets->begin();
  const double moved = lowest->second;
  std::next(lowest)->second += moved;
  buckets->erase(lowest);
  return 0;
}

size_t QuantileSketch::Add(double value, double weight) {
  if (!std::isfinite(value) || !(weight > 0)) return 0;
  min_ = total_ == 0 ? value : std::min(min_, value);
  max_ = total_ == 0 ? value : std::max(max_, value);
  total_ += weight;
  if (!exact()) return AddToBuckets(value, weight);
  const size_t before = values_.capacity();
  values_.emplace_back(value, weight);
  sorted_ = false;
  if (values_.size() <= kExactValues) return (values_.capacity() - before) * sizeof(values_[0]);
  size_t bytes = 0;
  for (const auto& [one, its_weight] : values_) bytes += AddToBuckets(one, its_weight);
  FreeMemory(&values_);
  return bytes;
}

size_t QuantileSketch::AddToBuckets(double value, double weight) {
  constexpr double kTiny = 1e-300;
  constexpr size_t kBucketBytes = 64;  // a node of a map
  if (std::fabs(value) < kTiny) {
    zero_ += weight;
    return 0;
  }
  return AddTo(value > 0 ? &positive_ : &negative_, std::fabs(value), weight) * kBucketBytes;
}

std::optional<double> QuantileSketch::Quantile(double q) const {
  if (total_ == 0) return std::nullopt;
  const double wanted = std::clamp(q, 0.0, 1.0) * total_;
  double seen = 0;
  if (exact()) {
    if (!sorted_) std::sort(values_.begin(), values_.end());
    sorted_ = true;
    // Weights add up with rounding errors: half of the last value's is more than they are.
    for (const auto& [value, weight] : values_) {
      if ((seen += weight) >= wanted - weight * 1e-9) return value;
    }
    return max_;
  }
  const auto within = [&](double value) { return std::clamp(value, min_, max_); };
  for (auto it = negative_.rbegin(); it != negative_.rend(); ++it) {
    if ((seen += it->second) >= wanted) return within(-ValueOf(it->first));
  }
  if ((seen += zero_) >= wanted && zero_ > 0) return 0;
  for (const auto& [bucket, weight] : positive_) {
    if ((seen += weight) >= wanted) return within(ValueOf(bucket));
  }
  return max_;
}

}  // namespace whittle
