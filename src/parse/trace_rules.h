// TraceRules: trace rules that people wrote: expressions that stand anywhere in a line and name ids in it (pattern
// files with `on: trace`, docs/trace-context.md). They go before the shapes whittle knows itself. Which rules match is
// a matter of each line, not of its form, so readers that remember lines by form have to remember Key() with it.
//
// Built by one thread, then immutable and safe from any thread; linear in the line.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "event/shape.h"
#include "parse/pattern_file.h"

namespace re2 {
class RE2;
}

namespace whittle {

// Expressions of all trace rules together: each is a pass over every line.
inline constexpr size_t kMaxTraceExpressions = 64;

struct TraceRuleMatch {
  std::string_view rule;  // the name of its pattern file; lives as long as the TraceRules
  FieldSpan field;
};

class TraceRules {
 public:
  TraceRules();
  ~TraceRules();

  // kLimit: too many. Rules are tried in the order of priority, then as they were added.
  Status Add(const PatternDefinition& definition);
  bool empty() const { return rules_.empty(); }

  // Stands for which rules match somewhere in the line; 0: none does.
  uint64_t Key(std::string_view line) const;
  // The first match of each rule: one field per role, and attributes.
  std::vector<TraceRuleMatch> Find(std::string_view line) const;
  // Adds what Find gives to the analysis, unless a field of that role or name is there.
  void AddFields(std::string_view line, LineAnalysis* analysis) const;

 private:
  struct Rule;
  std::vector<std::unique_ptr<const Rule>> rules_;
};

// What is wrong with the fields of an expression that is to be a trace rule; empty: nothing.
std::string TraceRuleProblem(const std::vector<GrokField>& fields);

// True when the text of a field with this role and type is an id, once normalised; attributes always are.
bool IsTraceId(FieldRole role, ValueType type, std::string_view text);

}  // namespace whittle
