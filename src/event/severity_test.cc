#include "event/severity.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

TEST(SeverityTest, WordsInAnyCase) {
  EXPECT_EQ(SeverityNumber("INFO"), 9);
  EXPECT_EQ(SeverityNumber("info"), 9);
  EXPECT_EQ(SeverityNumber("Warning"), 13);
  EXPECT_EQ(SeverityNumber("SEVERE"), 17);
  EXPECT_EQ(SeverityNumber("emerg"), 22);
  EXPECT_EQ(SeverityNumber("informational"), 9);
  EXPECT_EQ(SeverityNumber("hello"), 0);
  EXPECT_EQ(SeverityNumber(""), 0);
  EXPECT_EQ(SeverityNumber("I"), 0);
}

TEST(SeverityTest, SyslogAndBunyanNumbers) {
  EXPECT_EQ(SyslogSeverityNumber(0), 22);
  EXPECT_EQ(SyslogSeverityNumber(3), 17);
  EXPECT_EQ(SyslogSeverityNumber(7), 5);
  EXPECT_EQ(BunyanSeverityNumber(30), 9);
  EXPECT_EQ(BunyanSeverityNumber(31), 0);
}

TEST(SeverityTest, FieldsAsAWhole) {
  EXPECT_EQ(SeverityNumberOfField("<134>", false), 9);
  EXPECT_EQ(SeverityNumberOfField("11", true), 17);
  EXPECT_EQ(SeverityNumberOfField("50", false), 17);
  EXPECT_EQ(SeverityNumberOfField("999", true), 0);
  EXPECT_EQ(SeverityNumberOfField("W", false), 13);
  EXPECT_EQ(SeverityNumberOfField("3", false), 17);  // GELF, the journal, Cisco
  EXPECT_EQ(SeverityNumberOfField("8", false), 0);
  EXPECT_EQ(SeverityNumberOfField("D2", false), 4);  // MongoDB
  EXPECT_EQ(SeverityNumberOfField("#", false), 13);  // Redis
  EXPECT_EQ(SeverityNumberOfField("crit", false), 18);
  EXPECT_EQ(SeverityNumberOfField("dbug", false), 5);
  EXPECT_EQ(SeverityNumberOfField("error", false), 17);
  EXPECT_EQ(SeverityNumberOfField("errors", false), 0);
}

TEST(SeverityTest, NamesOfNumbers) {
  EXPECT_EQ(SeverityName(9), "INFO");
  EXPECT_EQ(SeverityName(12), "INFO");
  EXPECT_EQ(SeverityName(24), "FATAL");
  EXPECT_EQ(SeverityName(0), "");
  EXPECT_EQ(SeverityName(25), "");
}

}  // namespace
}  // namespace whittle
