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

enum class AggregateFunction : uint8_t { kCount, kSum, kAvg, kMin, kMax, kQuantile, kDistinct, kRate };

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
  enum class Kind : uint8_t {
    kAggregate,  // events or rows → groups
    kSort,       // by keys
    kTop,        // the greatest `count` by keys (at most one)
    kLimit,      // the first `count`
    kSelect,     // fields
    kFacets,     // events → the most frequent values of `fields`, or of all fields
    kFields,     // events → which fields there are
    kHistogram,  // events → how the numbers of fields[0], or times, are distributed, per `by`
    kHeatmap,    // events → the numbers of fields[0] over time
    kSample,     // `count` events at random
    kNear,       // events and the `count` before and after each in its source
    kTrace,      // events and all others of their traces
    kRollup,     // events → one row per trace
  };
  Kind kind = Kind::kAggregate;
  size_t column = 0;
  std::vector<AggregateCall> calls;  // kAggregate
  std::vector<FieldName> by;         // kAggregate, kHistogram
  int64_t every_ns = 0;              // kAggregate, kHeatmap, kHistogram of times: width of a time bucket, 0 = not said
  std::vector<SortKey> keys;         // kSort, kTop
  uint64_t count = 0;                // kTop, kLimit, kSample, kNear; kHistogram: how many buckets, 0 = not said
  std::vector<FieldName> fields;     // kSelect, kFacets, kHistogram, kHeatmap
  std::string source;                // kNear: of the event it is about, empty: of those there are
  uint64_t line = 0;                 // kNear: and where it stands there
};

struct QueryAst {
  std::unique_ptr<Expr> filter;  // never null
  std::vector<Stage> stages;
  std::vector<std::string> hints;  // for people, when the text may mean something else than they think
};

}  // namespace whittle
