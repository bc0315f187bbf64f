#include "parse/keyvalue_body.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

TEST(KeyValueBodyTest, PairsBecomeTypedFields) {
  const std::string_view text = R"(level=warn msg="a \"b\"" count=5 took=1.5 ok=false empty= path=/x/1)";
  LineAnalysis analysis;
  MessageRange message;
  ASSERT_TRUE(ParseKeyValueBody(text, &analysis, &message));
  EXPECT_EQ(text.substr(message.begin, message.end - message.begin), R"(a \"b\")");
  EXPECT_TRUE(message.escaped);
  ASSERT_EQ(analysis.fields.size(), 5u);
  EXPECT_EQ(analysis.fields[0].role, FieldRole::kSeverity);
  EXPECT_EQ(analysis.fields[1].type, ValueType::kInt64);
  EXPECT_EQ(analysis.fields[2].type, ValueType::kDouble);
  EXPECT_EQ(analysis.fields[3].type, ValueType::kBool);
  EXPECT_EQ(analysis.fields[4].name, "path");
  EXPECT_EQ(analysis.body_format, "logfmt");
}

TEST(KeyValueBodyTest, TextWithPairsIsText) {
  for (const char* text : {"", "a=1", "done a=1 b=2", "a=1 b=2 done", "a=1, b=2", "a = 1 b = 2", "a=\"x b=2",
                           "a=b=c d=1", "1=a 2=b", "a=\"x\"y b=1"}) {
    LineAnalysis analysis;
    MessageRange message;
    EXPECT_FALSE(ParseKeyValueBody(text, &analysis, &message)) << text;
    EXPECT_TRUE(analysis.fields.empty());
  }
}

}  // namespace
}  // namespace whittle
