// ColumnScan: filters and aggregates whole runs of rows straight from their columns. What a condition, a group or an
// argument makes of a value is worked out once per distinct value of a column, and once per shape where the shape alone
// decides; a row then costs a few table lookups. Runs it cannot answer for exactly (conditions on whole messages,
// fields put together from several slots, sampled segments) it leaves to the visit of single records, whose answers
// are the same. Not thread-safe; `filter` and `aggregator` must outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "expr/filter.h"
#include "query/aggregate.h"
#include "query/store_reader.h"

namespace whittle {

class ColumnScan {
 public:
  ColumnScan(const Filter* filter, const VisitOptions& options, Aggregator* aggregator);
  ~ColumnScan();

  // A StoreReader::RunVisitor. Runs of one segment come in order.
  Result<std::optional<StoreReader::RunCounts>> Run(const StoreReader::RunRows& run);

 private:
  class Segment;
  const Filter& filter_;
  const VisitOptions& options_;
  Aggregator& aggregator_;
  std::unique_ptr<Segment> segment_;
  bool usable_ = false;
};

}  // namespace whittle
