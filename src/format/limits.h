// Every limit of the segment format, with its reason and what happens at it. A writer that would cross one answers
// kLimit; a reader that sees one crossed answers kCorrupt before it allocates.
#pragma once

#include <cstddef>
#include <cstdint>

#include "event/shape_list.h"

namespace whittle {

inline constexpr uint16_t kSegmentMajor = 1;  // a reader refuses other majors
inline constexpr uint16_t kSegmentMinor = 1;  // a reader accepts newer minors: they only add optional parts

// Rows of one segment. Row vectors of a loaded segment cost 5 bytes a row: 80 MiB at this limit.
inline constexpr uint64_t kMaxSegmentRows = 1ull << 24;
// Text of one segment, terminators included: twice the largest segment that is cut, plus one 64 MiB line.
inline constexpr uint64_t kMaxSegmentText = 256ull << 20;
// One decompressed frame: holds the largest single column of a segment.
inline constexpr uint64_t kMaxFrameSize = 512ull << 20;
// All decompressed frames together. Encoded columns are smaller than their text but for hostile input.
inline constexpr uint64_t kMaxStreamBytes = 1024ull << 20;
// The footer, decompressed. It holds sources, runs and the frame table: kilobytes.
inline constexpr uint64_t kMaxFooterSize = 64ull << 20;
// One zstd frame never declares more than this times its stored size, plus a little: bounds what a tiny file can
// make a reader allocate. A long run compresses about 30,000 : 1 with zstd.
inline constexpr uint64_t kMaxFrameExpansion = 1ull << 17;
inline constexpr uint64_t kMaxColumns = 1ull << 20;
// Values of one column: a row has a value per slot bound to the column, so a little more than rows in real logs.
inline constexpr uint64_t kMaxColumnValues = 1ull << 26;
inline constexpr uint64_t kMaxShapes = 1ull << 20;
// Pieces and fields of all shapes: at some 50 bytes each, 200 MiB in memory.
inline constexpr uint64_t kMaxShapeParts = 1ull << 22;
inline constexpr ShapeListLimits kShapeLimits = {
    .shapes = kMaxShapes, .parts = kMaxShapeParts, .text = kMaxSegmentText};
inline constexpr uint64_t kMaxSources = 1ull << 20;
inline constexpr uint64_t kMaxRuns = 1ull << 22;
inline constexpr uint64_t kMaxSections = 1ull << 12;
inline constexpr uint64_t kMaxStreams = 1ull << 12;
inline constexpr uint64_t kMaxFrames = 1ull << 20;
inline constexpr uint64_t kMaxBlobs = 1ull << 24;
// Encodings nest (dictionary of patterns of integers ...): deeper than this is not a segment a writer made.
inline constexpr int kMaxNodeDepth = 12;
// Classes of a partition and parts of a concatenation.
inline constexpr size_t kMaxPartitions = 255;
inline constexpr size_t kMaxParts = 64;

}  // namespace whittle
