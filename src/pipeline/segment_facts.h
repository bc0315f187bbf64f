// What a built segment says of itself in the catalog, whoever builds it: ingest or a rewrite. Pure.
#pragma once

#include "catalog/segment_meta.h"
#include "sink/segment_builder.h"

namespace whittle {

// Fills the counts and times of `meta`; sources, coverage and ledgers are the caller's.
inline void DescribeRows(const BuiltSegment& built, SegmentMeta* meta) {
  meta->rows = built.rows;
  meta->records = built.records;
  meta->text_bytes = built.raw_bytes;
  meta->whole_rows = built.raw_lane_rows;
  meta->refused_ids = built.refused_ids;
  meta->has_time = built.min_time_ns != kNoTime;
  if (meta->has_time) {
    meta->min_time_ns = built.min_time_ns;
    meta->max_time_ns = built.max_time_ns;
  }
}

}  // namespace whittle
