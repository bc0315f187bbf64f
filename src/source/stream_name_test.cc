#include "source/stream_name.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace whittle {
namespace {

TEST(StreamNameTest, RotationAndCompressionDoNotChangeTheStream) {
  const struct {
    const char* name;
    const char* stream;
  } cases[] = {
      {"app.log", "app.log"},
      {"app.log.1", "app.log"},
      {"app.log.3.gz", "app.log"},
      {"app.log.12.zst", "app.log"},
      {"app.log.xz", "app.log"},
      {"syslog", "syslog"},
      {"syslog.7.gz", "syslog"},
      {"app.log.2024-01-01", "app.log"},
      {"app.log.2024-01-01.1", "app.log"},
      {"app.log-20240101", "app.log"},
      {"app.log-20240101.gz", "app.log"},
      {"app.log-2024010113.gz", "app.log"},
      {"app.log-20240101-130501.gz", "app.log"},
      {"app.log-1704067200.gz", "app.log"},
      {"app-2024-01-01.log", "app.log"},
      {"app-2024-01-01.0.log", "app.log"},
      {"app-2024-01-01-2.log.gz", "app.log"},
      {"app_2024_01_01.log", "app.log"},
      {"app.2024.01.01.log", "app.log"},
      {"app-2024-01-01T13.log", "app.log"},
      {"app-2024-01-01_13-05-00.log", "app.log"},
      {"app-20240101T130500Z.log", "app.log"},
      {"app-2024-01.log", "app.log"},
      {"2024-01-01-app.log", "app.log"},
      {"2024-01-01.log.gz", "log"},
      {"2024-01-01.gz", "log"},
      {"localhost_access_log.2024-01-01.txt", "localhost_access_log.txt"},
      {"hadoop-hdfs-datanode-host7.log.2015-10-18", "hadoop-hdfs-datanode-host7.log"},
      // Not rotations.
      {"10.0.0.1", "10.0.0.1"},
      {"10.0.0.1.log", "10.0.0.1.log"},
      {"app-1.2.3", "app-1.2.3"},
      {"worker-3.log", "worker-3.log"},
      {"app.log.20249999", "app.log"},  // a long number, not a date
      {"app.log.old", "app.log.old"},
      {"build-99999999.log", "build-99999999.log"},
      {"order-123456789012.log", "order-123456789012.log"},
      {".gz", ".gz"},
      {"1", "1"},
      {".1", ".1"},
      {"", "log"},
  };
  for (const auto& c : cases) EXPECT_EQ(ParseRotatedName(c.name).stream, c.stream) << c.name;
}

TEST(StreamNameTest, DatesAreRead) {
  EXPECT_EQ(ParseRotatedName("app.log-20240101").date_s, 1704067200);
  EXPECT_EQ(ParseRotatedName("app-2024-01-01.log.gz").date_s, 1704067200);
  EXPECT_EQ(ParseRotatedName("app-2024-01-01T13.log").date_s, 1704067200 + 13 * 3600);
  EXPECT_EQ(ParseRotatedName("app-2024010113.log").date_s, 1704067200 + 13 * 3600);
  EXPECT_EQ(ParseRotatedName("app-20240101_130501.log").date_s, 1704067200 + 13 * 3600 + 5 * 60 + 1);
  EXPECT_EQ(ParseRotatedName("app.log-1704067200.gz").date_s, 1704067200);
  EXPECT_EQ(ParseRotatedName("app-2024-02-30.log").date_s, std::nullopt);
  EXPECT_EQ(ParseRotatedName("app.log.1").date_s, std::nullopt);
}

void ExpectOrder(const std::vector<std::string>& oldest_first) {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::string> names = oldest_first;
    std::shuffle(names.begin(), names.end(), random);
    std::stable_sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
      return WrittenBefore(ParseRotatedName(a), ParseRotatedName(b));
    });
    EXPECT_EQ(names, oldest_first);
  }
}

TEST(StreamNameTest, OldestFirst) {
  ExpectOrder({"app.log.10.gz", "app.log.9.gz", "app.log.2.gz", "app.log.1", "app.log"});
  ExpectOrder({"app.log-20231231.gz", "app.log-20240101.gz", "app.log-20240102", "app.log"});
  ExpectOrder({"app-2024-01-01.log", "app-2024-01-01.1.log", "app-2024-01-01.2.log", "app-2024-01-01.10.log",
               "app-2024-01-02.log", "app.log"});
  ExpectOrder({"app.log.2024-01-01-09", "app.log.2024-01-01-10", "app.log.2024-01-02-00", "app.log"});
}

TEST(StreamNameTest, AnyBytesAreAName) {
  std::mt19937 random(11);
  const std::string alphabet = "0129-_.TZ:alog\xff";
  for (int round = 0; round < 20000; ++round) {
    std::string name;
    for (unsigned i = random() % 24; i > 0; --i) name += alphabet[random() % alphabet.size()];
    const RotatedName parsed = ParseRotatedName(name);
    EXPECT_FALSE(parsed.stream.empty()) << name;
    EXPECT_FALSE(WrittenBefore(parsed, parsed)) << name;
  }
}

}  // namespace
}  // namespace whittle
