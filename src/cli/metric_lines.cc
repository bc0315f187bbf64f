#include "cli/metric_lines.h"

#include <cmath>

#include <fmt/format.h>

namespace whittle {

std::string MetricUnitName(MetricUnit unit) {
  return unit == MetricUnit::kDuration ? "ns" : unit == MetricUnit::kSize ? "bytes" : "";
}

std::string MetricSum(const MetricCell& cell) {
  if (cell.real == 0) return std::to_string(cell.whole);
  return std::isfinite(cell.sum()) ? fmt::format("{}", cell.sum()) : "null";
}

std::vector<MetricLine> MetricLines(const MetricLedger& metrics) {
  std::vector<MetricLine> lines;
  for (size_t m = 0; m < metrics.definitions().size(); ++m) {
    const MetricCell total = metrics.Total(m);
    MetricLine line{metrics.definitions()[m].name, metrics.definitions()[m].when, total.events, metrics.seen(m), ""};
    if (!metrics.definitions()[m].sum.empty()) {
      const std::string unit = MetricUnitName(total.unit);
      line.sum =
          fmt::format("{}={}{}{}", metrics.definitions()[m].sum, MetricSum(total), unit.empty() ? "" : " ", unit);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace whittle
