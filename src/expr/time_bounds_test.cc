#include "expr/time_bounds.h"

#include <gtest/gtest.h>

#include "base/rfc3339.h"
#include "expr/parser.h"

namespace whittle {
namespace {

std::string Bounds(std::string_view text) {
  const auto filter = ParseFilter(text);
  EXPECT_TRUE(filter.ok()) << text;
  const TimeBounds bounds = FindTimeBounds(**filter);
  if (!bounds.min_ns || !bounds.max_ns) return "none";
  const auto show = [](int64_t ns) {
    return ns == INT64_MIN || ns == INT64_MAX ? std::string("open") : FormatRfc3339(ns).substr(0, 19);
  };
  return show(*bounds.min_ns) + " " + show(*bounds.max_ns);
}

TEST(TimeBounds, AreWhatEveryMatchMustPass) {
  EXPECT_EQ(Bounds("error"), "none");
  EXPECT_EQ(Bounds("timestamp >= 2024-05-01"), "2024-05-01T00:00:00 open");
  EXPECT_EQ(Bounds("timestamp > 2024-05-01"), "2024-05-02T00:00:00 open");
  EXPECT_EQ(Bounds("error timestamp < 2024-05-01 timestamp >= 2024-04"), "2024-04-01T00:00:00 2024-04-30T23:59:59");
  EXPECT_EQ(Bounds("2024-05-01..2024-05-02 error"), "2024-05-01T00:00:00 2024-05-02T23:59:59");
  EXPECT_EQ(Bounds("@timestamp:2024-05-01"), "2024-05-01T00:00:00 2024-05-01T23:59:59");
  EXPECT_EQ(Bounds("timestamp < 2024-05-01 or error"), "none");
  EXPECT_EQ(Bounds("not timestamp < 2024-05-01"), "none");
  EXPECT_EQ(Bounds("timestamp != 2024-05-01"), "none");
}

}  // namespace
}  // namespace whittle
