// Metrics of a sampling policy as stats and report show them. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sample/metric_ledger.h"

namespace whittle {

// "", "ns" or "bytes".
std::string MetricUnitName(MetricUnit unit);
// The number as JSON has it: whole where it is.
std::string MetricSum(const MetricCell& cell);

struct MetricLine {
  std::string name, when;
  uint64_t events = 0, of = 0;  // that passed, and that were looked at
  std::string sum;              // with its unit; empty when nothing is added up
};
std::vector<MetricLine> MetricLines(const MetricLedger& metrics);

}  // namespace whittle
