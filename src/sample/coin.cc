#include "sample/coin.h"

namespace whittle {

double RateOf(uint64_t threshold) {
  if (threshold == 0) return 1;
  const double rate = 1 / ProbabilityOf(threshold);
  const double unit = std::pow(10.0, 11 - std::floor(std::log10(rate)));
  return std::max(1.0, std::round(rate * unit) / unit);
}

}  // namespace whittle
