// Reads what a daemon serves at /metrics and /healthz, and takes the text apart again: the other side of metrics.h and
// metrics_server.h. Functions for any thread; answers are plain values.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

namespace whittle {

struct MetricSample {
  std::map<std::string, std::string> labels;
  double value = 0;
};
// By name of the metric.
using MetricSamples = std::map<std::string, std::vector<MetricSample>>;

// Lines that are no samples are passed over: the text may come from anybody.
MetricSamples ParseMetrics(std::string_view text);
// The first sample of that name; 0: there is none.
double MetricValue(const MetricSamples& samples, const std::string& name);

struct DaemonView {
  MetricSamples samples;
  std::string trouble;  // empty: it is well
};
// kIo when nobody answers at `address` within a few seconds, kConfig when it is none.
Result<DaemonView> FetchMetrics(const std::string& address);

}  // namespace whittle
