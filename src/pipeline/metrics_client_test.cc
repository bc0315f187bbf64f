#include "pipeline/metrics_client.h"

#include <gtest/gtest.h>

#include "pipeline/metrics.h"
#include "pipeline/metrics_server.h"

namespace whittle {
namespace {

TEST(MetricsClientTest, ReadsWhatTheServerServes) {
  ManualClock clock{5'000'000'000};
  auto server = MetricsServer::Start("127.0.0.1:0", &clock);
  ASSERT_TRUE(server.ok()) << server.status().message();
  DaemonStatus status;
  status.state = DaemonStatus::State::kWaiting;
  status.trouble = "the disk is full";
  status.bytes_read = 123;
  status.sources.push_back({"a\"b\\c\nd", "file", "/log/a,b=c}", 10, 30});
  status.sinks.push_back({"events", 7, 1, 2});
  (*server)->Update(status, 1);
  const auto view = FetchMetrics("127.0.0.1:" + std::to_string((*server)->port()));
  ASSERT_TRUE(view.ok()) << view.status().message();
  EXPECT_EQ("the disk is full", view->trouble);
  EXPECT_EQ(123, MetricValue(view->samples, "whittle_read_bytes_total"));
  EXPECT_EQ(0, MetricValue(view->samples, "whittle_no_such_thing"));
  const auto& lag = view->samples.at("whittle_source_lag_bytes");
  ASSERT_EQ(1u, lag.size());
  EXPECT_EQ(20, lag[0].value);
  EXPECT_EQ("a\"b\\c\nd", lag[0].labels.at("source"));
  EXPECT_EQ("/log/a,b=c}", lag[0].labels.at("path"));
  EXPECT_EQ(7, MetricValue(view->samples, "whittle_sink_delivered_events_total"));
  EXPECT_EQ(1, MetricValue(view->samples, "whittle_sink_refused_events_total"));
  EXPECT_EQ(2, MetricValue(view->samples, "whittle_sink_behind_events"));
}

TEST(MetricsClientTest, TakesAnyText) {
  for (const char* text : {"", "\n\n", "{", "a{", "a{b", "a{b=\"", "a{b=\"c", "a{b=\"c\"", "a{b=\"c\"}", "a", "a ",
                           " 1", "a{b=\"\\", "a{}", "# HELP"}) {
    ParseMetrics(text);
  }
  EXPECT_EQ(2, MetricValue(ParseMetrics("x\na{b=\"c\"} 2"), "a"));
}

TEST(MetricsClientTest, SaysWhenNobodyAnswers) {
  EXPECT_EQ(StatusCode::kIo, FetchMetrics("127.0.0.1:1").status().code());
  EXPECT_EQ(StatusCode::kConfig, FetchMetrics("nonsense").status().code());
}

}  // namespace
}  // namespace whittle
