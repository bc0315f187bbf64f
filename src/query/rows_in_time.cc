#include "query/rows_in_time.h"

#include <algorithm>

namespace whittle {

std::vector<uint64_t> EndsOf(const std::vector<RowGroupInfo>& groups) {
  std::vector<uint64_t> ends;
  uint64_t end = 0;
  for (const RowGroupInfo& group : groups) ends.push_back(end += group.rows);
  return ends;
}

RowRange RowsInTime(const std::vector<RowGroupInfo>& groups, const std::vector<uint64_t>& ends, RowRange rows,
                    std::optional<int64_t> min_ns, std::optional<int64_t> max_ns) {
  if (!min_ns && !max_ns) return rows;
  const auto overlaps = [&](const RowGroupInfo& group) {
    return group.min_time_ns != kNoTime && !(min_ns && group.max_time_ns < *min_ns) &&
           !(max_ns && group.min_time_ns > *max_ns);
  };
  RowRange found{rows.end, rows.end};
  const auto first = std::upper_bound(ends.begin(), ends.end(), rows.begin);
  for (size_t i = static_cast<size_t>(first - ends.begin()); i < groups.size(); ++i) {
    const uint64_t begin = ends[i] - groups[i].rows;
    if (begin >= rows.end) break;
    if (!overlaps(groups[i])) continue;
    if (found.begin == rows.end) found.begin = std::max(begin, rows.begin);
    found.end = std::min(ends[i], rows.end);
  }
  return found;
}

RowRange WholeRecords(const SegmentRows& rows, RowRange whole, RowRange part) {
  while (part.end < whole.end && !rows.IsRecordStart(part.end)) ++part.end;
  if (part.begin > whole.begin) {
    while (part.begin < part.end && !rows.IsRecordStart(part.begin)) ++part.begin;
  }
  return part;
}

}  // namespace whittle
