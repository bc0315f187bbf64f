#include "query/rows_in_time.h"

#include <algorithm>

namespace whittle {

RowRange RowsInTime(const std::vector<RowGroupInfo>& groups, RowRange rows, std::optional<int64_t> min_ns,
                    std::optional<int64_t> max_ns) {
  if (!min_ns && !max_ns) return rows;
  const auto overlaps = [&](const RowGroupInfo& group) {
    return group.min_time_ns != kNoTime && !(min_ns && group.max_time_ns < *min_ns) &&
           !(max_ns && group.min_time_ns > *max_ns);
  };
  RowRange found{rows.end, rows.end};
  uint64_t begin = 0;
  for (const RowGroupInfo& group : groups) {
    const uint64_t end = begin + group.rows;
    if (end > rows.begin && begin < rows.end && overlaps(group)) {
      if (found.begin == rows.end) found.begin = std::max(begin, rows.begin);
      found.end = std::min(end, rows.end);
    }
    begin = end;
  }
  return found;
}

RowRange WholeRecords(const SegmentRows& rows, RowRange whole, RowRange part) {
  if (part.begin > whole.begin) {
    while (part.begin < part.end && !rows.IsRecordStart(part.begin)) ++part.begin;
  }
  while (part.end < whole.end && !rows.IsRecordStart(part.end)) ++part.end;
  return part;
}

}  // namespace whittle
