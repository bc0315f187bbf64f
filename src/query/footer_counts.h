// FooterCounts: answers counts of whole segments from what their footers say of each shape (event/shape_stats.h), so
// that `count by template` reads no rows. Only where that is exact: the filter and the groups are decided by the shape
// alone, and nothing but events is counted. Whatever else is asked it declines, and the rows are looked at.
//
// Not thread-safe; `filter` and `aggregator` must outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <whittle/status.h>

#include "expr/filter.h"
#include "query/aggregate.h"
#include "query/store_reader.h"

namespace whittle {

class FooterCounts {
 public:
  FooterCounts(const Filter* filter, const VisitOptions& options, Aggregator* aggregator);

  // False: it will decline whatever it is offered.
  bool usable() const { return usable_; }
  // A StoreReader::SegmentVisitor. Once it has declined a segment it declines all.
  Result<std::optional<StoreReader::RunCounts>> Count(const StoreReader::SegmentShapes& segment);

 private:
  struct ShapeAnswer {
    bool matches = false;
    std::vector<uint32_t> groups;  // ids of the aggregator
  };
  bool Plan(const StoreReader::SegmentShapes& segment, std::vector<ShapeAnswer>* answers);

  const Filter& filter_;
  Aggregator& aggregator_;
  bool usable_ = true;
};

}  // namespace whittle
