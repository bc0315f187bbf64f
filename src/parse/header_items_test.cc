#include "parse/header_items.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

std::string Level(std::string_view text) {
  LevelItem item;
  if (!MatchLevel(text, 0, &item)) return "";
  return std::string(text.substr(item.begin, item.end - item.begin)) + (item.strong ? "!" : "");
}

TEST(HeaderItemsTest, LevelsInAllForms) {
  EXPECT_EQ(Level("INFO x"), "INFO!");
  EXPECT_EQ(Level("[info ] x"), "info!");
  EXPECT_EQ(Level("<error> x"), "error!");
  EXPECT_EQ(Level("[core:error] x"), "error!");
  EXPECT_EQ(Level("Info   CBS"), "Info!");
  EXPECT_EQ(Level("LOG:  x"), "LOG!");
  EXPECT_EQ(Level("error: x"), "error");
  EXPECT_EQ(Level("D Tag: x"), "D");
  EXPECT_EQ(Level("DEBUG2: x"), "DEBUG2!");
}

TEST(HeaderItemsTest, WordsOfSentencesAreNoLevels) {
  for (const char* text : {"Error reading file", "information about", "HINT at something", "INFORMAL x",
                           "[client 1.2.3.4] x", "note that", "A word", "<b> x", ""}) {
    EXPECT_EQ(Level(text), "") << text;
  }
}

TEST(HeaderItemsTest, Names) {
  for (const char* name : {"a.b.C", "dfs.DataNode$PacketResponder", "PowerManagerService", "my_crate::module",
                           "o.a.ConfUtils:46", "server/main.go:12"}) {
    EXPECT_EQ(ClassifyName(name), NameKind::kStructured) << name;
  }
  for (const char* name : {"kernel", "Remoting", "FSNAMESYSTEM"})
    EXPECT_EQ(ClassifyName(name), NameKind::kPlain) << name;
  for (const char* name : {"", "12345", "10.0.0.1:80", "jk2_init()", "http://x.y", "end.", "/usr/bin/x", "\"quoted\""})
    EXPECT_EQ(ClassifyName(name), NameKind::kNone) << name;
}

TEST(HeaderItemsTest, SyslogTags) {
  const auto tag = [](std::string_view text) {
    SyslogTag t;
    if (!MatchSyslogTag(text, 0, &t)) return std::string("no");
    return std::string(text.substr(t.name_begin, t.name_end - t.name_begin)) + "," +
           std::string(text.substr(t.pid_begin, t.pid_end - t.pid_begin)) + "," + std::string(text.substr(t.next));
  };
  EXPECT_EQ(tag("sshd[123]: x"), "sshd,123,x");
  EXPECT_EQ(tag("kernel: x"), "kernel,,x");
  EXPECT_EQ(tag("sshd(pam_unix)[1]: x"), "sshd(pam_unix),1,x");
  EXPECT_EQ(tag("a.launchd[1] (c.d): x"), "a.launchd,1,x");
  EXPECT_EQ(tag("syslogd 1.4.1: restart."), "syslogd,,restart.");
  EXPECT_EQ(tag("-- root[2421]: ROOT"), "root,2421,ROOT");
  for (const char* text : {"hello world: x", "10:20:30 x", "a:b", "x", "", ": x", "[1]: x"})
    EXPECT_EQ(tag(text), "no") << text;
}

TEST(HeaderItemsTest, BracketsNestAndMustClose) {
  BracketItem item;
  EXPECT_TRUE(MatchBracket("[a[b]c] d", 0, &item));
  EXPECT_EQ(item.end, 6u);
  EXPECT_FALSE(MatchBracket("[abc", 0, &item));
  EXPECT_FALSE(MatchBracket("[" + std::string(1000, 'x') + "]", 0, &item));
  EXPECT_FALSE(MatchBracket("abc", 0, &item));
}

}  // namespace
}  // namespace whittle
