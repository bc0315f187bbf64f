// The segments a reader reads: those of a store's published manifest, or every segment file of a plain directory. Plain
// values; opening one segment's rows does not touch the others.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "catalog/manifest.h"
#include "env/env.h"
#include "format/segment_reader.h"

namespace whittle {

struct SegmentFile {
  std::string path;
  SegmentFooter footer;
  // Of event times; nothing when it is not known, or no event has one.
  std::optional<int64_t> min_time_ns, max_time_ns;
  // Of a Kafka partition: what its records' positions are.
  std::optional<KafkaRange> kafka;
};

struct SegmentList {
  std::vector<SegmentFile> segments;
  std::vector<Snapshot> snapshots;  // pin the segments while they live; one per store, none for a plain directory
};

// Opens `path`, a store or a directory with segment files in it. Segments that go away while it looks (compaction) make
// it look again.
Result<SegmentList> ListSegments(const Env* env, const std::string& path);
// The same for several, in their order.
Result<SegmentList> ListSegments(const Env* env, const std::vector<std::string>& paths);

Result<std::unique_ptr<SegmentReader>> OpenSegment(const Env* env, const std::string& path);

}  // namespace whittle
