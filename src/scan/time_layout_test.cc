#include "scan/time_layout.h"

#include <gtest/gtest.h>

#include <random>

namespace whittle {
namespace {

struct Case {
  const char* text;
  int64_t nanos;
  bool has_date = true, has_year = true, has_zone = false;
};

constexpr int64_t kSecond = 1000000000;
// 2023-06-14T15:16:01
constexpr int64_t kT = 1686755761;
// The same with the year 1972, and the time of day alone.
constexpr int64_t kNoYearT = 77382961;
constexpr int64_t kDay = 54961;

const Case kCases[] = {
    {"2023-06-14T15:16:01", kT* kSecond},
    {"2023-06-14T15:16:01Z", kT* kSecond, true, true, true},
    {"2023-06-14T15:16:01.123Z", kT* kSecond + 123000000, true, true, true},
    {"2023-06-14T15:16:01.123456Z", kT* kSecond + 123456000, true, true, true},
    {"2023-06-14T15:16:01.123456789Z", kT* kSecond + 123456789, true, true, true},
    {"2023-06-14T15:16:01.12345678Z", kT* kSecond + 123456780, true, true, true},
    {"2023-06-14T15:16:01.1234567+02:00", (kT - 7200) * kSecond + 123456700, true, true, true},
    {"2023-06-14T15:16:01.5Z", kT* kSecond + 500000000, true, true, true},
    {"2023-06-14T15:16:01+02:00", (kT - 7200) * kSecond, true, true, true},
    {"2023-06-14T15:16:01.123+0200", (kT - 7200) * kSecond + 123000000, true, true, true},
    {"2023-06-14 15:16:01,123", kT* kSecond + 123000000},
    {"2023-06-14 15:16:01.123 UTC", kT* kSecond + 123000000, true, true, true},
    {"2023-06-14 15:16:01 CEST", (kT - 7200) * kSecond, true, true, true},
    {"2023-06-14 15:16:01.123+02", (kT - 7200) * kSecond + 123000000, true, true, true},
    {"2023-06-14 15:16:01 -0730", (kT + 27000) * kSecond, true, true, true},
    {"2023-06-14 15:16:01", kT* kSecond},
    {"2023/06/14 15:16:01", kT* kSecond},
    {"2023/06/14 15:16:01.123456", kT* kSecond + 123456000},
    {"2023.06.14 15:16:01", kT* kSecond},
    {"14.06.2023 15:16:01", kT* kSecond},
    {"14/Jun/2023:15:16:01 +0200", (kT - 7200) * kSecond, true, true, true},
    {"14/Jun/2023:15:16:01", kT* kSecond},
    {"14-Jun-2023 15:16:01.123", kT* kSecond + 123000000},
    {"Jun 14 15:16:01", kNoYearT* kSecond, true, false},
    {"Jun  4 15:16:01", (kNoYearT - 864000) * kSecond, true, false},
    {"Jun 04 15:16:01", (kNoYearT - 864000) * kSecond, true, false},
    {"Jun 4 15:16:01", (kNoYearT - 864000) * kSecond, true, false},
    {"Jun 14 15:16:01.123456", kNoYearT* kSecond + 123456000, true, false},
    {"Jun 14 2023 15:16:01", kT* kSecond},
    {"14 Jun 2023 15:16:01.123", kT* kSecond + 123000000},
    {"14 Jun 15:16:01.123", kNoYearT* kSecond + 123000000, true, false},
    {"Wed Jun 14 15:16:01 2023", kT* kSecond},
    {"Wed Jun 14 15:16:01.123456 2023", kT* kSecond + 123456000},
    {"Wed Jun 14 15:16:01 UTC 2023", kT* kSecond, true, true, true},
    {"Wed, 14 Jun 2023 15:16:01 GMT", kT* kSecond, true, true, true},
    {"06-14 15:16:01.123", kNoYearT* kSecond + 123000000, true, false},
    {"230614 151601", kT* kSecond},
    {"230614 15:16:01", kT* kSecond},
    {"23/06/14 15:16:01", kT* kSecond},
    {"2023-06-14-15.16.01.123456", kT* kSecond + 123456000},
    {"20230614-15:16:01:123", kT* kSecond + 123000000},
    {"20230604-1:2:3:4", (kT - 864000 - kDay + 3723) * kSecond + 4000000},
    {"20230614 15:16:01.123", kT* kSecond + 123000000},
    {"20230614T151601Z", kT* kSecond, true, true, true},
    {"20230614151601", kT* kSecond},
    {"06.14 15:16:01", kNoYearT* kSecond, true, false},
    {"0614 15:16:01.123456", kNoYearT* kSecond + 123456000, true, false},
    {"1686755761", kT* kSecond, true, true, true},
    {"1686755761.123", kT* kSecond + 123000000, true, true, true},
    {"1686755761.1234567", kT* kSecond + 123456700, true, true, true},
    {"1686755761123", kT* kSecond + 123000000, true, true, true},
    {"1686755761123456", kT* kSecond + 123456000, true, true, true},
    {"1686755761123456789", kT* kSecond + 123456789, true, true, true},
    {"06/14/2023 3:16:01 PM", kT* kSecond},
    {"6/14/2023 3:16:01 PM", kT* kSecond},
    {"06/14/2023 15:16:01", kT* kSecond},
    {"14/06/2023 15:16:01", kT* kSecond},
    {"06/14/2023-15:16:01.123456", kT* kSecond + 123456000},
    {"Jun 14, 2023 3:16:01 PM", kT* kSecond},
    {"Jun 14, 2023 12:16:01 AM", (kT - 15 * 3600) * kSecond},
    {"15:16:01.123", kDay* kSecond + 123000000, false, false},
    {"15:16:01", kDay* kSecond, false, false},
    {"2023-06-14_15:16:01", kT* kSecond},
    {"2023-06-14\t15:16:01", kT* kSecond},
    {"2023-06-14  15:16:01.123", kT* kSecond + 123000000},
    {"2023/06/14  15:16:01", kT* kSecond},
    {"2023/06/14\t15:16:01", kT* kSecond},
    {"2023-06-14,15:16:01.123", kT* kSecond + 123000000},
    {"2023-06-14;15:16:01", kT* kSecond},
    {"2023-06-14-15:16:01", kT* kSecond},
    {"2023/06/14-15:16:01.123456", kT* kSecond + 123456000},
    {"2023-06-14 15.16.01", kT* kSecond},
    {"2023.06.14-15.16.01:123", kT* kSecond + 123000000},
    {"06/14/2023, 15:16:01", kT* kSecond},
    {"14/06/2023, 15:16:01", kT* kSecond},
    {"06-14-2023 15:16:01", kT* kSecond},
    {"14-06-2023 15:16:01", kT* kSecond},
    {"14Jun2023 15:16:01", kT* kSecond},
    {"14-JUN-2023 15:16:01", kT* kSecond},
    {"14.06.23 15:16:01", kT* kSecond},
    {"Jun 14, 2023 15:16:01", kT* kSecond},
    {"Wed Jun 14 2023 15:16:01", kT* kSecond},
    {"Wed Jun 14 2023 15:16:01 GMT+0200", (kT - 7200) * kSecond, true, true, true},
    {"20230614_151601", kT* kSecond},
    {"20230614 151601.123", kT* kSecond + 123000000},
    {"20230614-151601", kT* kSecond},
    {"06/14 15:16:01", kNoYearT* kSecond, true, false},
    {"2023-06-14 15:16", (kT - 1) * kSecond},
    {"2023-06-14 15:16 +02:00", (kT - 7201) * kSecond, true, true, true},
    {"2023/06/14 15:16", (kT - 1) * kSecond},
    {"6/14/2023 3:16 PM", (kT - 1) * kSecond},
    {"2023-06-14", (kT - kDay) * kSecond},
    {"2023.06.14", (kT - kDay) * kSecond},
};

TEST(TimeLayoutTest, ReadsTheTimestampsOfRealPrograms) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto match = MatchTime(c.text);
    ASSERT_TRUE(match.has_value());
    EXPECT_EQ(match->size, std::string_view(c.text).size());
    ParsedTime time;
    ASSERT_TRUE(ParseTime(match->layout, c.text, &time)) << TimeLayoutName(match->layout);
    EXPECT_EQ(time.nanos, c.nanos) << TimeLayoutName(match->layout);
    EXPECT_EQ(time.has_date, c.has_date);
    EXPECT_EQ(time.has_year, c.has_year);
    EXPECT_EQ(time.has_zone, c.has_zone);
    int64_t ticks = 0;
    // Nanoseconds with an offset need more than 64 bits.
    const bool fits = TimeLayoutName(match->layout).find("dot9-colon-offset") == std::string::npos;
    ASSERT_EQ(ParseTicks(match->layout, c.text, &ticks), fits) << TimeLayoutName(match->layout);
    if (!fits) continue;
    std::string back;
    FormatTicks(match->layout, ticks, &back);
    EXPECT_EQ(back, c.text) << TimeLayoutName(match->layout);
  }
}

