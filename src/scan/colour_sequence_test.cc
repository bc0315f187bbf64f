#include "scan/colour_sequence.h"

#include <gtest/gtest.h>

#include "scan/tokenizer.h"

namespace whittle {
namespace {

TEST(ColourSequence, Sizes) {
  EXPECT_EQ(ColourSequenceSize("\x1b[m", 0), 3u);
  EXPECT_EQ(ColourSequenceSize("a\x1b[1;31mERROR", 1), 7u);
  EXPECT_EQ(ColourSequenceSize("\x1b[38:2:1:2:3m", 0), 13u);
  EXPECT_EQ(ColourSequenceSize(R"(\u001b[32mINFO)", 0), 10u);
  EXPECT_EQ(ColourSequenceSize(R"(\\u001B[0mx)", 0), 10u);
  // The end of a line, other sequences, none.
  EXPECT_EQ(ColourSequenceSize("\x1b", 0), 0u);
  EXPECT_EQ(ColourSequenceSize("\x1b[1", 0), 0u);
  EXPECT_EQ(ColourSequenceSize("\x1b[2K", 0), 0u);
  EXPECT_EQ(ColourSequenceSize("\\u001c[1m", 0), 0u);
  EXPECT_EQ(ColourSequenceSize("[1m", 0), 0u);
  EXPECT_EQ(ColourSequenceSize("\x1b[" + std::string(kMaxColourSequence, '1') + "m", 0), 0u);
  EXPECT_EQ(WithoutColours("\x1b[32mup\x1b[0m: 3\x1b[2K"), "up: 3\x1b[2K");
}

TEST(ColourSequence, IsNoPartOfATokenAndNothingThatVaries) {
  Tokenizer tokenizer;
  const std::string line = "\x1b[36mid\x1b[0m=\x1b[1m4711\x1b[0m";
  ASSERT_TRUE(tokenizer.Scan(line));
  ASSERT_EQ(tokenizer.masked().size(), 1u);
  const MaskedToken token = tokenizer.masked()[0];
  EXPECT_EQ(line.substr(token.begin, token.end - token.begin), "4711");
  EXPECT_EQ(token.token_class, TokenClass::kInteger);
}

}  // namespace
}  // namespace whittle
