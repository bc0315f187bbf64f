// SegmentMeta: what the catalog and the published manifest know about one segment file, and the footer section that
// carries the same facts inside the file, so that a lost catalog can be rebuilt from the segments. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "base/hash.h"
#include "catalog/interval_set.h"
#include "catalog/ledger.h"
#include "catalog/source_state.h"

namespace whittle {

// Number of the footer section with an EncodeFooterEntry; the sections before it are named in format/footer.h.
inline constexpr uint16_t kCatalogEntrySection = 16;
inline constexpr std::string_view kSegmentSuffix = ".wseg";

// What a segment covers of one source, whether the lines were kept or not.
struct SourceCoverage {
  std::string source_id;  // 32 hex digits
  IntervalSet bytes;      // of the decompressed content; the total equals ledger.in.bytes
  IntervalSet lines;      // 0-based line numbers; the total equals ledger.in.lines
  Ledger ledger;
};

// A segment of a Kafka partition: records [first_offset, end_offset).
struct KafkaRange {
  std::string cluster;
  std::string topic;
  int32_t partition = 0;
  int64_t first_offset = 0;
  int64_t end_offset = 0;
};

struct SegmentMeta {
  // Set by the catalog at commit.
  std::string file_name;  // in STORE/segments
  uint64_t file_bytes = 0;
  Hash128 file_hash;    // of all bytes of the file
  uint64_t commit = 0;  // manifest version that added it

  // Set by whoever built the segment.
  int64_t created_ns = 0;
  uint64_t rows = 0;
  uint64_t records = 0;
  uint64_t text_bytes = 0;   // of the rows it stores, line ends included
  uint64_t whole_rows = 0;   // lines kept whole, not understood or beyond a limit (the raw lane)
  uint64_t refused_ids = 0;  // trace and span ids of records that are none: all zeros, other bytes
  bool has_time = false;
  int64_t min_time_ns = 0;  // of event times, when has_time
  int64_t max_time_ns = 0;
  std::vector<SourceCoverage> coverage;
  std::optional<KafkaRange> kafka;

  Ledger TotalLedger() const;
};

void EncodeSegmentMeta(const SegmentMeta& meta, std::string* out);
Result<SegmentMeta> DecodeSegmentMeta(std::string_view bytes);

// Not ok, with what is wrong, when a ledger does not balance or coverage and ledger disagree: a bug of the caller.
Status CheckSegmentMeta(const SegmentMeta& meta);

// The content of section kCatalogEntrySection: `meta` without what only the finished file can tell (name, size, hash,
// commit), and the identity of every source in it.
struct FooterEntry {
  SegmentMeta meta;
  std::vector<SourceIdentity> sources;
};
std::string EncodeFooterEntry(const SegmentMeta& meta, const std::vector<SourceIdentity>& sources);
Result<FooterEntry> DecodeFooterEntry(std::string_view bytes);

}  // namespace whittle
