// SegmentFooter: what a reader knows about a segment before it decompresses anything, and its bytes. Plain data.
// docs/segment-format.md, "footer", specifies them; "envelope" the fixed header and trailer around the frames.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "format/byte_source.h"
#include "format/segment.h"

namespace whittle {

struct FrameInfo {
  uint8_t kind = 0;     // BlobKind; unknown kinds are skipped
  uint8_t method = 0;   // 0 stored, 1 zstd
  uint64_t offset = 0;  // in the file; derived: frames are contiguous
  uint64_t stored_size = 0;
  uint64_t raw_size = 0;
  uint64_t checksum = 0;  // XXH3-64 of the stored bytes
};

struct SectionInfo {
  uint16_t id = 0;
  bool required = false;
  uint64_t size = 0;
};

// Required-feature bits of the trailer.
inline constexpr uint64_t kFeatureConstantFields = 1;  // shapes have fields with constants

struct SegmentFooter {
  uint16_t major = 0;
  uint16_t minor = 0;
  uint64_t required_features = 0;
  std::string writer;  // name and version of the program that wrote it
  uint64_t rows = 0;
  uint64_t records = 0;
  uint64_t text_bytes = 0;  // of all rows rendered, terminators included
  uint64_t shape_count = 0;
  uint64_t column_count = 0;
  int64_t min_time_ns = kNoTime;  // over all row groups
  int64_t max_time_ns = kNoTime;
  std::vector<RowGroupInfo> row_groups;
  std::vector<SegmentSource> sources;
  std::vector<SourceRun> runs;
  std::vector<SectionInfo> sections;
  std::vector<FrameInfo> frames;
  // Streams that the directory has, ascending, so that one can be missed without reading it; since minor version 1.
  std::optional<std::vector<uint16_t>> streams;
};

// The first 16 bytes of a segment.
inline constexpr size_t kSegmentHeaderSize = 16;
std::string EncodeSegmentHeader();

// The compressed footer and the trailer, to be appended after the last frame. `frames_end` is the file size so far.
Result<std::string> EncodeFooter(const SegmentFooter& footer, uint64_t frames_end);

// Reads header, trailer and footer. kUnsupported: a newer major version or an unknown required feature or section.
Result<SegmentFooter> ReadFooter(const ByteSource& source);

// Sections this version knows, by number; DESIGN: everything else of a segment's bookkeeping is a section.
// Numbers below 32768 belong to whittle, the rest to others. Part of the format.
enum class SectionId : uint16_t {
  kStrata = 1,          // sampling strata: keys by number
  kCounters = 2,        // exact counts and bytes by (window, stratum)
  kLedger = 3,          // lines, records and bytes in, kept, sampled out, quarantined, dropped; per source
  kFrontiers = 4,       // interval sets of what each source has durably given
  kSourceIdentity = 5,  // content hashes that recognise a source again
  kTombstones = 6,      // deleted segments whose frontiers still count
  kTemplates = 7,       // templates and bindings as known when written
  kTemplateAliases = 8,
  kKafka = 9,         // topic, partition, keys and headers
  kScrubMarks = 10,   // which slots were replaced
  kCorrelation = 11,  // evidence of inferred traces
  kFilters = 12,      // filters and statistics on column values
  kJournal = 13,      // policies in force, entries of the hash-chained journal
  kSamplerState = 14,
  kCatalogEntry = 16,  // what the catalog needs to know the segment again (catalog/segment_meta.h)
  kContentHash = 17,   // 128-bit XXH3 of all rows as they render
  kShapeStats = 18,    // records, bytes and times per stored shape (event/shape_stats.h)
  kFoldedBodies = 19,  // bodies as they were before they were folded (templates/folded_bodies_section.h)
  kMetrics = 20,       // exact counts and sums of chosen events (sample/metric_ledger.h)
};

}  // namespace whittle
