#include "pipeline/control_protocol.h"

#include <gtest/gtest.h>

#include <string>

#include "env/line_server.h"

namespace whittle {
namespace {

TEST(ControlProtocol, RequestsComeBackAsTheyWere) {
  const ControlRequest request{{"retain", "--filter=\"a\\b\" and x:\"ü\"", "", "--", "\ttab\nline"}, ""};
  const auto line = EncodeControlRequest(request);
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(std::string::npos, line->find('\n'));
  const auto read = ParseControlRequest(*line);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(request.arguments, read->arguments);
}

TEST(ControlProtocol, TheDocumentedLinesAreWhatIsWritten) {
  EXPECT_EQ(R"({"version":1,"arguments":["retain","--age=30d"]})",
            *EncodeControlRequest({{"retain", "--age=30d"}, ""}));
  EXPECT_EQ(R"({"version":1,"exit":0,"out":"expired 3\n","err":""})",
            EncodeControlAnswer({0, "expired 3\n", "", false}));
}

TEST(ControlProtocol, WhatCannotBeSentIsRefused) {
  EXPECT_EQ(StatusCode::kUsage, EncodeControlRequest({{"retain", "\xff"}, ""}).status().code());
  EXPECT_EQ(StatusCode::kUsage,
            EncodeControlRequest({{"retain", std::string(LineServer::kMaxRequestBytes, 'x')}, ""}).status().code());
  EXPECT_EQ(StatusCode::kUsage,
            EncodeControlRequest({std::vector<std::string>(kMaxControlArguments + 1, "x"), ""}).status().code());
}

TEST(ControlProtocol, WhatIsNoRequestIsRefused) {
  const std::string many = R"({"version":1,"arguments":[)" + std::string(100'000, '[');
  std::string too_many = R"({"version":1,"arguments":["x")";
  for (size_t i = 0; i < kMaxControlArguments; ++i) too_many += ",\"x\"";
  for (const std::string& line :
       {std::string(), std::string("\0", 1), std::string("{}"), std::string("[]"), std::string("null"),
        std::string(R"({"version":1})"), std::string(R"({"version":1,"arguments":[]})"),
        std::string(R"({"version":1,"arguments":[1]})"), std::string(R"({"version":1,"arguments":"retain"})"),
        std::string(R"({"version":"1","arguments":["retain"]})"),
        std::string(R"({"version":1,"arguments":["a\u0000"]})"),
        std::string(R"({"version":1,"arguments":["retain"]}{)"),
        std::string("{\"version\":1,\"arguments\":[\"\xff\"]}"), many, too_many + "]}"}) {
    EXPECT_EQ(StatusCode::kUsage, ParseControlRequest(line).status().code()) << line.substr(0, 100);
  }
  const auto other = ParseControlRequest(R"({"version":2,"arguments":["retain"]})");
  ASSERT_FALSE(other.ok());
  EXPECT_NE(std::string::npos, other.status().message().find("version 2 is not 1"));
  EXPECT_TRUE(ParseControlRequest(R"({"later":{"a":[1]},"version":1,"arguments":["x"]})").ok());
}

TEST(ControlProtocol, AnswersComeBackAndLongOnesAreCut) {
  const auto read = ParseControlAnswer(EncodeControlAnswer({2, "out\n", "whittle: \xff \"no\"\n", false}));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(2, read->exit_code);
  EXPECT_EQ("out\n", read->out);
  EXPECT_EQ("whittle: \xef\xbf\xbd \"no\"\n", read->err);
  const std::string line = EncodeControlAnswer({0, std::string(kMaxControlTextBytes * 3, '\x01'), "", false});
  EXPECT_LE(line.size(), kMaxControlAnswerBytes);
  const auto cut = ParseControlAnswer(line);
  ASSERT_TRUE(cut.ok());
  EXPECT_LE(cut->out.size(), kMaxControlTextBytes);
  EXPECT_TRUE(cut->out.ends_with("… and more\n"));
  for (const char* wrong : {"", "{}", R"({"version":1,"exit":256,"out":"","err":""})", R"({"version":1,"exit":0})"}) {
    EXPECT_EQ(StatusCode::kCorrupt, ParseControlAnswer(wrong).status().code()) << wrong;
  }
}

}  // namespace
}  // namespace whittle
