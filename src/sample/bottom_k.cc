#include "sample/bottom_k.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "sample/coin.h"

namespace whittle {
namespace {

// The part of the limit that events of rules may have before all others.
constexpr double kMostOfRules = 0.5;
// Chance keeps at least so many, or what is certain is thrown in with the rest: with less, events of common strata
// would have next to no chance.
constexpr double kLeastDrawn = 2;
// What water-filling gives is whole up to rounding.
constexpr double kWhole = 1 - 1e-9;

struct WindowStratum {
  double wish = -1;
  double count = 0;
  double weight = 0;       // of each of its events
  bool certain = false;    // all of them stay
  uint64_t threshold = 0;  // of each of its events
  double most() const { return wish < 0 ? count : wish * count; }
  // Events whose coin is below never stay, whatever the others do.
  uint64_t own_threshold() const { return wish < 0 ? 0 : ThresholdOf(wish); }
};

// Above 0, so that no rank is.
double Uniform(uint64_t coin) { return static_cast<double>(kCoinSides - std::min(coin, kCoinSides - 1)); }

// Monotone in the coin, rounding included: that makes ThresholdBelow exact.
double Rank(uint64_t coin, double weight) { return Uniform(coin) / weight; }

// The least threshold from which on all coins rank below `rank`.
uint64_t ThresholdBelow(double rank, double weight) {
  uint64_t low = 0, high = kCoinSides;  // coins from `high` on rank below it, as far as they exist
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (Rank(middle, weight) < rank) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

// Divides the limit by what came of each stratum, never by coins: weights have to be fixed before any is looked at.
void Divide(std::vector<WindowStratum>* strata, double limit, const Curve& curve, double floor) {
  std::vector<double> wishes;
  for (const WindowStratum& s : *strata) {
    if (s.wish >= 0) wishes.push_back(s.most());
  }
  std::sort(wishes.begin(), wishes.end());
  double wanted = 0;
  for (const double wish : wishes) wanted += wish;
  const bool rules_first = wanted <= kMostOfRules * limit;
  std::vector<AllocationItem> items;
  for (const WindowStratum& s : *strata) {
    const double least = s.wish < 0 ? floor : rules_first ? s.most() : 0;
    items.push_back({s.count, 1, least, s.most(), 1});
  }
  const std::vector<double> kept = Allocate(items, curve, limit);
  for (size_t i = 0; i < strata->size(); ++i) {
    WindowStratum& s = (*strata)[i];
    s.weight = std::max(kept[i] / s.count, kLeastProbability);
    s.certain = s.own_threshold() == 0 && kept[i] >= kWhole * s.count;
  }
}

}  // namespace

std::vector<uint64_t> BottomK(const std::vector<WindowEvent>& events, uint64_t limit, const Curve& curve,
                              double floor) {
  std::vector<uint64_t> thresholds(events.size());
  if (limit < static_cast<uint64_t>(kLeastDrawn)) {
    std::fill(thresholds.begin(), thresholds.end(), kCoinSides);
    return thresholds;
  }
  std::vector<WindowStratum> strata;
  std::vector<uint32_t> stratum_of(events.size());
  std::unordered_map<uint64_t, uint32_t> index;
  for (size_t i = 0; i < events.size(); ++i) {
    const auto [at, is_new] = index.try_emplace(events[i].key, static_cast<uint32_t>(strata.size()));
    if (is_new) strata.push_back({events[i].wish});
    stratum_of[i] = at->second;
    strata[at->second].count += 1;
  }
  Divide(&strata, static_cast<double>(limit), curve, floor);
  double certain = 0;
  for (const WindowStratum& s : strata) certain += s.certain ? s.count : 0;
  if (static_cast<double>(limit) - certain < kLeastDrawn && certain < static_cast<double>(events.size())) {
    for (WindowStratum& s : strata) s.certain = false;
    certain = 0;
  }
  const auto places = static_cast<size_t>(static_cast<double>(limit) - certain);
  std::vector<double> ranks;
  for (size_t i = 0; i < events.size(); ++i) {
    const WindowStratum& s = strata[stratum_of[i]];
    if (s.certain || events[i].coin < s.own_threshold()) continue;
    ranks.push_back(Rank(events[i].coin, s.weight));
  }
  const bool all_fit = ranks.size() <= places;
  if (!all_fit) std::nth_element(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(places), ranks.end());
  for (WindowStratum& s : strata) {
    s.threshold = s.own_threshold();
    if (!s.certain && !all_fit) s.threshold = std::max(s.threshold, ThresholdBelow(ranks[places], s.weight));
  }
  for (size_t i = 0; i < events.size(); ++i) thresholds[i] = strata[stratum_of[i]].threshold;
  return thresholds;
}

}  // namespace whittle
