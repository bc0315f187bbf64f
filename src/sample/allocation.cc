#include "sample/allocation.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace whittle {
namespace {

// From this level on the stratum's share grows (positive slope), or stops growing (negative).
struct Bend {
  double level;
  double slope;
};

}  // namespace

double Curve::operator()(double count) const {
  switch (kind) {
    case Kind::kLog:
      return std::log1p(count);
    case Kind::kSqrt:
      return std::sqrt(count);
    case Kind::kEqual:
      return 1;
    case Kind::kPower:
      return std::pow(count, power);
  }
  return 1;
}

std::vector<double> Allocate(const std::vector<AllocationItem>& items, const Curve& curve, double budget) {
  std::vector<double> kept(items.size());
  std::vector<double> shares(items.size());
  std::vector<Bend> bends;
  std::vector<double> least_costs;
  bends.reserve(2 * items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    const AllocationItem& item = items[i];
    const double most = std::max(item.most, 0.0);
    const double least = std::min(std::max(item.least, 0.0), most);
    shares[i] = item.count > 0 ? curve(item.count) : 0;
    least_costs.push_back(least * item.cost * item.copies);
    if (shares[i] <= 0) continue;
    const double slope = shares[i] * item.cost * item.copies;
    bends.push_back({least / shares[i], slope});
    bends.push_back({most / shares[i], -slope});
  }
  // Sums in an order of their own, so that the order of the items cannot show in the last bit.
  std::sort(least_costs.begin(), least_costs.end());
  double spent = 0;
  for (const double cost : least_costs) spent += cost;
  if (spent >= budget) {
    const double scale = spent > 0 ? std::max(budget, 0.0) / spent : 0;
    for (size_t i = 0; i < items.size(); ++i) kept[i] = scale * std::min(std::max(items[i].least, 0.0), items[i].most);
    return kept;
  }
  std::sort(bends.begin(), bends.end(),
            [](const Bend& a, const Bend& b) { return std::tie(a.level, a.slope) < std::tie(b.level, b.slope); });
  double level = 0, slope = 0;
  for (const Bend& bend : bends) {
    const double next = spent + slope * (bend.level - level);
    if (next > budget) break;
    spent = next;
    level = bend.level;
    slope += bend.slope;
  }
  const bool everything = bends.empty() || level >= bends.back().level;
  if (!everything && slope > 0) level += (budget - spent) / slope;
  for (size_t i = 0; i < items.size(); ++i) {
    const double most = std::max(items[i].most, 0.0);
    const double wanted = everything ? most : level * shares[i];
    kept[i] = std::clamp(wanted, std::min(std::max(items[i].least, 0.0), most), most);
  }
  return kept;
}

}  // namespace whittle
