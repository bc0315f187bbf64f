#include "parse/time_resolver.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

ParsedTime Read(const char* text) {
  ParsedTime time;
  const auto match = MatchTime(text);
  EXPECT_TRUE(match.has_value()) << text;
  if (match) {
    EXPECT_TRUE(ParseTime(match->layout, text, &time));
  }
  return time;
}
int64_t Utc(const char* text) { return Read(text).nanos; }

std::unique_ptr<TimeResolver> Make(const TimeResolverOptions& options) {
  auto resolver = TimeResolver::Create(options);
  EXPECT_TRUE(resolver.ok()) << resolver.status().message();
  return std::move(resolver).value();
}

TEST(TimeResolverTest, FullTimesAreTakenAsTheyAre) {
  const auto resolver = Make({});
  const ResolvedTime time = resolver->Resolve(Read("2023-06-14T15:16:01+02:00"));
  EXPECT_EQ(time.utc_ns, Utc("2023-06-14T13:16:01Z"));
  EXPECT_FALSE(time.filled_in);
  EXPECT_EQ(resolver->counts().zone, 0u);
}

TEST(TimeResolverTest, ZonesByNameAndOffset) {
  TimeResolverOptions options;
  options.zone = "Europe/Berlin";
  const auto berlin = Make(options);
  EXPECT_EQ(berlin->Resolve(Read("2023-06-14 15:16:01")).utc_ns, Utc("2023-06-14T13:16:01Z"));
  EXPECT_EQ(berlin->Resolve(Read("2023-01-14 15:16:01")).utc_ns, Utc("2023-01-14T14:16:01Z"));
  EXPECT_TRUE(berlin->Resolve(Read("2023-01-14 15:16:02")).filled_in);
  EXPECT_EQ(berlin->counts().zone, 3u);
  options.zone = "-0730";
  EXPECT_EQ(Make(options)->Resolve(Read("2023-06-14 15:16:01")).utc_ns, Utc("2023-06-14T22:46:01Z"));
  options.zone = "+2";
  EXPECT_EQ(Make(options)->Resolve(Read("2023-06-14 15:16:01")).utc_ns, Utc("2023-06-14T13:16:01Z"));
}

TEST(TimeResolverTest, UnknownZonesAreConfigurationErrors) {
  for (const char* zone : {"Europe/Atlantis", "+25:00", "+1:2:3", "local"}) {
    TimeResolverOptions options;
    options.zone = zone;
    const auto resolver = TimeResolver::Create(options);
    ASSERT_FALSE(resolver.ok()) << zone;
    EXPECT_EQ(resolver.status().code(), StatusCode::kConfig);
  }
}

TEST(TimeResolverTest, TheHourThatHappensTwice) {
  TimeResolverOptions options;
  options.zone = "Europe/Berlin";
  const auto resolver = Make(options);
  EXPECT_EQ(resolver->Resolve(Read("2023-10-29 02:59:00")).utc_ns, Utc("2023-10-29T00:59:00Z"));
  EXPECT_EQ(resolver->Resolve(Read("2023-10-29 02:01:00")).utc_ns, Utc("2023-10-29T01:01:00Z"));
  EXPECT_EQ(resolver->Resolve(Read("2023-10-29 03:00:00")).utc_ns, Utc("2023-10-29T02:00:00Z"));
}

TEST(TimeResolverTest, YearFromTheReferenceDate) {
  TimeResolverOptions options;
  options.reference_ns = Utc("2023-02-10T00:00:00Z");
  const auto resolver = Make(options);
  EXPECT_EQ(resolver->Resolve(Read("Dec 31 23:59:59")).utc_ns, Utc("2022-12-31T23:59:59Z"));
  EXPECT_EQ(resolver->Resolve(Read("Jan  1 00:00:01")).utc_ns, Utc("2023-01-01T00:00:01Z"));
  EXPECT_EQ(resolver->Resolve(Read("Feb 10 12:00:00")).utc_ns, Utc("2023-02-10T12:00:00Z"));
  EXPECT_EQ(resolver->Resolve(Read("Feb 12 12:00:00")).utc_ns, Utc("2022-02-12T12:00:00Z"));
  EXPECT_EQ(resolver->Resolve(Read("Feb 29 12:00:00")).utc_ns, Utc("2020-02-29T12:00:00Z"));
  EXPECT_EQ(resolver->counts().year, 5u);
}

TEST(TimeResolverTest, FixedYearMovesOnWithTheTimes) {
  TimeResolverOptions options;
  options.year_mode = TimeResolverOptions::Year::kFixed;
  options.year = 2019;
  const auto resolver = Make(options);
  EXPECT_EQ(resolver->Resolve(Read("Dec 31 23:59:59")).utc_ns, Utc("2019-12-31T23:59:59Z"));
  EXPECT_EQ(resolver->Resolve(Read("Jan  1 00:00:01")).utc_ns, Utc("2020-01-01T00:00:01Z"));
  EXPECT_EQ(resolver->Resolve(Read("Dec 31 23:59:58")).utc_ns, Utc("2019-12-31T23:59:58Z"));
  EXPECT_EQ(resolver->Resolve(Read("Jan  1 00:00:02")).utc_ns, Utc("2020-01-01T00:00:02Z"));
}

TEST(TimeResolverTest, TimesOfDayFollowTheDaysBefore) {
  TimeResolverOptions options;
  options.reference_ns = Utc("2023-06-14T12:00:00Z");
  const auto resolver = Make(options);
  EXPECT_EQ(resolver->Resolve(Read("23:59:58.000")).utc_ns, Utc("2023-06-14T23:59:58Z"));
  EXPECT_EQ(resolver->Resolve(Read("00:00:01.500")).utc_ns, Utc("2023-06-15T00:00:01Z") + kSecond / 2);
  EXPECT_EQ(resolver->Resolve(Read("23:59:59.000")).utc_ns, Utc("2023-06-14T23:59:59Z"));
  EXPECT_EQ(resolver->counts().day, 3u);
}

}  // namespace
}  // namespace whittle
