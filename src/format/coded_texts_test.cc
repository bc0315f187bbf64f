#include "format/coded_texts.h"

#include <gtest/gtest.h>

#include <string>

namespace whittle {
namespace {

// By index, walking, and walking back give the same.
void ExpectValues(const CodedTexts& coded, const std::vector<std::string_view>& values) {
  ASSERT_EQ(coded.size(), values.size());
  CodedTexts::Walk walk(coded);
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(coded[i], values[i]) << i;
    EXPECT_EQ(walk.Next(), values[i]) << i;
  }
  walk.Move(-static_cast<std::ptrdiff_t>(values.size()));
  for (const std::string_view value : values) EXPECT_EQ(walk.Next(), value);
}

TEST(CodedTexts, AllFormsGiveTheirValues) {
  ExpectValues(CodedTexts(), {});
  ExpectValues(CodedTexts::Plain({"a", "", "a"}), {"a", "", "a"});
  ExpectValues(CodedTexts::Constant("same", 3), {"same", "same", "same"});
  ExpectValues(CodedTexts::Dictionary({"x", "y", "x"}, {2, 0, 1, 1}), {"x", "x", "y", "y"});
  const std::vector<std::string_view> texts = {"unused", "used"};
  const std::vector<uint32_t> numbers = {1, 1};
  ExpectValues(CodedTexts::BorrowedDictionary(texts, numbers), {"used", "used"});
}

TEST(CodedTexts, MayBeMoved) {
  CodedTexts first = CodedTexts::Dictionary({"x", "y"}, {1, 0});
  const CodedTexts second = std::move(first);
  ExpectValues(second, {"y", "x"});
}

}  // namespace
}  // namespace whittle
