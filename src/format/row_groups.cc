#include "format/row_groups.h"

namespace whittle {

RowGroupInfo Sum(const std::vector<RowGroupInfo>& groups) {
  RowGroupInfo all;
  for (const RowGroupInfo& group : groups) {
    all.rows += group.rows;
    all.See(group.min_time_ns);
    all.See(group.max_time_ns);
  }
  return all;
}

}  // namespace whittle
