// Column groups: columns that hold the same ids (a trace id in a dozen templates, a block id in "allocate", "receive"
// and "delete") share one dictionary, and their references stand in one stream in row order, where the id of this row
// is most often the id of a row just before. Decided and built once per segment, before columns are encoded; a pure
// function of the input, on one thread or many. Views point into the input.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parallel_for.h"
#include "format/column_codec.h"
#include "format/segment.h"

namespace whittle {

struct ColumnGroup {
  std::vector<uint32_t> columns;        // ascending
  std::vector<uint32_t> numbers;        // of all their values, in row order, within a row in slot order
  std::vector<std::string_view> words;  // by number, in order of first appearance
  uint16_t time_layout = 0;             // the columns hold times of this layout: one clock, read in row order
};

struct GroupPlan {
  std::vector<ColumnGroup> groups;
  std::vector<int32_t> group_of;  // per column, -1: none
  // What was found out about the columns that were looked at: their distinct values and, when they are in no group, the
  // number of each value. Empty for other columns.
  std::vector<ValueNumbers> numbers_of;
};

// Whether the plan looks at a column at all: one that it does not is in no group and has no numbers.
bool MayBeGrouped(const ColumnInput& column);

// The first half of the work is done on all threads, the second
// mostly on one: `beside`, if given, is called in between and has to call its argument, which does the second half, and
// may do other work at the same time.
GroupPlan PlanGroups(const SegmentInput& input, const ParallelFor& parallel_for = {},
                     const std::function<void(const std::function<void()>& second_half)>& beside = {});

// Calls visit(group, column) for every grouped value of a segment, in the order of the groups' streams. Writer and
// reader walk the same way.
template <typename Visit>
void WalkGroups(const std::vector<StoredShape>& shapes, const std::vector<uint32_t>& row_shape,
                const std::vector<int32_t>& group_of, const Visit& visit) {
  struct Slots {
    uint32_t begin = 0;
    uint32_t end = 0;
  };
  std::vector<Slots> slots_of(shapes.size());
  std::vector<std::pair<uint32_t, uint32_t>> slots;  // group, column
  for (size_t s = 0; s < shapes.size(); ++s) {
    slots_of[s].begin = static_cast<uint32_t>(slots.size());
    for (const uint32_t column : shapes[s].columns) {
      if (group_of[column] >= 0) slots.emplace_back(static_cast<uint32_t>(group_of[column]), column);
    }
    slots_of[s].end = static_cast<uint32_t>(slots.size());
  }
  if (slots.empty()) return;
  for (const uint32_t shape : row_shape) {
    for (uint32_t i = slots_of[shape].begin; i < slots_of[shape].end; ++i) visit(slots[i].first, slots[i].second);
  }
}

}  // namespace whittle
