#include "parse/envelope.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

std::string Inner(std::string_view text, const MessageRange& inner) {
  return std::string(text.substr(inner.begin, inner.end - inner.begin));
}

TEST(EnvelopeTest, NotEveryObjectWithALogIsDockers) {
  for (const char* text : {R"({"log":"x"})", R"({"log":"x","stream":"stdout"})",
                           R"({"log":1,"stream":"stdout","time":"2023-06-14T15:16:01Z"})",
                           R"({"log":"x","stream":"stdout","time":"2023-06-14T15:16:01Z","level":"info"})"}) {
    std::vector<JsonMember> members;
    std::vector<ByteRange> varying_keys;
    ASSERT_TRUE(ScanJsonObject(text, &members, &varying_keys));
    LineAnalysis analysis;
    MessageRange inner;
    EXPECT_FALSE(ParseDockerJson(text, members, &analysis, &inner)) << text;
    EXPECT_TRUE(analysis.fields.empty());
  }
}

TEST(EnvelopeTest, DockerDropsTheNewlineItWrote) {
  const std::string_view text =
      R"({"log":"a\r\n","stream":"stdout","attrs":{"tag":"x"},"time":"2023-06-14T15:16:01.5Z"})";
  std::vector<JsonMember> members;
  std::vector<ByteRange> varying_keys;
  ASSERT_TRUE(ScanJsonObject(text, &members, &varying_keys));
  LineAnalysis analysis;
  MessageRange inner;
  ASSERT_TRUE(ParseDockerJson(text, members, &analysis, &inner));
  EXPECT_EQ(Inner(text, inner), "a");
}

TEST(EnvelopeTest, CriNeedsItsThreeColumns) {
  for (const char* text :
       {"2023-06-14T15:16:01.123456789Z stdout X message", "2023-06-14T15:16:01.123456789Z stdin F message",
        "2023-06-14T15:16:01.123456789Z stdout Full message", "2023-06-14 15:16:01 stdout F message and more",
        "stdout F"}) {
    LineAnalysis analysis;
    MessageRange inner;
    EXPECT_FALSE(ParseCri(text, &analysis, &inner)) << text;
  }
  LineAnalysis analysis;
  MessageRange inner;
  const std::string_view empty = "2023-06-14T15:16:01.123456789Z stdout F ";
  ASSERT_TRUE(ParseCri(empty, &analysis, &inner));
  EXPECT_EQ(Inner(empty, inner), "");
}

TEST(EnvelopeTest, APriorityThatEndsWithTheLineIsNone) {
  // On the heap and exactly as long as the line, so that a sanitizer sees a read behind it.
  const std::vector<char> line{'<', '7', '7', '7'};
  LineAnalysis analysis;
  MessageRange inner;
  EXPECT_FALSE(ParseSyslogPriority(std::string_view(line.data(), line.size()), &analysis, &inner));
}

TEST(EnvelopeTest, Rfc5424WithNothingInIt) {
  const std::string_view text = "<13>1 - - - - - -";
  LineAnalysis analysis;
  MessageRange inner;
  ASSERT_TRUE(ParseSyslogPriority(text, &analysis, &inner));
  EXPECT_EQ(analysis.envelope, "syslog-5424");
  EXPECT_EQ(Inner(text, inner), "");
}

TEST(EnvelopeTest, Rfc5424WithABomAndBrokenData) {
  const std::string_view bom = "<34>1 2003-10-11T22:14:15.003Z m su - ID47 - \xEF\xBB\xBFmessage";
  LineAnalysis analysis;
  MessageRange inner;
  ASSERT_TRUE(ParseSyslogPriority(bom, &analysis, &inner));
  EXPECT_EQ(Inner(bom, inner), "message");
  // Broken structured data: the priority is still one, the rest is left to the header.
  for (const char* text : {"<34>1 2003-10-11T22:14:15.003Z m su - ID47 [a b=\"c] x",
                           "<34>1 2003-10-11T22:14:15.003Z m su - ID47 [a b=c] x", "<34>1 x"}) {
    analysis = {};
    ASSERT_TRUE(ParseSyslogPriority(text, &analysis, &inner)) << text;
    EXPECT_EQ(analysis.envelope, "syslog-3164") << text;
    EXPECT_EQ(inner.begin, 4u);
  }
}

TEST(EnvelopeTest, PrioritiesEndAt191) {
  LineAnalysis analysis;
  MessageRange inner;
  EXPECT_TRUE(ParseSyslogPriority("<191>x", &analysis, &inner));
  EXPECT_FALSE(ParseSyslogPriority("<192>x", &analysis, &inner));
  EXPECT_FALSE(ParseSyslogPriority("<>xxx", &analysis, &inner));
  EXPECT_FALSE(ParseSyslogPriority("<1234>x", &analysis, &inner));
}

}  // namespace
}  // namespace whittle
