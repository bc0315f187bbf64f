#include "templates/overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "templates/consolidate.h"
#include "templates/test_shapes.h"

namespace whittle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Overrides MustParse(std::string_view yaml) {
  Result<Overrides> result = ParseOverrides(yaml, "o.yaml");
  EXPECT_TRUE(result.ok()) << result.status().message();
  return result.ok() ? *result : Overrides();
}

std::string ErrorOf(std::string_view yaml) {
  const Result<Overrides> result = ParseOverrides(yaml, "o.yaml");
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), StatusCode::kConfig);
  return result.status().message();
}

Consolidation Mine(const std::vector<std::string>& lines, const Overrides& overrides) {
  std::vector<std::shared_ptr<const Shape>> shapes;
  std::vector<const Shape*> pointers;
  for (const std::string& line : lines) {
    shapes.push_back(testing::ShapeOf(line));
    pointers.push_back(shapes.back().get());
  }
  return Consolidate(pointers, overrides);
}

std::vector<std::string> Texts(const Consolidation& result) {
  std::vector<std::string> texts;
  for (const Template& one : result.templates) texts.push_back(one.text);
  return texts;
}

TEST(OverridesTest, NamesSlots) {
  const Consolidation result = Mine({"took 5 units of 7 spoons"}, MustParse(R"(
name:
  - template: "took <*> units of <*> spoons"
    slots: {1: amount, 2: amount}
)"));
  ASSERT_EQ(result.templates.size(), 1u);
  EXPECT_EQ(result.templates[0].slots[0].name, "amount");
  EXPECT_EQ(result.templates[0].slots[1].name, "amount_2");
}

TEST(OverridesTest, MergesWhatPeopleSayIsOne) {
  const Overrides overrides = MustParse("merge:\n  - [\"VM Started today\", \"VM Paused today\"]\n");
  EXPECT_THAT(Texts(Mine({"VM Started today", "VM Paused today", "VM Lost today"}, overrides)),
              ElementsAre("VM <*> today", "VM Lost today"));
}

TEST(OverridesTest, MergesTemplatesOfDifferentLength) {
  const Overrides overrides = MustParse("merge:\n  - [\"link is up\", \"link is going down\"]\n");
  EXPECT_THAT(Texts(Mine({"link is up", "link is going down"}, overrides)), ElementsAre("link is <*>"));
}

TEST(OverridesTest, SplitsWordsOfASlot) {
  const std::vector<std::string> lines = {"job state=up", "job state=down"};
  EXPECT_THAT(Texts(Mine(lines, {})), ElementsAre("job state=<*>"));
  EXPECT_THAT(Texts(Mine(lines, MustParse("split:\n  - {template: \"job state=<*>\", slot: 1}\n"))),
              ElementsAre("job state=down", "job state=up"));
}

TEST(OverridesTest, FrozenTextsStandApart) {
  const Overrides overrides = MustParse("freeze: [\"worker <*> said <*>\"]\n");
  const Consolidation result = Mine({"worker 5 said hello", "worker 6 said goodbye to you", "worker died"}, overrides);
  EXPECT_THAT(Texts(result), ElementsAre("worker <*> said <*>", "worker died"));
  EXPECT_EQ(result.bindings[0].template_index, result.bindings[1].template_index);
  EXPECT_EQ(result.bindings[1].slots.size(), 2u);
}

TEST(OverridesTest, IdsAndTextsMeanTheSame) {
  const uint64_t id = Hash64("VM Started today");
  const Overrides overrides = MustParse("ignore: [VM Started today]\n");
  EXPECT_TRUE(overrides.IsIgnored(id));
  EXPECT_FALSE(overrides.IsIgnored(id + 1));
  EXPECT_TRUE(MustParse("ignore: [\"VM Started today\"]\n").IsIgnored(id));
}

TEST(OverridesTest, FormatAndParseAreInverse) {
  const std::string yaml = R"(
name: [{template: "a <*>: \"b\"", slots: {1: x.y, 3: z}}]
merge: [["a b", "c # d"], ["0123456789abcdef", "- e"]]
split: [{template: "k=<*>", slot: 2}]
ignore: ["noise"]
freeze: ["a <*> b"]
)";
  const Overrides first = MustParse(yaml);
  const std::string text = FormatOverrides(first);
  const Overrides second = MustParse(text);
  EXPECT_EQ(FormatOverrides(second), text);
  ASSERT_EQ(second.name.size(), 1u);
  EXPECT_EQ(second.name[0].target, first.name[0].target);
  EXPECT_EQ(second.name[0].slots, first.name[0].slots);
  EXPECT_EQ(second.merge[1].templates[0].id, 0x0123456789abcdefu);
  EXPECT_EQ(second.freeze, first.freeze);
}

TEST(OverridesTest, EmptyFilesAreFine) {
  EXPECT_TRUE(MustParse("").empty());
  EXPECT_TRUE(MustParse("name: []\n").empty());
}

TEST(OverridesTest, ErrorsSayWhereAndWhatToWrite) {
  EXPECT_THAT(ErrorOf("nmae: []\n"), HasSubstr("o.yaml:1:1: unknown key 'nmae'; write name"));
  EXPECT_THAT(ErrorOf("name:\n  - {template: a, slot: 1}\n"), HasSubstr("o.yaml:2:"));
  EXPECT_THAT(ErrorOf("name:\n  - {template: a, slots: {0: x}}\n"), HasSubstr("counted from 1"));
  EXPECT_THAT(ErrorOf("name:\n  - {template: a, slots: {1: \"x y\"}}\n"), HasSubstr("letters, digits"));
  EXPECT_THAT(ErrorOf("merge: [[a]]\n"), HasSubstr("two or more"));
  EXPECT_THAT(ErrorOf("split: [{template: a}]\n"), HasSubstr("'slot' is missing"));
  EXPECT_THAT(ErrorOf("freeze: [0123456789abcdef]\n"), HasSubstr("not its id"));
  EXPECT_THAT(ErrorOf("ignore: x\n"), HasSubstr("takes a list"));
  EXPECT_THAT(ErrorOf("- x\n"), HasSubstr("expected a map"));
  EXPECT_THAT(ErrorOf("a: [\n"), HasSubstr("o.yaml:"));
}

}  // namespace
}  // namespace whittle