TEST(TimeLayoutTest, RefusesWhatIsNoTime) {
  for (const char* text : {"2023-13-14 15:16:01",
                           "2023-06-31 15:16:01",
                           "2023-02-29 00:00:00",
                           "24:16:01",
                           "2023-06-14T15:60:01",
                           "0000000000",
                           "4999999999",
                           "9999999999999999999",
                           "12345678901",
                           "10.10.34.13:3888",
                           "12:34:56:78:9a:bc",
                           "15:16:01:77",
                           "1234567",
                           "00:1A:2B",
                           "Jun 31 15:16:01",
                           "[15:16:01]",
                           "0.016s",
                           "12.345678",
                           "2023-06-14T15:16:0",
                           "15:16:01x",
                           "1686755761abc",
                           "20231314 151601",
                           "14/06 15:16:01",
                           "14-Xun-2023 15:16:01",
                           "v2023-06-14"}) {
    const auto match = MatchTime(text);
    EXPECT_FALSE(match.has_value()) << text << " read as " << (match ? TimeLayoutName(match->layout) : "");
  }
}

TEST(TimeLayoutTest, PrefersTheLongestMatchAndStopsAtTheMessage) {
  const auto size = [](const char* text) { return MatchTime(text)->size; };
  EXPECT_EQ(size("2023-06-14 15:16:01,123 - WARN x"), 23u);
  EXPECT_EQ(size("2023-06-14 15:16:01, Info CBS"), 19u);
  EXPECT_EQ(size("Jun 14 15:16:01 combo sshd[1]: x"), 15u);
  EXPECT_EQ(size("1686755761 2005.06.03 R02"), 10u);
  EXPECT_EQ(size("2023-06-14 15:16:01.123 UTC [12]"), 27u);
  EXPECT_EQ(size("2023-06-14 15:16:01 1234"), 19u);
  EXPECT_EQ(size("2023-06-14 15:16:01 GMT+0200"), 19u);  // neither of them is the zone alone
  EXPECT_EQ(size("2023-06-14 15 apples"), 10u);
  EXPECT_EQ(size("2023-06-14,15,16"), 10u);
  EXPECT_EQ(size("14/Jun/2023:15:16:01 +0200] \"GET"), 26u);
}

