// EncodeSegment: the logical content of a segment (format/segment.h) as the bytes of docs/segment-format.md. A pure
// function of its input and options: the same input gives the same bytes, with and without parallel_for. Safe to call
// from several threads at once. It does not verify: decode and compare (RawCursor) before the bytes are trusted.
#pragma once

#include <functional>
#include <string>

#include <whittle/status.h>

#include "base/parallel_for.h"
#include "format/segment.h"

namespace whittle {

struct EncodeOptions {
  int zstd_level = 0;  // 0: by how much is left to compress, at an even cost per line
  // Text below which there is no filter of words: it is searched in a millisecond, and the filter would be a tenth of
  // the segment.
  uint64_t filter_from_bytes = uint64_t{512} << 10;
  bool max_effort = false;  // for cold data: every choice on all values, zstd at its strongest
  ParallelFor parallel_for;
  std::string writer = "whittle";  // name and version, recorded in the footer
};

// kLimit when a limit of format/limits.h would be crossed, kData when the input contradicts itself (a column with more
// or fewer values than its rows have slots, a row with an unknown shape).
Result<std::string> EncodeSegment(SegmentInput input, const EncodeOptions& options);

}  // namespace whittle
