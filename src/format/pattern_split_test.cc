#include "format/pattern_split.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

using Texts = std::vector<std::string_view>;

Texts PartOf(const Texts& texts, const SplitPattern& pattern, size_t k) {
  Texts parts;
  TakePart(texts, pattern, k, &parts);
  return parts;
}

std::vector<std::string> Join(const Texts& all, const PatternSplit& split) {
  std::vector<size_t> next(split.patterns.size());
  const Texts rest = RestOf(all, split);
  size_t next_rest = 0;
  std::vector<std::string> texts;
  for (const uint8_t number : split.pattern_of) {
    if (number == PatternSplit::kRest) {
      texts.emplace_back(rest[next_rest++]);
      continue;
    }
    const SplitPattern& pattern = split.patterns[number];
    std::string text = pattern.literals[0];
    for (size_t k = 0; k < pattern.parts(); ++k) {
      text.append(PartOf(all, pattern, k)[next[number]]);
      text += pattern.literals[k + 1];
    }
    ++next[number];
    texts.push_back(std::move(text));
  }
  return texts;
}

TEST(PatternSplit, CutsAtPunctuation) {
  const Texts texts = {"blk_-16089", "blk_4", "/10.251.43.21:50010", "blk_77"};
  const PatternSplit split = SplitByPattern(texts, CutKind::kPunctuation, 10);
  ASSERT_EQ(split.patterns.size(), 3u);
  EXPECT_EQ(split.patterns[0].literals, (std::vector<std::string>{"", "_-", ""}));
  EXPECT_EQ(PartOf(texts, split.patterns[1], 1), (Texts{"4", "77"}));
  EXPECT_EQ(split.patterns[2].literals, (std::vector<std::string>{"/", ".", ".", ".", ":", ""}));
  EXPECT_EQ(Join(texts, split), std::vector<std::string>(texts.begin(), texts.end()));
}

TEST(PatternSplit, CutsBetweenLettersAndDigits) {
  const Texts texts = {"SD0SL6FF7ADFF4953", "SD1SL9FF2ADFF12"};
  const PatternSplit split = SplitByPattern(texts, CutKind::kLetterDigit, 10);
  ASSERT_EQ(split.patterns.size(), 1u);
  ASSERT_EQ(split.patterns[0].parts(), 8u);
  EXPECT_EQ(PartOf(texts, split.patterns[0], 7), (Texts{"4953", "12"}));
  EXPECT_EQ(Join(texts, split), std::vector<std::string>(texts.begin(), texts.end()));
}

TEST(PatternSplit, WhatFitsNoPatternIsRest) {
  using std::string_view;
  const std::string many(300, '-');
  std::string parts;
  for (int i = 0; i < 100; ++i) parts += "a.";
  const std::string longest = "a-" + std::string(65533, 'b'), longer = longest + "b";
  const Texts texts = {"a-b", string_view("\0x", 2), "", "---", many, parts, "\x01z", "c/d", "e+f", longest, longer};
  const PatternSplit split = SplitByPattern(texts, CutKind::kPunctuation, 2);
  EXPECT_EQ(split.patterns.size(), 2u);
  EXPECT_EQ(RestOf(texts, split).size(), 8u);
  EXPECT_EQ(Join(texts, split), std::vector<std::string>(texts.begin(), texts.end()));
}

TEST(PatternSplit, JudgesBySample) {
  const SplitOutlook good = JudgeSplit(Texts{"a-1", "b-2", "c-3", "x"}, CutKind::kPunctuation, 1);
  EXPECT_TRUE(good.composite);
  EXPECT_DOUBLE_EQ(good.coverage, 0.75);
  EXPECT_FALSE(JudgeSplit(Texts{"a", "b"}, CutKind::kPunctuation, 4).composite);
}

}  // namespace
}  // namespace whittle
