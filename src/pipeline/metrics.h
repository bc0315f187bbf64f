// Metrics of a running daemon in the Prometheus text format, and what its health is. Pure functions of a DaemonStatus.
#pragma once

#include <string>

#include "pipeline/daemon_status.h"

namespace whittle {

// Sources with their own series; the rest is in the totals only. Two lines each, so a page stays below 100 kB.
inline constexpr size_t kMaxMetricSources = 500;

// `now_ns`: wall clock.
std::string FormatMetrics(const DaemonStatus& status, int64_t now_ns);

// Why the daemon is not well; empty when it is: it cannot write, or has held lines for far longer than it should.
std::string HealthProblem(const DaemonStatus& status, int64_t close_after_ns);

}  // namespace whittle
