#include "pipeline/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace whittle {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsTest, NamesEverySourceAndEscapesIt) {
  DaemonStatus status;
  status.state = DaemonStatus::State::kRunning;
  status.lines_committed = 7;
  status.came_sampled = 6;
  status.refused_rates = 5;
  status.latency[1] = 2;
  status.latency_sum_s = 0.3;
  status.sources.push_back({"a\"b.log", "file", "/var/log/a\\b.log", 10, 25});
  const std::string text = FormatMetrics(status, 5'000'000'000);
  EXPECT_THAT(text, HasSubstr("\nwhittle_committed_lines_total 7\n"));
  EXPECT_THAT(text, HasSubstr("whittle_incoming_rates_total 6\n"));
  EXPECT_THAT(text, HasSubstr("whittle_refused_rates_total 5\n"));
  EXPECT_THAT(text, HasSubstr("whittle_lag_bytes 15\n"));
  EXPECT_THAT(text, HasSubstr(R"(whittle_source_lag_bytes{source="a\"b.log",path="/var/log/a\\b.log"} 15)"));
  EXPECT_THAT(text, HasSubstr("whittle_commit_age_seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("whittle_commit_age_seconds_bucket{le=\"+Inf\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("whittle_up 1\n"));
}

TEST(MetricsTest, BoundsTheSourcesItNames) {
  DaemonStatus status;
  status.sources.resize(kMaxMetricSources + 1, {"x", "file", "unlisted", 0, 1});
  status.sources.back().path = "last";
  const std::string text = FormatMetrics(status, 0);
  EXPECT_THAT(text, Not(HasSubstr("path=\"last\"")));
  EXPECT_THAT(text, HasSubstr("whittle_lag_bytes 501\n"));
}

TEST(MetricsTest, HealthNamesTheReason) {
  constexpr int64_t kCloseAfterNs = 10'000'000'000;
  DaemonStatus status;
  EXPECT_EQ(HealthProblem(status, kCloseAfterNs), "");
  status.oldest_pending_ns = 20'000'000'000;
  EXPECT_EQ(HealthProblem(status, kCloseAfterNs), "");
  status.oldest_pending_ns = 200'000'000'000;
  EXPECT_THAT(HealthProblem(status, kCloseAfterNs), HasSubstr("200 s"));
  status.trouble = "disk full";
  EXPECT_EQ(HealthProblem(status, kCloseAfterNs), "disk full");
}

}  // namespace
}  // namespace whittle
