// The syntax tree of a query: `FILTER | stage | stage`. Plain data with positions, produced by parser.h, bound by
// filter.h and query/. Nothing here refers to a store, so rules and policies share it. docs/query.md is the grammar.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace whittle {

// A name as the user wrote it. `column` is 1-based, in bytes of the query text, throughout.
struct FieldName {
  std::string text;
  size_t column = 0;
};

// A value as the user wrote it. Quoted text has its escapes undone and no wildcards; a bare word keeps its backslashes.
struct LiteralText {
  std::string text;
  bool quoted = false;
  size_t column = 0;
};

enum class CompareOp : uint8_t {
  kMatch,  // field:value   words in a text, equality for everything else
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
};

struct Expr {
  enum class Kind : uint8_t {
    kAll,      // matches everything
    kAnd,      // children
    kOr,       // children
    kNot,      // children[0]
    kText,     // literals[0] as word or phrase in the message
    kCompare,  // field op literals[0]
    kIn,       // field in (literals)
    kExists,   // field
    kRegex,    // field (empty: the message) ~ literals[0]
  };
  Kind kind = Kind::kAll;
  CompareOp op = CompareOp::kEq;
  bool ignore_case = false;  // kRegex: /…/i
  size_t column = 0;
  FieldName field;
  std::vector<LiteralText> literals;
  std::vector<std::unique_ptr<Expr>> children;
};

enum class AggregateFunction : uint8_t { kCount, kSum, kAvg, kMin, kMax, kQuantile, kDistinct };

struct AggregateCall {
  AggregateFunction function = AggregateFunction::kCount;
  double quantile = 0;  // kQuantile: 0.99 for p99
  FieldName field;      // empty for count without argument
  std::string name;     // of the result column: "count", "avg(duration)" or what `as` says
  size_t column = 0;
};

struct SortKey {
  FieldName field;
  bool descending = false;
};

struct Stage {
  enum class Kind : uint8_t { kAggregate, kSort, kTop, kLimit, kSelect };
  Kind kind = Kind::kAggregate;
  size_t column = 0;
  std::vector<AggregateCall> calls;  // kAggregate
  std::vector<FieldName> by;         // kAggregate
  int64_t every_ns = 0;              // kAggregate: width of a time bucket, 0 = no buckets
  std::vector<SortKey> keys;         // kSort, kTop (at most one)
  uint64_t count = 0;                // kTop, kLimit
  std::vector<FieldName> fields;     // kSelect
};

struct QueryAst {
  std::unique_ptr<Expr> filter;  // never null
  std::vector<Stage> stages;
};

}  // namespace whittle