TEST(TimeLayoutTest, UnpaddedTimesHaveTicks) {
  for (const std::string text : {"20230614-15:16:1:123", "20230614-15:6:10:7", "20230614-0:0:0:0", "20230614-5:06:1:3",
                                 "20230614-05:06:01:003", "20230614-10:59:10:100"}) {
    const auto match = MatchTime(text);
    ASSERT_TRUE(match.has_value()) << text;
    int64_t ticks = 0;
    // Either all of it is padded or nothing.
    ASSERT_EQ(ParseTicks(match->layout, text, &ticks), text != "20230614-5:06:1:3") << text;
    if (text == "20230614-5:06:1:3") continue;
    std::string back;
    FormatTicks(match->layout, ticks, &back);
    EXPECT_EQ(back, text);
  }
}

TEST(TimeLayoutTest, SeesFormsWithValuesOutOfRange) {
  EXPECT_TRUE(LooksLikeTime("2023-13-14 15:16:01 x"));
  EXPECT_TRUE(LooksLikeTime("4999999999 x"));
  EXPECT_FALSE(LooksLikeTime("hello world"));
  EXPECT_FALSE(LooksLikeTime("12 monkeys"));
}

TEST(TimeLayoutTest, EveryLayoutHasAnExampleThatItAloneReads) {
  size_t layouts = 0;
  for (size_t i = 1; i < TimeLayoutCount(); ++i) {
    const auto id = static_cast<TimeLayoutId>(i);
    if (TimeLayoutName(id).empty()) continue;
    ++layouts;
    const std::string example = TimeLayoutExample(id);
    ParsedTime time;
    EXPECT_TRUE(ParseTime(id, example, &time)) << TimeLayoutName(id) << ": " << example;
    const auto match = MatchTime(example);
    ASSERT_TRUE(match.has_value()) << TimeLayoutName(id) << ": " << example;
    EXPECT_EQ(match->size, example.size()) << example;
    EXPECT_EQ(match->layout, id) << example << " is " << TimeLayoutName(id) << " but was read as "
                                 << TimeLayoutName(match->layout);
  }
  EXPECT_GT(layouts, 40u);
}

// Random ticks: format, read back. Random edits of real texts: ticks either fail or restore every byte, and what parses
// under one layout is matched as that layout.
TEST(TimeLayoutTest, TicksAreExactInverses) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::string text, again;
  for (int round = 0; round < 200; ++round) {
    for (size_t i = 1; i < TimeLayoutCount(); ++i) {
      const auto id = static_cast<TimeLayoutId>(i);
      std::string example = TimeLayoutExample(id);
      if (example.empty()) continue;
      text = example;
      for (int edits = static_cast<int>(random() % 4); edits > 0; --edits) {
        char& c = text[random() % text.size()];
        c = (random() % 8 != 0) ? static_cast<char>('0' + random() % 10) : " +-:.,ZTJ/"[random() % 10];
      }
      int64_t ticks = 0;
      if (!ParseTicks(id, text, &ticks)) continue;
      again.clear();
      FormatTicks(id, ticks, &again);
      ASSERT_EQ(again, text) << TimeLayoutName(id);
      const auto match = MatchTime(text);
      ASSERT_TRUE(match.has_value()) << text;
      ASSERT_EQ(match->layout, id) << text << ": " << TimeLayoutName(id) << " or " << TimeLayoutName(match->layout);
      // Small moves in time come back too.
      const int64_t moved = ticks + static_cast<int64_t>(random() % 100000);
      again.clear();
      FormatTicks(id, moved, &again);
      int64_t moved_back = 0;
      if (ParseTicks(id, again, &moved_back)) {
        std::string third;
        FormatTicks(id, moved_back, &third);
        ASSERT_EQ(third, again) << TimeLayoutName(id);
      }
    }
  }
}

}  // namespace
}  // namespace whittle
