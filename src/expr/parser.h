// Parser of the query language: text to syntax tree. Pure functions, safe from any thread; the trees own everything.
// Mistakes come back as kUsage Status whose message begins with "column N: ".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <whittle/status.h>

#include "expr/ast.h"

namespace whittle {

// Parentheses and nots inside each other: nobody reads more, and the parser and evaluator recurse this deep.
inline constexpr int kMaxFilterDepth = 64;
// Comparisons and words of one filter: each costs time on every event.
inline constexpr size_t kMaxFilterTerms = 4096;
// Values of one `in (…)`.
inline constexpr size_t kMaxListValues = 1024;
// Stages of a pipeline, and columns of one stage.
inline constexpr size_t kMaxStages = 32;
inline constexpr size_t kMaxStageColumns = 64;
// Buckets of one histogram: a terminal has no more lines worth reading, a program asks for its own.
inline constexpr uint64_t kMaxBuckets = 1000;

struct ParseOptions {
  // What `last 2h` counts back from; without it `last` is refused. The caller decides between the wall clock and the
  // newest event.
  std::optional<int64_t> now_ns;
};

// FILTER alone, as cat, rules and policies use it. An empty text matches everything.
Result<std::unique_ptr<Expr>> ParseFilter(std::string_view text, const ParseOptions& options = {});

// FILTER | stage | stage …
Result<QueryAst> ParseQuery(std::string_view text, const ParseOptions& options = {});

// The tree as text that parses to the same tree; for messages, tests and journals.
std::string FormatExpr(const Expr& expr);

}  // namespace whittle
