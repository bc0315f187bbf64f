// ShapeStats: how much of a segment each of its stored shapes heads. Kept in the footer so that counting templates does
// not decode a single row. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace whittle {

// Section with one entry per stored shape, in their order (docs/segment-format.md, "shape statistics").
inline constexpr uint16_t kShapeStatsSection = 18;

struct ShapeStats {
  uint64_t records = 0;                      // whose first line has this shape
  uint64_t bytes = 0;                        // of those records' lines, all of them, line ends included
  std::optional<int64_t> first_ns, last_ns;  // event times, UTC

  void AddTime(int64_t time_ns);
  ShapeStats& operator+=(const ShapeStats& other);
};

std::string EncodeShapeStats(const std::vector<ShapeStats>& stats);
// Nothing when the bytes are not the statistics of `shape_count` shapes.
std::optional<std::vector<ShapeStats>> DecodeShapeStats(std::string_view bytes, size_t shape_count);

}  // namespace whittle
