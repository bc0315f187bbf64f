#include "templates/ignore_rules.h"

#include <gtest/gtest.h>

#include "templates/test_shapes.h"

namespace whittle {
namespace {

bool Ignores(const std::string& text, const std::string& line) {
  Overrides overrides;
  overrides.ignore.push_back(TemplateRef::Parse(text));
  const IgnoreRules rules(overrides);
  const auto shape = testing::BuildShape(line);
  Tokenizer tokenizer;
  EXPECT_TRUE(tokenizer.Scan(line));
  std::vector<std::string_view> slots;
  for (const MaskedToken& token : tokenizer.masked())
    slots.push_back(std::string_view(line).substr(token.begin, token.end - token.begin));
  EXPECT_EQ(slots.size(), shape->slot_count);
  const bool ignored = rules.Ignores(*shape, slots.data());
  EXPECT_TRUE(!ignored || rules.MayIgnore(*shape)) << line;
  return ignored;
}

TEST(IgnoreRulesTest, WhatFitsTheTextIsIgnored) {
  EXPECT_TRUE(Ignores("health check <*> ok", "health check 7 ok"));
  EXPECT_TRUE(Ignores("health check <*> ok", "health check of web ok"));
  EXPECT_TRUE(Ignores("health check ok", "health check ok"));
  EXPECT_FALSE(Ignores("health check <*> ok", "health check 7 failed"));
  EXPECT_FALSE(Ignores("health check ok", "health check ok so far"));
  EXPECT_TRUE(Ignores("Failed password for <*> from <*> ssh2", "Failed password for bob from 10.0.0.7 ssh2"));
  EXPECT_FALSE(Ignores("Failed password for <*> from <*> ssh2", "Failed password for bob from 10.0.0.7 ssh1"));
}

TEST(IgnoreRulesTest, NothingIsIgnoredWithoutRules) {
  EXPECT_TRUE(IgnoreRules(Overrides{}).empty());
  EXPECT_FALSE(IgnoreRules(Overrides{}).MayIgnore(*testing::BuildShape("health check ok")));
}

}  // namespace
}  // namespace whittle
