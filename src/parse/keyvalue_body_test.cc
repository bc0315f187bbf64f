#include "parse/keyvalue_body.h"

#include <gtest/gtest.h>

#include <string>

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

std::string Fields(std::string_view text, const LineAnalysis& analysis) {
  std::string all;
  for (const FieldSpan& field : analysis.fields) {
    all += all.empty() ? "" : "|";
    all.append(field.name).append("=").append(text.substr(field.begin, field.end - field.begin));
  }
  return all;
}

TEST(KeyValueBodyTest, LabelsWithTabsBetweenAreLtsv) {
  const std::string_view text = "time:[28/Feb/2013:12:00:00 +0900]\tlevel:info\tmsg:two words\tsize:53\treferer:-";
  LineAnalysis analysis;
  MessageRange message;
  ASSERT_TRUE(ParseKeyValueBody(text, &analysis, &message));
  EXPECT_EQ(Fields(text, analysis), "=28/Feb/2013:12:00:00 +0900|=info|size=53");
  EXPECT_EQ(text.substr(message.begin, message.end - message.begin), "two words");
  EXPECT_EQ(analysis.body_format, "ltsv");
  EXPECT_TRUE(analysis.cacheable);
  // The tokenizer takes these labels for a part of what follows them.
  for (const char* varies : {"ab:1\tc:2", "u:http://a/1\tv:2", "mail:a@b\tv:2", "x1:2\ty:3"}) {
    LineAnalysis found;
    ASSERT_TRUE(ParseKeyValueBody(varies, &found, &message)) << varies;
    EXPECT_FALSE(found.cacheable) << varies;
  }
  for (const char* other : {"a:1", "a:1\tb", "a:1\t\tb:2", "a b:1\tc:2", ":1\tb:2", "1:a\t2:b", "a:1\tb:2\t"}) {
    LineAnalysis found;
    EXPECT_FALSE(ParseKeyValueBody(other, &found, &message)) << other;
  }
}

TEST(KeyValueBodyTest, ValuesOfExtensionsHoldBlanksAndEscapes) {
  const auto read = [](std::string_view text, char delimiter) {
    LineAnalysis analysis;
    return ParseExtension(text, delimiter, &analysis) ? Fields(text, analysis) : "none";
  };
  EXPECT_EQ(read("src=10.0.0.1 msg=two words  act=blocked", ' '), "src=10.0.0.1|act=blocked|msg=two words");
  EXPECT_EQ(read("request=http://a/?b=c&d=e f=1", ' '), "request=http://a/?b=c&d=e|f=1");
  EXPECT_EQ(read("a=x \\= y=2", ' '), "a=x \\=|y=2");
  EXPECT_EQ(read("a=1^b=two words^c=", '^'), "a=1|b=two words");
  EXPECT_EQ(read("a=1\tb=x y=z", '\t'), "a=1|b=x y=z");
  EXPECT_EQ(read("ad.key[0]=v cs1Label=the label", ' '), "ad.key[0]=v|cs1Label=the label");
  for (const char* text : {"", "words first a=1", "=1", "a"}) EXPECT_EQ(read(text, ' '), "none") << text;
}

}  // namespace
}  // namespace whittle
