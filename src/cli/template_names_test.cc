#include "cli/template_names.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

TEST(TemplateNamesTest, IdsTheirFirstDigitsAndTexts) {
  const std::vector<Template> templates = {{0xabcd000000000001, "first <*>", {{"user", {}, false}}},
                                           {0xabcd000000000002, "second", {}},
                                           {0x1234000000000003, "abcd", {}}};
  EXPECT_EQ(FindTemplate(templates, "abcd000000000001")->text, "first <*>");
  EXPECT_EQ(FindTemplate(templates, "1234")->text, "abcd");
  EXPECT_EQ(FindTemplate(templates, "second")->id, 0xabcd000000000002);
  EXPECT_EQ(FindTemplate(templates, "abcd")->id, 0x1234000000000003) << "a whole text goes before digits";
  EXPECT_EQ(FindTemplate(templates, "abcd0").status().code(), StatusCode::kUsage);
  EXPECT_EQ(FindTemplate(templates, "123").status().code(), StatusCode::kUsage);
  EXPECT_EQ(SlotNames(templates[0]), " 1=user");
  EXPECT_EQ(SlotNames(templates[1]), " none");
}

}  // namespace
}  // namespace whittle
