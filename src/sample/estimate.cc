#include "sample/estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sample/gamma_distribution.h"

namespace whittle {
namespace {

constexpr double kTail = 0.025;
constexpr double kNormal = 1.959963984540054;
// What a map entry and its vector take.
constexpr size_t kCoinBytes = 112;
constexpr size_t kCellBytes = 88;

}  // namespace

void TotalEstimator::Moments::AddThrow(double throw_count, double throw_sum, double count_variance,
                                       double sum_variance) {
  if (throw_count > largest_count) {
    largest_count = throw_count;
    largest_count_rest = count_variance;
  }
  if (std::fabs(throw_sum) > largest_sum) {
    largest_sum = std::fabs(throw_sum);
    largest_sum_rest = sum_variance;
  }
}

size_t TotalEstimator::Add(const Observation& o) {
  size_t bytes = 0;
  const double weight = 1 / o.probability;
  ++kept_;
  count_ += weight;
  sum_ += weight * o.value;
  kept_sum_ += o.value;
  negative_ = negative_ || o.value < 0;
  const double rest = (1 - o.probability) * weight * weight;
  if (o.cell != kNoCell) {
    // The ledger takes the chance out of this stage; that of stages before stays.
    const double here = (1 - std::min(1.0, o.probability * o.incoming)) * weight * weight;
    const auto [at, is_new] = cells_.try_emplace(o.cell);
    if (is_new) bytes += kCellBytes;
    Cell& cell = at->second;
    cell.kept += 1;
    cell.count += weight;
    cell.sum += weight * o.value;
    cell.count_square += here;
    cell.sum_square += here * o.value * o.value;
    cell.sum_cross += here * o.value;
  }
  // What is certain adds no variance, not even beside others of its coin: 1 - max(p) is 0.
  if (o.probability >= 1) return bytes;
  ++uncertain_;
  independent_count_ += rest;
  independent_sum_ += rest * o.value * o.value;
  if (o.value > 0) {
    const double log = std::log(o.value);
    tail_weight_ += rest;
    tail_log_ += rest * log;
    tail_log_square_ += rest * log * log;
  }
  if (o.coin == 0) {
    settled_.count += rest;
    settled_.sum += rest * o.value * o.value;
    settled_.both += rest * o.value;
    settled_.AddThrow(weight, weight * o.value, rest, rest * o.value * o.value);
    return bytes;
  }
  if (coins_.size() >= kMaxCoins && !coins_.contains(o.coin)) {
    for (const auto& [coin, levels] : coins_) Settle(levels, &settled_);
    coins_.clear();
  }
  std::vector<Level>& levels = coins_[o.coin];
  if (levels.empty()) bytes += kCoinBytes;
  auto level =
      std::find_if(levels.begin(), levels.end(), [&](const Level& l) { return l.probability == o.probability; });
  if (level == levels.end()) {
    level = levels.insert(levels.end(), Level{o.probability, 0, 0});
    bytes += sizeof(Level);
  }
  level->count += weight;
  level->sum += weight * o.value;
  return bytes;
}

void TotalEstimator::AddCertain(uint64_t count, double sum) {
  kept_ += count;
  count_ += static_cast<double>(count);
  sum_ += sum;
  kept_sum_ += sum;
}

// The sum over pairs of (1 - max(p_i, p_j)) a_i a_j: by ascending p, a pair's factor is that of the later one.
void TotalEstimator::Settle(const std::vector<Level>& unsorted, Moments* moments) {
  std::vector<Level> levels = unsorted;
  std::sort(levels.begin(), levels.end(), [](const Level& a, const Level& b) { return a.probability < b.probability; });
  double count = 0, sum = 0, count_variance = 0, sum_variance = 0, both = 0;
  for (const Level& level : levels) {
    const double factor = 1 - level.probability;
    count_variance += factor * level.count * (level.count + 2 * count);
    sum_variance += factor * level.sum * (level.sum + 2 * sum);
    both += factor * (level.count * level.sum + level.count * sum + level.sum * count);
    count += level.count;
    sum += level.sum;
  }
  moments->count += count_variance;
  moments->sum += sum_variance;
  moments->both += both;
  moments->AddThrow(count, sum, count_variance, sum_variance);
}

TotalEstimator::Moments TotalEstimator::Spread() const {
  Moments moments = settled_;
  // In a fixed order, so that sums of doubles do not depend on the map's.
  std::vector<uint64_t> order;
  order.reserve(coins_.size());
  for (const auto& [coin, levels] : coins_) order.push_back(coin);
  std::sort(order.begin(), order.end());
  for (const uint64_t coin : order) Settle(coins_.at(coin), &moments);
  return moments;
}

void TotalEstimator::Merge(const TotalEstimator& other) {
  kept_ += other.kept_;
  uncertain_ += other.uncertain_;
  count_ += other.count_;
  sum_ += other.sum_;
  kept_sum_ += other.kept_sum_;
  independent_count_ += other.independent_count_;
  independent_sum_ += other.independent_sum_;
  tail_weight_ += other.tail_weight_;
  tail_log_ += other.tail_log_;
  tail_log_square_ += other.tail_log_square_;
  negative_ = negative_ || other.negative_;
  settled_.count += other.settled_.count;
  settled_.sum += other.settled_.sum;
  settled_.both += other.settled_.both;
  if (other.settled_.largest_count > settled_.largest_count) {
    settled_.largest_count = other.settled_.largest_count;
    settled_.largest_count_rest = other.settled_.largest_count_rest;
  }
  if (other.settled_.largest_sum > settled_.largest_sum) {
    settled_.largest_sum = other.settled_.largest_sum;
    settled_.largest_sum_rest = other.settled_.largest_sum_rest;
  }
  for (const auto& [coin, levels] : other.coins_) {
    std::vector<Level>& mine = coins_[coin];
    for (const Level& level : levels) {
      auto at =
          std::find_if(mine.begin(), mine.end(), [&](const Level& l) { return l.probability == level.probability; });
      if (at == mine.end()) at = mine.insert(mine.end(), Level{level.probability, 0, 0});
      at->count += level.count;
      at->sum += level.sum;
    }
  }
  for (const auto& [id, cell] : other.cells_) {
    Cell& mine = cells_[id];
    mine.kept += cell.kept;
    mine.count += cell.count;
    mine.sum += cell.sum;
    mine.count_square += cell.count_square;
    mine.sum_square += cell.sum_square;
    mine.sum_cross += cell.sum_cross;
  }
}

// The squares of a few values from a heavy tail are nearly always too small, because the largest are still missing. By
// how much a lognormal through the logarithms of the values would have more: E[y^2] = exp(2 m + 2 s^2). Only for the
// upper end, and at most eightfold: two clusters of values far apart are no tail.
double TotalEstimator::TailFactor() const {
  constexpr double kMostTail = 8;
  if (tail_weight_ <= 0 || independent_sum_ <= 0) return 1;
  const double mean = tail_log_ / tail_weight_;
  const auto freedom = static_cast<double>(std::max<uint64_t>(uncertain_, 2));
  const double spread = std::max(0.0, tail_log_square_ / tail_weight_ - mean * mean) * freedom / (freedom - 1);
  const double modelled = tail_weight_ * std::exp(std::min(600.0, 2 * mean + 2 * spread));
  return std::clamp(modelled / independent_sum_, 1.0, kMostTail);
}

// Fay and Feuer's gamma interval for weighted sums of rare events, with the variance of the design in place of
// Poisson's: the lower end of Gamma(mean = total, variance), the upper end of the same after one more throw of the
// largest coin.
Estimate TotalEstimator::Interval(double total, double variance, double least, double largest, double rest,
                                  double tail_factor) const {
  Estimate estimate{total, total, total, variance <= 0, kept_};
  if (estimate.exact) return estimate;
  if (negative_ || total <= 0) {
    const double half = kNormal * std::sqrt(variance);
    estimate.low = total - half;
    estimate.high = total + half;
    return estimate;
  }
  const double certain = least;
  estimate.low = GammaQuantile(total * total / variance, kTail) * variance / total;
  const double more_total = total + largest * std::sqrt(tail_factor);
  const double more_variance = tail_factor * (variance + rest);
  estimate.high = GammaQuantile(more_total * more_total / more_variance, 1 - kTail) * more_variance / more_total;
  estimate.low = std::min(total, std::max(estimate.low, certain));
  estimate.high = std::max(total, estimate.high);
  return estimate;
}

// How much one more event may weigh that was thrown out of the cells this group touches: what the cell's uncertain
// events weigh on average or, where none of them was kept, all that the cell lost. Without it a group whose few kept
// events were certain would look as if nothing could be missing.
double TotalEstimator::NextThrow(const CellTotals& cells) const {
  double next = 0;
  for (const auto& [id, cell] : cells_) {
    if (id >= cells.size()) continue;
    const CellTotal& known = cells[id];
    const double lost = known.arrived - known.kept;
    if (lost <= 0) continue;
    const double spread = known.variance + known.before;
    const double usual = spread > 0 ? 1 + spread / std::max(known.estimated, 1.0) : lost;
    next = std::max(next, std::min(usual, lost));
  }
  return next;
}

Estimate TotalEstimator::PostStratified(bool of_sum, const CellTotals& cells) const {
  const Moments spread = Spread();
  const double design = of_sum ? spread.sum : spread.count;
  const double independent = of_sum ? independent_sum_ : independent_count_;
  // Traces spread over cells: their effect on the variance is taken to be what it is on the plain estimate.
  const double effect = independent > 0 ? std::max(1.0, design / independent) : 1.0;
  double total = of_sum ? sum_ : count_;
  double variance = independent;
  std::vector<uint32_t> order;
  for (const auto& [id, cell] : cells_) order.push_back(id);
  std::sort(order.begin(), order.end());
  for (const uint32_t id : order) {
    if (id >= cells.size()) continue;
    const CellTotal& known = cells[id];
    const Cell& cell = cells_.at(id);
    if (known.kept < kMinCellKept || known.estimated <= 0 || known.variance <= 0) continue;
    const double ratio = known.arrived / known.estimated;
    const double part = of_sum ? cell.sum : cell.count;
    // A share of all or nothing is known no better than its neighbours (Jeffreys): without this, ten of ten would be
    // taken as certainty about all others.
    const double share = (cell.kept + 0.5) / (known.kept + 1);
    double residual = known.variance * share * (1 - share);
    if (of_sum) {
      const double mean = part / known.estimated;
      residual = std::max(residual * (mean / share) * (mean / share),
                          cell.sum_square - 2 * mean * cell.sum_cross + mean * mean * known.variance);
    }
    total += part * (ratio - 1);
    variance += ratio * ratio * residual - (of_sum ? cell.sum_square : cell.count_square);
  }
  variance = std::max(variance, 0.0) * effect;
  double largest = of_sum ? spread.largest_sum : spread.largest_count;
  double rest = of_sum ? spread.largest_sum_rest : spread.largest_count_rest;
  double next = NextThrow(cells);
  if (of_sum && count_ > 0) next *= std::fabs(sum_) / count_;
  if (next > largest) {
    largest = next;
    rest = next * next;
  }
  const double least = std::min(total, of_sum ? kept_sum_ : static_cast<double>(kept_));
  Estimate estimate = Interval(total, variance, least, largest, rest, of_sum ? TailFactor() : 1);
  if (variance > 0 || next <= 0 || total <= 0 || negative_) return estimate;
  const double more = total + next;
  estimate.exact = false;
  estimate.high = GammaQuantile(more * more / rest, 1 - kTail) * rest / more;
  return estimate;
}

Estimate CountWithVariance(double total, double variance, uint64_t kept) {
  TotalEstimator none;
  // One more event weighs what one weighs on average, by weight.
  const double one = total > 0 ? 1 + variance / total : 1;
  Estimate estimate = none.Interval(total, variance, static_cast<double>(kept), one, one * (one - 1), 1);
  estimate.kept = kept;
  return estimate;
}

Estimate TotalEstimator::Count(const CellTotals* cells) const {
  if (cells != nullptr && !cells_.empty()) return PostStratified(false, *cells);
  const Moments spread = Spread();
  return Interval(count_, spread.count, static_cast<double>(kept_), spread.largest_count, spread.largest_count_rest, 1);
}

Estimate TotalEstimator::Sum(const CellTotals* cells) const {
  if (cells != nullptr && !cells_.empty()) return PostStratified(true, *cells);
  const Moments spread = Spread();
  if (spread.sum <= 0 && uncertain_ > 0) {
    // Only zeros were uncertain: nothing speaks against more of them being something else, but nothing for it either.
    Estimate estimate = Interval(sum_, 0, kept_sum_, 0, 0, 1);
    estimate.exact = false;
    return estimate;
  }
  return Interval(sum_, spread.sum, kept_sum_, spread.largest_sum, spread.largest_sum_rest, TailFactor());
}

Estimate TotalEstimator::Mean() const {
  if (kept_ == 0) return {};
  const double mean = sum_ / count_;
  const Moments spread = Spread();
  const double variance = (spread.sum - 2 * mean * spread.both + mean * mean * spread.count) / (count_ * count_);
  Estimate estimate{mean, mean, mean, uncertain_ == 0, kept_};
  // The t quantile of as many degrees of freedom as there is information, by its expansion in 1/n.
  const double freedom = std::max(1.0, std::min(EffectiveSize(), static_cast<double>(kept_)) - 1);
  const double t = kNormal * (1 + (kNormal * kNormal + 1) / (4 * freedom));
  const double half = t * std::sqrt(std::max(0.0, variance));
  if (!estimate.exact) {
    estimate.low = mean - half;
    estimate.high = mean + half;
  }
  return estimate;
}

double TotalEstimator::EffectiveSize() const {
  const double variance = Spread().count;
  return variance <= 0 ? std::numeric_limits<double>::infinity() : count_ * count_ / variance;
}

QuantileRanks QuantileRanksOf(double quantile, double effective) {
  if (std::isinf(effective)) return {quantile, quantile};
  const double n = std::max(effective, 1.0);
  const double square = kNormal * kNormal;
  const double middle = (quantile + square / (2 * n)) / (1 + square / n);
  const double half = kNormal * std::sqrt(quantile * (1 - quantile) / n + square / (4 * n * n)) / (1 + square / n);
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

}  // namespace whittle
