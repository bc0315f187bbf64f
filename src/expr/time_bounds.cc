#include "expr/time_bounds.h"

#include <algorithm>

#include "base/rfc3339.h"
#include "expr/field_ref.h"

namespace whittle {
namespace {

void Narrow(int64_t min_ns, int64_t max_ns, TimeBounds* bounds) {
  bounds->min_ns = std::max(bounds->min_ns.value_or(min_ns), min_ns);
  bounds->max_ns = std::min(bounds->max_ns.value_or(max_ns), max_ns);
}

// Depth is bounded by the parser.
void Collect(const Expr& expr, TimeBounds* bounds) {
  if (expr.kind == Expr::Kind::kAnd) {
    for (const auto& child : expr.children) Collect(*child, bounds);
  }
  if (expr.kind != Expr::Kind::kCompare || ResolveField(expr.field.text).builtin != Builtin::kTimestamp) return;
  const auto time = ParseTimeSpan(expr.literals[0].text);
  if (!time) return;
  switch (expr.op) {
    case CompareOp::kMatch:
    case CompareOp::kEq:
      Narrow(time->begin, time->end - 1, bounds);
      return;
    case CompareOp::kLt:
      Narrow(INT64_MIN, time->begin - 1, bounds);
      return;
    case CompareOp::kLe:
      Narrow(INT64_MIN, time->end - 1, bounds);
      return;
    case CompareOp::kGt:
      Narrow(time->end, INT64_MAX, bounds);
      return;
    case CompareOp::kGe:
      Narrow(time->begin, INT64_MAX, bounds);
      return;
    case CompareOp::kNe:
      return;
  }
}

}  // namespace

TimeBounds FindTimeBounds(const Expr& filter) {
  TimeBounds bounds;
  Collect(filter, &bounds);
  return bounds;
}

}  // namespace whittle
