#include "base/rfc3339.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace whittle {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(Rfc3339, FormatsNineDigits) {
  EXPECT_EQ(FormatRfc3339(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(FormatRfc3339(1674991109104384446), "2023-01-29T11:18:29.104384446Z");
  EXPECT_EQ(FormatRfc3339(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(FormatRfc3339(std::numeric_limits<int64_t>::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(FormatRfc3339(std::numeric_limits<int64_t>::min()), "1677-09-21T00:12:43.145224192Z");
}

TEST(Rfc3339, ReadsWithPrecision) {
  const auto day = ParseTimeSpan("2023-01-29");
  ASSERT_TRUE(day);
  EXPECT_EQ(FormatRfc3339(day->begin), "2023-01-29T00:00:00.000000000Z");
  EXPECT_EQ(FormatRfc3339(day->end), "2023-01-30T00:00:00.000000000Z");
  const auto minute = ParseTimeSpan("2023-01-29 11:18");
  ASSERT_TRUE(minute);
  EXPECT_EQ(minute->end - minute->begin, 60 * kSecond);
  const auto milli = ParseTimeSpan("2023-01-29T11:18:29.104Z");
  ASSERT_TRUE(milli);
  EXPECT_EQ(milli->end - milli->begin, 1'000'000);
  const auto month = ParseTimeSpan("2024-02");
  ASSERT_TRUE(month);
  EXPECT_EQ(month->end - month->begin, 29 * 86400 * kSecond);
}

TEST(Rfc3339, ReadsZonesAndUnixTimes) {
  EXPECT_EQ(ParseTimeSpan("2023-01-29T12:18:29+01:00"), ParseTimeSpan("2023-01-29T11:18:29Z"));
  EXPECT_EQ(ParseTimeSpan("2023-01-29T06:18:29-0500"), ParseTimeSpan("2023-01-29T11:18:29Z"));
  EXPECT_EQ(ParseTimeSpan("1674991109"), ParseTimeSpan("2023-01-29T11:18:29Z"));
  EXPECT_EQ(ParseTimeSpan("1674991109104384446")->begin, 1674991109104384446);
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2023", "2023-13-01", "2023-02-29", "2023-01-29T24:00", "2023-01-29T11:60",
                           "2023-01-29x", "2023-01-29T11:18:29.", "2023-01-29T11:18:29.1234567891", "9999-01-01", "123",
                           "9999999999999999999", "2023-01-29T11:18:29+1", "0000-00-00"}) {
    EXPECT_FALSE(ParseTimeSpan(text)) << text;
  }
}

TEST(Rfc3339, RoundTripsRandomInstants) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 2000; ++i) {
    // 1678..2261 in nanoseconds.
    const int64_t nanos =
        std::uniform_int_distribution<int64_t>(-9'214'560'000'000'000'000, 9'214'560'000'000'000'000)(random);
    const auto span = ParseTimeSpan(FormatRfc3339(nanos));
    ASSERT_TRUE(span) << FormatRfc3339(nanos);
    EXPECT_EQ(span->begin, nanos);
    EXPECT_EQ(span->end, nanos + 1);
  }
}

}  // namespace
}  // namespace whittle
