#include "expr/text_match.h"

#include <gtest/gtest.h>

#include <random>

#include "expr/suggest.h"

namespace whittle {
namespace {

TEST(LiteralFinder, AgreesWithStringFind) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20000; ++round) {
    std::string text, needle;
    for (size_t n = random() % 30; n > 0; --n) text.push_back("aAbB1"[random() % 5]);
    for (size_t n = random() % 5; n > 0; --n) needle.push_back("aAbB1"[random() % 5]);
    const size_t from = random() % (text.size() + 1);
    ASSERT_EQ(LiteralFinder(needle, false).Find(text, from), text.find(needle, from)) << needle << " in " << text;
    const auto lower = [](std::string s) {
      for (char& c : s) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
      return s;
    };
    ASSERT_EQ(LiteralFinder(needle, true).Find(text, from), lower(text).find(lower(needle), from))
        << needle << " in " << text;
  }
}

TEST(SplitWildcard, UndoesEscapes) {
  EXPECT_EQ(SplitWildcard("abc"), (std::vector<std::string>{"abc"}));
  EXPECT_EQ(SplitWildcard("a*b"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(SplitWildcard("*a\\*b\\\\"), (std::vector<std::string>{"", "a*b\\"}));
  EXPECT_EQ(SplitWildcard("C\\dir"), (std::vector<std::string>{"C\\dir"}));
}

TEST(WildcardPattern, MatchesWholeValues) {
  const auto matches = [](std::string_view pattern, std::string_view text) {
    return WildcardPattern(SplitWildcard(pattern)).Matches(text);
  };
  EXPECT_TRUE(matches("web-*", "web-17"));
  EXPECT_FALSE(matches("web-*", "a web-17"));
  EXPECT_TRUE(matches("a*b*c", "a--b--c"));
  EXPECT_FALSE(matches("a*b*c", "a--c--b"));
  EXPECT_TRUE(matches("**", ""));
  EXPECT_FALSE(matches("ab*ba", "aba"));
  EXPECT_TRUE(matches("abc", "abc"));
}

TEST(Suggest, NearestNameWithinReason) {
  const std::vector<std::string_view> names = {"count", "sum", "http.response.status_code"};
  EXPECT_EQ(NearestName("cuont", names), "count");
  EXPECT_EQ(NearestName("Sun", names), "sum");
  EXPECT_EQ(NearestName("http.respons.statuscode", names), "http.response.status_code");
  EXPECT_EQ(NearestName("banana", names), "");
  EXPECT_EQ(NearestName("", names), "");
  EXPECT_EQ(NearestName(std::string(1000, 'x'), names), "");
  EXPECT_EQ(DidYouMean("cnt", {"count"}), "");
  EXPECT_EQ(DidYouMean("coun", {"count"}), "; did you mean \"count\"?");
}

}  // namespace
}  // namespace whittle
