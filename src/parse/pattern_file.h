// Reads pattern files: YAML with a name, expressions in grok syntax and samples (docs/patterns.md). A file is checked
// in full before it is taken; the first problem is answered as "file:line:column: what is wrong". Results own
// everything; no shared state.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <whittle/status.h>
#include "parse/grok.h"

namespace whittle {

// Limits of one file. More is refused: a pattern file is written by hand.
inline constexpr size_t kMaxPatternFileBytes = 1 << 20;
inline constexpr size_t kMaxPatternExpressions = 100;
inline constexpr size_t kMaxPatternSamples = 1000;

// What an expression must cover.
enum class PatternScope : uint8_t {
  kLine = 0,   // the whole line (what an envelope carried counts as a line)
  kBody = 1,   // the message after a recognised header, or a line that has none
  kTrace = 2,  // ids anywhere in a line (parse/trace_rules.h)
};

struct PatternSample {
  std::string text;
  bool matches = true;                                      // false: must not be claimed by this pattern
  std::vector<std::pair<std::string, std::string>> fields;  // name and text, all that are expected
  int line = 0;                                             // in its file, 1-based
};

struct PatternExpression {
  GrokExpression grok;
  std::string text;  // as written
  int line = 0;
};

struct PatternDefinition {
  std::string name;
  std::string title;
  std::string path;
  PatternScope scope = PatternScope::kLine;
  int priority = 50;  // 0..100, higher first; before specificity
  std::vector<PatternExpression> expressions;
  std::vector<PatternSample> samples;
};

// `library` holds the definitions the file may use besides its own.
Result<PatternDefinition> ParsePatternFile(const std::string& path, std::string_view text, const GrokLibrary& library);

}  // namespace whittle
