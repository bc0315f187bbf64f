// The exact counts by stratum of a whole store: what came and what was kept, for every stratum of every segment, those
// without a survivor included. Read from the segments' sections alone; no row is decoded.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "format/segment_reader.h"
#include "query/store_reader.h"
#include "sample/segment_ledger.h"

namespace whittle {

// The strata and counts of a segment; nothing when it has none.
Result<std::optional<SegmentLedger>> ReadSegmentLedger(const SegmentReader& reader);

struct StoreLedger {
  SegmentLedger ledger;                      // of the segments that have one, merged; windows may have been joined
  uint64_t sampled_out = 0;                  // events, of all segments
  bool has_incoming = false;                 // some event came with a rate: an earlier stage had sampled it
  size_t segments_without = 0;               // that were written without sampling
  std::map<std::string, uint64_t> policies;  // events that came under each, by its canonical text
  // numbers[segment][its stratum] is the stratum in `ledger`; empty for segments without counts.
  std::vector<std::vector<uint32_t>> numbers;
};
Result<StoreLedger> ReadStoreLedger(const Env* env, const std::vector<SegmentFile>& segments);

// Sums of a stratum over all windows and sources.
struct StratumTotal {
  EventCounts in, kept;
  bool dropped = false;
  double weight = 0, variance = 0;
  double more_in = 0, spread_in = 0;  // LedgerCell's

  // Events that those which came stand for: as many as came, when no earlier stage sampled them.
  double stands_for() const { return static_cast<double>(in.records) + more_in; }
  // Not all that there was is in the store.
  bool lost() const { return !dropped && (in.records > kept.records || more_in > 0); }
};
std::vector<StratumTotal> TotalsByStratum(const SegmentLedger& ledger);

}  // namespace whittle
