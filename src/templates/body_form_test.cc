#include "templates/body_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "templates/test_shapes.h"

namespace whittle {
namespace {

using ::testing::ElementsAre;

// Words as they are, values in angle brackets; without delimiters.
std::vector<std::string> Units(const std::string& line) {
  std::vector<std::string> units;
  for (const BodyUnit& unit : ParseBody(*testing::ShapeOf({line}))) {
    if (unit.kind == BodyUnit::Kind::kWord) units.push_back(unit.text);
    if (unit.kind == BodyUnit::Kind::kValue) units.push_back("<" + unit.text + ">");
  }
  return units;
}

TEST(BodyForm, NamesFromALabelToTheEndAreOneValue) {
  EXPECT_THAT(Units("Installing collected packages: idna, certifi, urllib3, requests"),
              ElementsAre("Installing", "collected", "packages", "<idna, certifi, urllib3, requests>"));
  EXPECT_THAT(Units("Install: bash:amd64 (5.2-1), gawk (1:5.1, automatic), tar (1.34), less (590-2)"),
              ElementsAre("Install", "<bash:amd64 (5.2-1), gawk (1:5.1, automatic), tar (1.34), less (590-2)>"));
}

TEST(BodyForm, WhatIsNoListOfNamesStaysApart) {
  // Too few, a sentence, numbers only, something behind, a remark that is not closed, remarks that are the names.
  EXPECT_THAT(Units("packages: idna, certifi, urllib"), ElementsAre("packages", "idna", "certifi", "urllib"));
  EXPECT_THAT(Units("note: first, the one, then, the other"),
              ElementsAre("note", "first", "the", "one", "then", "the", "other"));
  EXPECT_THAT(Units("rows: 1, 2, 3, 4"), ElementsAre("rows", "<1>", "<2>", "<3>", "<4>"));
  EXPECT_THAT(Units("names: a, b, c, d; done"), ElementsAre("names", "a", "b", "c", "d", "done"));
  EXPECT_THAT(Units("names: a, b, c, d (e"), ElementsAre("names", "a", "b", "c", "d", "e"));
  EXPECT_THAT(Units("names: 1 (leader), LOOKING (state), 2 (round), 3 (id)"),
              ElementsAre("names", "<1>", "leader", "LOOKING", "state", "<2>", "round", "<3>", "id"));
}

}  // namespace
}  // namespace whittle
