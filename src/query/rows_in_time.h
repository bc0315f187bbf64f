// Which rows of a segment may begin records within a range of time, by the row groups of its footer. Plain functions.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "format/segment.h"
#include "query/segment_rows.h"

namespace whittle {

// Rows [begin, end).
struct RowRange {
  uint64_t begin = 0, end = 0;
  bool empty() const { return begin >= end; }
  bool operator==(const RowRange&) const = default;
};

// The first row behind each group, for who asks again and again.
std::vector<uint64_t> EndsOf(const std::vector<RowGroupInfo>& groups);

// The rows of `rows` from the first to the last group with a record in [min_ns, max_ns]; no bound: all times. Records
// without a time are in no range, so without any bound all rows are given. `ends`: EndsOf(groups). Looks at the groups
// that have some of the rows.
RowRange RowsInTime(const std::vector<RowGroupInfo>& groups, const std::vector<uint64_t>& ends, RowRange rows,
                    std::optional<int64_t> min_ns, std::optional<int64_t> max_ns);

// `part` of `whole` moved to where records begin and end. What `whole` begins in the middle of stays.
RowRange WholeRecords(const SegmentRows& rows, RowRange whole, RowRange part);

}  // namespace whittle
