// Histogram: how the numbers of a field, or the times of events, are distributed: buckets with round edges, empty ones
// included, for everything or per group; and a heatmap, the same over time. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "expr/ast.h"
#include "query/accumulator.h"
#include "query/result_table.h"
#include "query/selection.h"

namespace whittle {

// Buckets when the query does not say how many: about as many lines as a small terminal has.
inline constexpr uint64_t kDefaultBuckets = 20;
// Columns of a heatmap, and groups of a histogram that are drawn; more groups are added up as "(other)".
inline constexpr uint64_t kDefaultHeatmapColumns = 60;
inline constexpr size_t kMaxHistogramGroups = 1000;
inline constexpr size_t kGroupsDrawn = 40;

// Edges of at most about `count` buckets over [least, greatest] at round numbers of the unit; each bucket is [edge,
// next). By equal steps or, where all are positive and far apart, by 1-2-5 steps. At least two edges.
std::vector<double> RoundEdges(double least, double greatest, uint64_t count, ValueType unit);

// `stage` is kHistogram or kHeatmap. Columns: [group,] from, to, count; of a heatmap: timestamp, from, to, count. The
// drawing fits `width` terminal columns (0 = 100). `skipped` counts events without a number there.
Result<ResultTable> DrawHistogram(Selection* selection, const Stage& stage, bool unweighted, size_t width,
                                  uint64_t* skipped);

// One character per number, from empty to the greatest: " ▁▂▃▄▅▆▇█".
std::string Sparkline(const std::vector<double>& counts);

}  // namespace whittle
