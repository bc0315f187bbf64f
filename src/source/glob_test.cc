#include "source/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace whittle {
namespace {

TEST(GlobTest, MatchesAsShellsDo) {
  const struct {
    const char* pattern;
    const char* path;
    bool matches;
  } cases[] = {
      {"*.log", "app.log", true},
      {"*.log", "dir/app.log", false},
      {"*", "", true},
      {"?", "a", true},
      {"?", "/", false},
      {"?", "", false},
      {"a?c", "abc", true},
      {"[a-c]x", "bx", true},
      {"[!a-c]x", "bx", false},
      {"[^a-c]x", "dx", true},
      {"[]x]", "]", true},
      {"[!/]", "/", false},
      {"[a-c", "[a-c", true},
      {"\\*.log", "*.log", true},
      {"\\*.log", "a.log", false},
      {"/var/log/**/*.log", "/var/log/app.log", true},
      {"/var/log/**/*.log", "/var/log/a/b/app.log", true},
      {"/var/log/**/*.log", "/var/log/a/b/app.txt", false},
      {"/var/log/**/*.log", "/var/logs/app.log", false},
      {"**/x", "x", true},
      {"**/x", "a/b/x", true},
      {"**/x", "ax", false},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/xb", false},
      {"a/**/b", "a/x/y/b", true},
      {"a/**", "a/b/c", true},
      {"a**c", "a/b/c", true},
      {"a*c", "a/c", false},
      {"**", "anything/at/all", true},
      {"*a*b*", "xxaxxbxx", true},
      {"*a*b*", "xxbxxaxx", false},
      {"[\x80-\xff]", "\xe9", true},
      {"plain", "plain", true},
      {"plain", "plainer", false},
  };
  for (const auto& c : cases) EXPECT_EQ(GlobMatches(c.pattern, c.path), c.matches) << c.pattern << " on " << c.path;
}

TEST(GlobTest, ManyStarsStayCheap) {
  // Exponential in a backtracking matcher: this test would not end there.
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "*a";
  EXPECT_FALSE(GlobMatches(pattern + "b", std::string(3000, 'a')));
  EXPECT_TRUE(GlobMatches(pattern, std::string(3000, 'a')));
}

TEST(GlobTest, TheRootIsWhatStandsBeforeTheFirstSpecialComponent) {
  EXPECT_EQ(GlobRoot("/var/log/*/app.log"), "/var/log");
  EXPECT_EQ(GlobRoot("/var/lo*/app.log"), "/var");
  EXPECT_EQ(GlobRoot("*.log"), ".");
  EXPECT_EQ(GlobRoot("/*"), "/");
  EXPECT_EQ(GlobRoot("logs/a?"), "logs");
}

TEST(GlobTest, OnlySpecialBytesMakeAGlob) {
  EXPECT_TRUE(IsGlob("a*"));
  EXPECT_TRUE(IsGlob("a?"));
  EXPECT_TRUE(IsGlob("[a]"));
  EXPECT_FALSE(IsGlob("/var/log/app.log"));
}

}  // namespace
}  // namespace whittle
