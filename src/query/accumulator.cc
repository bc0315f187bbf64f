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

size_t Accumulator::Estimate(double value, const Stake& stake) {
  size_t bytes = 0;
  if (estimator_ == nullptr) {
    estimator_ = std::make_unique<TotalEstimator>();
    bytes = sizeof(TotalEstimator);
  }
  ++estimated_events_;
  return bytes + estimator_->Add({1 / std::max(stake.weight, 1.0), value, stake.coin, stake.cell, stake.incoming});
}

TotalEstimator Accumulator::Everything() const {
  TotalEstimator all;
  if (estimator_ != nullptr) all = *estimator_;
  all.AddCertain(kept_ - estimated_events_, static_cast<double>(sum_));
  return all;
}

size_t Accumulator::AddAmount(AggregateFunction function, const Amount& amount, const Stake& stake) {
  const long double x = amount.value;
  unit_ = kept_ == 0 ? amount.unit : JoinUnits(unit_, amount.unit);
  if (kept_ == 0 || x < least_.value) least_ = amount;
  if (kept_ == 0 || x > greatest_.value) greatest_ = amount;
  ++kept_;
  size_t bytes = 0;
  if (stake.weight == 1.0 && stake.cell == kNoCell) {
    sum_ += x;
  } else {
    bytes += Estimate(static_cast<double>(x), stake);
  }
  if (function != AggregateFunction::kQuantile) return bytes;
  if (sketch_ == nullptr) sketch_ = std::make_unique<QuantileSketch>();
  return bytes + sketch_->Add(static_cast<double>(x), stake.weight);
}

size_t Accumulator::AddDistinct(uint64_t hash, const Stake& stake) {
  const size_t bytes = AddEvent(stake);
  if (distinct_ == nullptr) distinct_ = std::make_unique<DistinctCounter>();
  return bytes + distinct_->AddHash(hash);
}

Cell Accumulator::ValueOf(const AggregateCall& call, double seconds, const CellTotals* cells) const {
  const auto count = [&] {
    return estimator_ == nullptr ? static_cast<double>(kept_) : Everything().Count(cells).value;
  };
  switch (call.function) {
    case AggregateFunction::kCount:
      // An estimated number of events is not known to fractions of an event.
      return Number(ValueType::kInt64, Saturate(count()), 0);
    case AggregateFunction::kDistinct:
      return Number(ValueType::kInt64, distinct_ == nullptr ? 0 : Saturate(distinct_->Estimate()), 0);
    case AggregateFunction::kRate:
      if (!(seconds > 0)) return std::nullopt;
      return Number(ValueType::kDouble, 0, count() / seconds);
    default:
      break;
  }
  if (kept_ == 0) return std::nullopt;
  switch (call.function) {
    case AggregateFunction::kSum:
      return InUnit(estimator_ == nullptr ? sum_ : static_cast<long double>(Everything().Sum(cells).value), unit_);
    case AggregateFunction::kAvg:
      return InUnit(estimator_ == nullptr ? sum_ / static_cast<long double>(kept_)
                                          : static_cast<long double>(Everything().Mean().value),
                    FractionUnit(unit_));
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

void Accumulator::QuantileBounds(double quantile, Bounds* bounds) const {
  QuantileRanks ranks{quantile, quantile};
  if (estimated()) ranks = QuantileRanksOf(quantile, Everything().EffectiveSize());
  bounds->low = sketch_->Quantile(ranks.low).value_or(0);
  bounds->high = sketch_->Quantile(ranks.high).value_or(0);
  if (sketch_->exact()) return;
  bounds->exact = false;
  bounds->low -= std::fabs(bounds->low) * QuantileSketch::kRelativeError;
  bounds->high += std::fabs(bounds->high) * QuantileSketch::kRelativeError;
}

Bounds Accumulator::BoundsOf(const AggregateCall& call, double seconds, const CellTotals* cells, bool complete) const {
  Bounds bounds;
  bounds.kept = kept_;
  // In a store that was sampled, an event that stands for itself says nothing about others that are gone.
  bounds.exact = complete || (cells == nullptr && !estimated());
  if (bounds.exact) bounds.seen = kept_;
  const auto set = [&bounds](const whittle::Estimate& estimate, double scale) {
    bounds.low = estimate.low / scale;
    bounds.high = estimate.high / scale;
  };
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  switch (call.function) {
    case AggregateFunction::kCount:
      set(Everything().Count(cells), 1);
      break;
    case AggregateFunction::kRate:
      set(Everything().Count(cells), seconds);
      break;
    case AggregateFunction::kSum:
      set(Everything().Sum(cells), 1);
      break;
    case AggregateFunction::kAvg:
      set(Everything().Mean(), 1);
      break;
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
