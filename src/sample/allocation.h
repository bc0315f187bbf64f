// How a budget is divided among strata: real-valued water-filling. Find the level a at which
//
//   sum of cost * clamp(a * f(count), least, most)  =  budget
//
// so that every stratum gets by the curve f of its count, none more than it has (`most`) and none less than its floor
// (`least`). When the floors alone are more than the budget they are scaled down: a budget is a promise, a floor is a
// wish. A pure function; the answer does not depend on the order or the names of the strata.
#pragma once

#include <cstdint>
#include <vector>

namespace whittle {

struct Curve {
  enum class Kind : uint8_t { kLog, kSqrt, kEqual, kPower };
  Kind kind = Kind::kLog;
  double power = 0.7;  // kPower

  double operator()(double count) const;  // log is ln(1 + count)
};

struct AllocationItem {
  double count = 0;   // events expected
  double cost = 1;    // of one event, in the unit of the budget
  double least = 0;   // events to keep at least
  double most = 0;    // events to keep at most; usually the count
  double copies = 1;  // so many strata just like this one
};

// Events to keep of each item, real-valued, in the order of the items. O(n log n).
std::vector<double> Allocate(const std::vector<AllocationItem>& items, const Curve& curve, double budget);

}  // namespace whittle
