#include "format/value_dictionary.h"

#include <string>

#include <gtest/gtest.h>

namespace whittle {
namespace {

TEST(ValueDictionary, NumbersByFirstAppearanceThroughGrowth) {
  std::vector<std::string> texts;
  for (int i = 0; i < 20000; ++i) texts.push_back("value" + std::to_string(i * 7919 % 20000));
  ValueDictionary dictionary(1);
  for (uint32_t i = 0; i < texts.size(); ++i) ASSERT_EQ(dictionary.Add(texts[i]), i);
  for (uint32_t i = 0; i < texts.size(); ++i) ASSERT_EQ(dictionary.texts()[dictionary.Add(texts[i])], texts[i]);
  // Growing may forget a text whose probes ran out; it is then listed again, rarely.
  EXPECT_LT(dictionary.size(), texts.size() + 20);
}

TEST(ValueDictionary, HashesGoOnToAnother) {
  std::vector<std::string> texts;
  for (int i = 0; i < 5000; ++i) texts.push_back("id-" + std::to_string(i * i));
  ValueDictionary first(1), second(1);
  for (const std::string& text : texts) first.Add(text);
  const std::vector<uint32_t> hashes = first.Hashes();
  ASSERT_EQ(hashes.size(), first.size());
  for (size_t i = 0; i < hashes.size(); ++i) {
    EXPECT_EQ(hashes[i], ValueDictionary::HashOf(first.texts()[i]));
    EXPECT_EQ(second.Add(first.texts()[i], hashes[i]), i);
  }
}

TEST(ValueDictionary, TellsEmptyAndNulApart) {
  ValueDictionary dictionary;
  EXPECT_EQ(dictionary.Add(""), 0u);
  EXPECT_EQ(dictionary.Add(std::string_view("\0", 1)), 1u);
  EXPECT_EQ(dictionary.Add(std::string_view("\0\0", 2)), 2u);
  EXPECT_EQ(dictionary.Add(""), 0u);
}

}  // namespace
}  // namespace whittle
