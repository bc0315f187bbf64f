// Compare: the question of `whittle diff`: takes a store (or two), tells its events into bad and base, and prints what
// differs (difference.h). Library code: nothing is printed but through the output function. Not thread-safe.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "query/difference.h"
#include "query/query_engine.h"

namespace whittle {

struct CompareOptions {
  std::string bad, base;  // filters; an empty base is everything that is not bad
  // Before and after this moment, each `window_ns` long; the filters narrow both then.
  std::optional<int64_t> around_ns;
  int64_t window_ns = 0;
  // The reader reads two stores and this is the first segment of the second: bad is the first store, base the second,
  // and the filters narrow each.
  std::optional<size_t> first_base_segment;
  bool by_trace = false;  // traces with a bad event against those without
  bool unweighted = false;
  size_t shown = 10;
  OutputFormat format = OutputFormat::kTable;
  size_t width = 0;
  std::optional<int64_t> now_ns;
  const std::atomic<bool>* stop = nullptr;
};

struct CompareReport {
  double bad_events = 0, base_events = 0;  // or traces
  std::vector<FoundDifference> differences;
  bool more_errors = false;  // bad has a significantly greater share of errors
  bool partial = false;
  std::vector<std::string> notes;
};

Result<CompareReport> Compare(StoreReader* reader, const CompareOptions& options, const Output& output);

}  // namespace whittle
