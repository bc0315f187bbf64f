#include "parse/well_known.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

TEST(WellKnownTest, SpellingsOfTheSameField) {
  for (const char* key : {"logger", "loggerName", "logger_name", "LoggerName", "log.logger", "SourceContext"})
    EXPECT_EQ(LookUpField(key).name, "log.logger") << key;
  for (const char* key : {"@timestamp", "timestamp", "Timestamp", "ts", "time", "@t"})
    EXPECT_EQ(LookUpField(key).field, KnownField::kTimestamp) << key;
  for (const char* key : {"level", "Level", "severity", "log.level", "@l", "levelname"})
    EXPECT_EQ(LookUpField(key).field, KnownField::kSeverity) << key;
  for (const char* key : {"message", "msg", "@m", "short_message"})
    EXPECT_EQ(LookUpField(key).field, KnownField::kMessage) << key;
  EXPECT_EQ(LookUpField("kubernetes.pod_name").name, "k8s.pod.name");
  EXPECT_EQ(LookUpField("order_id").name, "order_id");
  EXPECT_EQ(LookUpField(std::string(100, 'x')).field, KnownField::kAttribute);
}

TEST(WellKnownTest, KeysWithMaskedPartsVary) {
  EXPECT_TRUE(KeyVaries("k8s.pod"));
  EXPECT_TRUE(KeyVaries("a/b"));
  EXPECT_TRUE(KeyVaries("ex@x"));
  EXPECT_FALSE(KeyVaries("@timestamp"));
  EXPECT_FALSE(KeyVaries("log.level"));
}

}  // namespace
}  // namespace whittle
