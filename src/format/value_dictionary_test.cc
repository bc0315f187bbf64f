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

TEST(ValueDictionary, TellsEmptyAndNulApart) {
  ValueDictionary dictionary;
  EXPECT_EQ(dictionary.Add(""), 0u);
  EXPECT_EQ(dictionary.Add(std::string_view("\0", 1)), 1u);
  EXPECT_EQ(dictionary.Add(std::string_view("\0\0", 2)), 2u);
  EXPECT_EQ(dictionary.Add(""), 0u);
}

}  // namespace
}  // namespace whittle
