#include "query/accumulator.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace whittle {
namespace {

// The normal distribution's 97.5% point: half the width of a 95% interval in standard errors.
constexpr double kNormal95 = 1.959963984540054;

Value Number(ValueType type, int64_t integer, double real) {
  Value value;
  value.type = type;
  value.integer = integer;
  value.real = real;
  return value;
}

int64_t Saturate(long double value) {
  if (value >= static_cast<long double>(INT64_MAX)) return INT64_MAX;
  if (value <= static_cast<long double>(INT64_MIN)) return INT64_MIN;
  return static_cast<int64_t>(std::llround(value));
}

// The result keeps the unit as long as all values share it; mixed ones are plain numbers.
ValueType JoinUnits(ValueType a, ValueType b) { return a == b ? a : ValueType::kDouble; }

Cell InUnit(long double amount, ValueType unit) {
  if (unit == ValueType::kDouble) return Number(ValueType::kDouble, 0, static_cast<double>(amount));
  if (unit == ValueType::kInt64 && (amount != std::floor(amount) || std::fabs(amount) > 9.2e18L)) {
    return Number(ValueType::kDouble, 0, static_cast<double>(amount));
  }
  return Number(unit, Saturate(amount), 0);
}

// Averages and quantiles of whole numbers need not be whole.
ValueType FractionUnit(ValueType unit) { return unit == ValueType::kInt64 ? ValueType::kDouble : unit; }

}  // namespace

std::optional<Amount> AmountOf(const Value& value) {
  switch (value.type) {
    case ValueType::kInt64:
    case ValueType::kDuration:
    case ValueType::kSize:
    case ValueType::kTimestamp:
      return Amount{static_cast<long double>(value.integer), value.type};
    case ValueType::kDouble:
      return Amount{static_cast<long double>(value.real), value.type};
    case ValueType::kString:
      break;
    default:
      return std::nullopt;
  }
  if (value.text.empty() || (value.text[0] > '9' && value.text[0] != '-')) return std::nullopt;
  for (const ValueType type : {ValueType::kInt64, ValueType::kDouble, ValueType::kDuration, ValueType::kSize}) {
    const Value parsed = ParseValue(type, value.text);
    if (parsed.type != ValueType::kString) return AmountOf(parsed);
  }
  return std::nullopt;
}

size_t Accumulator::AddAmount(AggregateFunction function, const Amount& amount, double weight) {
  const long double x = amount.value;
  unit_ = kept_ == 0 ? amount.unit : JoinUnits(unit_, amount.unit);
  if (kept_ == 0 || x < least_.value) least_ = amount;
  if (kept_ == 0 || x > greatest_.value) greatest_ = amount;
  AddEvent(weight);
  sum_ += x * weight;
  if (weight != 1.0) {
    const double spread = weight * (weight - 1) * static_cast<double>(x);
    spread_x_ += spread;
    spread_xx_ += spread * static_cast<double>(x);
  }
  if (function != AggregateFunction::kQuantile) return 0;
  if (sketch_ == nullptr) sketch_ = std::make_unique<QuantileSketch>();
  return sketch_->Add(static_cast<double>(x), weight);
}

size_t Accumulator::AddDistinct(uint64_t hash, double weight) {
  AddEvent(weight);
  if (distinct_ == nullptr) distinct_ = std::make_unique<DistinctCounter>();
  return distinct_->AddHash(hash);
}

