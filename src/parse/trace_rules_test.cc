#include "parse/trace_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parse/line_analyzer.h"
#include "parse/pattern_set.h"

namespace whittle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kFlow = R"yaml(name: shop.flow
title: The shop's own context
on: trace
definitions: {ID: '[0-9a-f]{32}'}
expressions:
  - 'flow<%{ID:trace_id}/(?<span_id>[0-9a-f]{16})>'
  - 'order flow (?<shop.flow.id>[A-Z]{2}[0-9]{4})'
samples:
  - text: 'took order flow<4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7> today'
    fields: {trace_id: 4bf92f3577b34da6a3ce929d0e0e4736, span_id: 00f067aa0ba902b7}
  - text: 'order flow AB0017 done'
    fields: {shop.flow.id: AB0017}
reject: ['flow<4bf92f>', 'order flow ab0017']
)yaml";

Result<std::unique_ptr<PatternSet>> Load(const std::string& text) {
  PatternOptions options;
  options.builtin = false;
  options.texts = {{"flow.yaml", text}, {"other.yaml", R"yaml(name: other
title: Something else
expressions: ['other %{INT:n}']
samples: [{text: other 5, fields: {n: '5'}}]
)yaml"}};
  return PatternSet::Load(options);
}

std::string ProblemOf(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  const auto set = Load(text);
  if (!set.ok()) return set.status().message();
  PatternScratch scratch;
  const auto failures = (*set)->RunSamples(&scratch);
  return failures.empty() ? "" : std::to_string(failures[0].line) + ": " + failures[0].problem;
}

TEST(TraceRules, SamplesRunAndProblemsAreNamed) {
  EXPECT_EQ(ProblemOf(kFlow, "today", "today"), "");
  EXPECT_THAT(ProblemOf(kFlow, "(?<span_id>", "(?<timestamp>"), HasSubstr("flow.yaml:6:5: a trace rule finds"));
  EXPECT_THAT(ProblemOf(kFlow, "%{ID:trace_id}", "%{ID:trace_id:float}"), HasSubstr("is hex, int (decimal) or string"));
  EXPECT_THAT(ProblemOf(kFlow, "%{ID:trace_id}", "%{IDD:trace_id}"), HasSubstr("flow.yaml:6:"));
  EXPECT_THAT(ProblemOf(kFlow, "trace_id: 4b", "trace_id: 5b"), HasSubstr("trace_id is '4bf9"));
  EXPECT_THAT(ProblemOf(kFlow, "'flow<4bf92f>'", "'order flow AB0018'"), "13: must not match, but does");
  EXPECT_THAT(ProblemOf(kFlow, "<4bf92f3577b34da6a3ce929d0e0e4736/", "<00000000000000000000000000000000/"),
              HasSubstr("is no trace_id: all zeros"));
}

TEST(TraceRules, FindsIdsAnywhereAndTellsLinesApart) {
  const auto set = Load(kFlow);
  ASSERT_TRUE(set.ok()) << set.status().message();
  const TraceRules& rules = (*set)->trace_rules();
  const auto found = [&](std::string_view line) {
    std::vector<std::string> all;
    for (const auto& match : rules.Find(line)) {
      all.push_back(std::string(match.rule) + " " +
                    std::string(line.substr(match.field.begin, match.field.end - match.field.begin)));
    }
    return all;
  };
  const std::string line = "x flow<4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7> order flow AB0017";
  EXPECT_THAT(found(line), ElementsAre("shop.flow 4bf92f3577b34da6a3ce929d0e0e4736", "shop.flow 00f067aa0ba902b7",
                                       "shop.flow AB0017"));
  EXPECT_THAT(found("other 5"), IsEmpty());
  EXPECT_EQ(rules.Key("other 5"), 0u);
  EXPECT_NE(rules.Key(line), rules.Key("order flow AB0017"));
  EXPECT_NE(rules.Key("order flow AB0017"), 0u);
  // A pattern is none of its business, and the other way round.
  PatternScratch scratch;
  PatternMatch match;
  EXPECT_TRUE((*set)->Match("other 5", 0, true, &scratch, &match));
  EXPECT_FALSE((*set)->Match("order flow AB0017", 0, true, &scratch, &match));
  EXPECT_EQ((*set)->List().size(), 2u);
}

TEST(TraceRules, FieldsThatAreThereStay) {
  const auto set = Load(kFlow);
  ASSERT_TRUE(set.ok());
  LineAnalysis analysis;
  FieldSpan known;
  known.begin = 11;
  known.end = 17;
  known.name = "flow";
  analysis.fields.push_back(known);
  (*set)->trace_rules().AddFields("order flow AB0017", &analysis);
  ASSERT_EQ(analysis.fields.size(), 1u);
  EXPECT_EQ(analysis.fields[0].name, "shop.flow.id");
}

TEST(TraceRules, AreLimited) {
  std::string text = std::string(kFlow).substr(0, std::string(kFlow).find("expressions:")) + "expressions:\n";
  for (size_t i = 0; i <= kMaxTraceExpressions; ++i) text += "  - 'f" + std::to_string(i) + "<%{ID:trace_id}>'\n";
  text +=
      "samples:\n  - {text: 'f1<4bf92f3577b34da6a3ce929d0e0e4736>', fields: {trace_id: "
      "4bf92f3577b34da6a3ce929d0e0e4736}}\n";
  const auto set = Load(text);
  EXPECT_THAT(set.status().message(), HasSubstr("more than 64 expressions"));
}

}  // namespace
}  // namespace whittle
