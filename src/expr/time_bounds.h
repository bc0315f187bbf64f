// The span of event times a filter can match at all, so that readers leave whole segments unread. Pure function.
#pragma once

#include <cstdint>
#include <optional>

#include "expr/ast.h"

namespace whittle {

struct TimeBounds {
  std::optional<int64_t> min_ns;  // inclusive; nothing: open
  std::optional<int64_t> max_ns;
};

// From the comparisons of `timestamp` that every match must pass (those joined by `and` at the top). A filter bounded
// on any side matches no event without a time.
TimeBounds FindTimeBounds(const Expr& filter);

}  // namespace whittle