Cell Accumulator::ValueOf(const AggregateCall& call, double seconds) const {
  switch (call.function) {
    case AggregateFunction::kCount:
      // An estimated number of events is not known to fractions of an event.
      return Number(ValueType::kInt64, Saturate(weight_), 0);
    case AggregateFunction::kDistinct:
      return Number(ValueType::kInt64, distinct_ == nullptr ? 0 : Saturate(distinct_->Estimate()), 0);
    case AggregateFunction::kRate:
      if (!(seconds > 0)) return std::nullopt;
      return Number(ValueType::kDouble, 0, weight_ / seconds);
    default:
      break;
  }
  if (kept_ == 0) return std::nullopt;
  switch (call.function) {
    case AggregateFunction::kSum:
      return InUnit(sum_, unit_);
    case AggregateFunction::kAvg:
      return InUnit(sum_ / weight_, FractionUnit(unit_));
    case AggregateFunction::kMin:
      return InUnit(least_.value, least_.unit);
    case AggregateFunction::kMax:
      return InUnit(greatest_.value, greatest_.unit);
    case AggregateFunction::kQuantile: {
      const auto quantile = sketch_->Quantile(call.quantile);
      return quantile ? InUnit(*quantile, FractionUnit(unit_)) : Cell();
    }
    default:
      return std::nullopt;
  }
}

// A quantile of n events lies between those of ranks q ± 1.96 √(q(1-q)/n); of weighted ones with the effective number
// (Σw)²/Σw² in place of n (Kish, 1965).
void Accumulator::QuantileBounds(double quantile, Bounds* bounds) const {
  double half = 0;
  if (estimated()) {
    const double effective = weight_ * weight_ / (spread_ + weight_);
    half = kNormal95 * std::sqrt(quantile * (1 - quantile) / std::max(effective, 1.0));
  }
  bounds->low = sketch_->Quantile(quantile - half).value_or(0);
  bounds->high = sketch_->Quantile(quantile + half).value_or(0);
  if (sketch_->exact()) return;
  bounds->exact = false;
  bounds->low -= std::fabs(bounds->low) * QuantileSketch::kRelativeError;
  bounds->high += std::fabs(bounds->high) * QuantileSketch::kRelativeError;
}

Bounds Accumulator::BoundsOf(const AggregateCall& call, double seconds) const {
  Bounds bounds;
  bounds.kept = kept_;
  bounds.exact = !estimated();
  if (bounds.exact) bounds.seen = kept_;
  const auto around = [&bounds](double value, double variance, double floor) {
    const double half = kNormal95 * std::sqrt(std::max(variance, 0.0));
    bounds.low = std::max(value - half, floor);
    bounds.high = value + half;
  };
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  const auto kept = static_cast<double>(kept_);
  switch (call.function) {
    case AggregateFunction::kCount:
      around(weight_, spread_, kept);  // what is there was there
      break;
    case AggregateFunction::kRate:
      around(weight_ / seconds, spread_ / (seconds * seconds), kept / seconds);
      break;
    case AggregateFunction::kSum:
      around(static_cast<double>(sum_), spread_xx_, -std::numeric_limits<double>::infinity());
      break;
    case AggregateFunction::kAvg: {
      const double mean = kept_ == 0 ? 0 : static_cast<double>(sum_) / weight_;
      const double variance = spread_xx_ - 2 * mean * spread_x_ + mean * mean * spread_;
      around(mean, kept_ == 0 ? 0 : variance / (weight_ * weight_), -std::numeric_limits<double>::infinity());
      break;
    }
    case AggregateFunction::kMin:
      bounds.low = estimated() ? kUnknown : static_cast<double>(least_.value);
      bounds.high = static_cast<double>(least_.value);
      break;
    case AggregateFunction::kMax:
      bounds.low = static_cast<double>(greatest_.value);
      bounds.high = estimated() ? kUnknown : static_cast<double>(greatest_.value);
      break;
    case AggregateFunction::kQuantile:
      if (sketch_ != nullptr) QuantileBounds(call.quantile, &bounds);
      break;
    case AggregateFunction::kDistinct: {
      const double count = distinct_ == nullptr ? 0 : distinct_->Estimate();
      const double error =
          distinct_ == nullptr || distinct_->exact() ? 0 : kNormal95 * DistinctCounter::kStandardError * count;
      bounds.exact = bounds.exact && error == 0;
      bounds.low = count - error;
      bounds.high = estimated() ? kUnknown : count + error;  // values may have gone with what was not kept
      break;
    }
  }
  return bounds;
}

}  // namespace whittle
