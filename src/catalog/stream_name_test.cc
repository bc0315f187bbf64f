#include "catalog/stream_name.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

TEST(StreamNameTest, SurvivesRotationAndCompression) {
  for (const char* name : {"app.log", "/var/log/app.log", "app.log.1", "app.log.3.gz", "app.log.1.old", "app.log.gz",
                           "app.log-20240131", "app.log-20240131.gz", "app.log-2024-01-31.zst", "app.log.2024-01-31",
                           "app.log.2024-01-31.7.xz", "app.log-1706659200", "app.log-20240131-13.bz2", "app.log.bak",
                           "app.2024-01-31.log", "app-20240131.log", "app-2024-01-31-07.log.gz", "app.1.log"}) {
    EXPECT_EQ(StreamName(name), "app.log") << name;
  }
}

TEST(StreamNameTest, KeepsNumbersThatAreNames) {
  EXPECT_EQ(StreamName("web-01.log"), "web-01.log");
  EXPECT_EQ(StreamName("web-01.log.2.gz"), "web-01.log");
  EXPECT_EQ(StreamName("node12"), "node12");
  EXPECT_EQ(StreamName("messages"), "messages");
  EXPECT_EQ(StreamName("syslog.1"), "syslog");
  EXPECT_EQ(StreamName("host-3"), "host-3");
}

TEST(StreamNameTest, NeverEmpty) {
  for (const char* name : {".gz", "1", ".1", "20240131", "a.1", "2024-01-31.log", "-20240131", "..1"}) {
    EXPECT_FALSE(StreamName(name).empty()) << name;
  }
}

}  // namespace
}  // namespace whittle
