#include "scan/time_series.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace whittle {
namespace {

std::vector<TimeLayoutId> AllLayouts() {
  std::vector<TimeLayoutId> all;
  for (size_t i = 1; i < TimeLayoutCount(); ++i) {
    if (!TimeLayoutName(static_cast<TimeLayoutId>(i)).empty()) all.push_back(static_cast<TimeLayoutId>(i));
  }
  return all;
}

// One reader for everything: what it remembers of one text must not colour the next.
class Checker {
 public:
  void Check(TimeLayoutId layout, const std::string& text) {
    SCOPED_TRACE(TimeLayoutName(layout) + ": '" + text + "'");
    ParsedTime expected, time;
    const bool is_time = ParseTime(layout, text, &expected);
    ASSERT_EQ(reader_.ParseTime(layout, text, &time), is_time);
    if (is_time) {
      EXPECT_EQ(time.nanos, expected.nanos);
      EXPECT_EQ(time.has_date, expected.has_date);
      EXPECT_EQ(time.has_year, expected.has_year);
      EXPECT_EQ(time.has_zone, expected.has_zone);
    }
    int64_t expected_ticks = 0, ticks = 0;
    const bool has_ticks = ParseTicks(layout, text, &expected_ticks);
    ASSERT_EQ(reader_.ParseTicks(layout, text, &ticks), has_ticks);
    if (has_ticks) {
      EXPECT_EQ(ticks, expected_ticks);
    }
  }

 private:
  TimeReader reader_;
};

TEST(TimeSeriesTest, ReadsWhatTheLayoutsRead) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  Checker checker;
  for (const TimeLayoutId layout : AllLayouts()) {
    const std::string example = TimeLayoutExample(layout);
    std::string text = example;
    for (int step = 0; step < 300; ++step) {
      // Mostly one digit after the other changes, as in a log; sometimes what is no digit does, or the length.
      if (random() % 16 == 0) text = example;
      char& c = text[text.size() - 1 - random() % std::min<size_t>(text.size(), random() % 8 == 0 ? 64 : 14)];
      const bool digit = c >= '0' && c <= '9';
      c = digit && random() % 12 != 0 ? static_cast<char>('0' + random() % 10) : " +-:.,ZTJ/0"[random() % 11];
      if (random() % 24 == 0) text.push_back(static_cast<char>('0' + random() % 10));
      if (random() % 24 == 0 && text.size() > 2) text.pop_back();
      checker.Check(layout, text);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(TimeSeriesTest, ReadsTheEdgesOfAMinute) {
  Checker checker;
  const TimeLayoutId layout = MatchTime("2016-12-31 23:59:59,999")->layout;
  for (const char* text : {"2016-12-31 23:59:59,999", "2016-12-31 23:59:60,000", "2016-12-31 23:59:00,000",
                           "2016-12-31 23:59:61,000", "2016-12-31 23:58:60,000", "2016-12-31 23:59:5a,000",
                           "2016-12-31 23:59:59.000", "2016-12-31 23:59:59,00x", "2017-01-01 00:00:00,000"}) {
    checker.Check(layout, text);
  }
  // Nanoseconds fill a tick: in the last minute that it holds, the last seconds have none.
  const TimeLayoutId nanos = MatchTime("2067-06-04 23:55:01.123456789")->layout;
  for (const char* text :
       {"2067-06-04 23:54:59.123456789", "2067-06-04 23:55:01.123456789", "2067-06-04 23:55:44.123456789",
        "2067-06-04 23:55:45.9999999", "2067-06-04 23:55:59.123456789", "2067-06-04 23:55:02.1234567",
        "2067-06-04 23:56:02.1234567"}) {
    checker.Check(nanos, text);
  }
  // A zone has no place beside them.
  const TimeLayoutId zoned = MatchTime("1970-01-01T00:03:12.1234567+01:00")->layout;
  for (const char* text : {"1970-01-01T00:03:12.1234567+01:00", "1970-02-04T17:59:01.1234567+01:00",
                           "1970-02-04T17:59:59.9999999+01:00"}) {
    checker.Check(zoned, text);
    int64_t ticks = 0;
    EXPECT_FALSE(ParseTicks(zoned, text, &ticks)) << text;
  }
  checker.Check(0, "");
  checker.Check(0, "1970-02-04T17:59:59.9999999+01:00");
  // The wrong day of the week parses, but has no ticks, in every second.
  const TimeLayoutId dated = MatchTime("Wed Jun 14 15:16:01 2023")->layout;
  for (const char* text : {"Tue Jun 14 15:16:01 2023", "Tue Jun 14 15:16:02 2023", "Wed Jun 14 15:16:02 2023"})
    checker.Check(dated, text);
}

TEST(TimeSeriesTest, WritesWhatTheLayoutsWrite) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const TimeLayoutId layout : AllLayouts()) {
    TimeWriter writer(layout);
    int64_t ticks = 0;
    ASSERT_TRUE(ParseTicks(layout, TimeLayoutExample(layout), &ticks)) << TimeLayoutName(layout);
    for (int step = 0; step < 400; ++step) {
      // Small moves, and now and then one to anywhere, where no text may be.
      const int64_t reach = int64_t{1} << random() % 42;
      ticks += static_cast<int64_t>(random() % static_cast<uint64_t>(2 * reach)) - reach;
      const int64_t at = random() % 64 == 0 ? static_cast<int64_t>(random()) : ticks;
      std::string expected;
      FormatTicks(layout, at, &expected);
      ASSERT_EQ(writer.Format(at), expected) << TimeLayoutName(layout) << " " << at;
    }
  }
}

}  // namespace
}  // namespace whittle
