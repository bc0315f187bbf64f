// LedgerCarrier: brings the exact counts by stratum from old segments into the one that is made of them: strata get new
// numbers, in the counts and on the records, and what is left out on the way moves from kept to where it went. Segments
// without such counts beside others with them are one stratum of their own kind, `other`. For one rewrite, one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "catalog/segment_meta.h"
#include "format/segment_reader.h"
#include "pipeline/message_inserter.h"
#include "pipeline/segment_unpacker.h"
#include "query/store_ledger.h"
#include "sample/segment_ledger.h"

namespace whittle {

class LedgerCarrier {
 public:
  // All old segments are met before the first is numbered.
  void Meet(const SegmentReader& reader);
  // Before the segment is unpacked: gives its records the numbers that their strata will have.
  Status Number(const SegmentReader& reader, SegmentEdit* edit);
  // A message that is added to the segment: kept, whatever was sampled beside it.
  void Add(const SegmentMeta& meta, AddedMessage* added);
  // Batches of it, as they are unpacked.
  void Pass(const EventBatch& batch, const std::string& source_id);
  // After it was unpacked.
  void Take(const SegmentUnpacker& unpacker, const SegmentMeta& meta);
  // Of the new segment; none when no old one had any.
  Result<std::vector<Section>> Sections(const BuiltSegment& facts, const SegmentMeta& meta) const;

 private:
  void TakeUncounted(const SegmentUnpacker& unpacker, const SegmentMeta& meta,
                     const std::map<std::string, LedgerCell>& came_sampled);

  SegmentLedger ledger_;
  bool any_ = false;
  std::map<std::string, LedgerCell> came_sampled_;  // by source, of a segment without counts: what rates sum up to
};

}  // namespace whittle
