#include "query/store_ledger.h"

#include <algorithm>

#include "format/footer.h"

namespace whittle {

Result<std::optional<SegmentLedger>> ReadSegmentLedger(const SegmentReader& reader) {
  const auto& sections = reader.footer().sections;
  const bool has = std::any_of(sections.begin(), sections.end(), [](const SectionInfo& section) {
    return section.id == static_cast<uint16_t>(SectionId::kCounters);
  });
  if (!has) return std::optional<SegmentLedger>();
  WHITTLE_ASSIGN_OR_RETURN(const std::string strata, reader.LoadSection(static_cast<uint16_t>(SectionId::kStrata)));
  WHITTLE_ASSIGN_OR_RETURN(const std::string cells, reader.LoadSection(static_cast<uint16_t>(SectionId::kCounters)));
  std::vector<std::string> ids;
  for (const SegmentSource& source : reader.footer().sources) ids.push_back(source.id);
  WHITTLE_ASSIGN_OR_RETURN(SegmentLedger ledger, SegmentLedger::Decode(strata, cells, ids));
  const bool counts_metrics = std::any_of(sections.begin(), sections.end(), [](const SectionInfo& section) {
    return section.id == static_cast<uint16_t>(SectionId::kMetrics);
  });
  if (counts_metrics) {
    WHITTLE_ASSIGN_OR_RETURN(const std::string metrics, reader.LoadSection(static_cast<uint16_t>(SectionId::kMetrics)));
    WHITTLE_ASSIGN_OR_RETURN(*ledger.mutable_metrics(), MetricLedger::Decode(metrics));
  }
  return std::optional<SegmentLedger>(std::move(ledger));
}

Result<StoreLedger> ReadStoreLedger(const Env* env, const std::vector<SegmentFile>& segments) {
  StoreLedger store;
  for (const SegmentFile& segment : segments) {
    std::vector<uint32_t>& numbers = store.numbers.emplace_back();
    WHITTLE_ASSIGN_OR_RETURN(const auto reader, OpenSegment(env, segment.path));
    store.has_incoming = store.has_incoming || reader->HasStream(StreamId::kIncomingRate);
    auto ledger = ReadSegmentLedger(*reader);
    if (!ledger.ok()) return ledger.status().WithContext(segment.path);
    if (!*ledger) {
      ++store.segments_without;
      continue;
    }
    for (const LedgerCell& cell : (*ledger)->cells()) {
      store.policies[(*ledger)->policy()] += cell.in.records;
      if (!cell.dropped) store.sampled_out += cell.in.records - cell.kept.records;
      store.has_incoming = store.has_incoming || cell.more_in > 0;  // perhaps none of it was kept
    }
    store.ledger.Merge(**ledger, &numbers);
  }
  return store;
}

std::vector<StratumTotal> TotalsByStratum(const SegmentLedger& ledger) {
  std::vector<StratumTotal> totals(ledger.strata().size());
  for (const LedgerCell& cell : ledger.cells()) {
    StratumTotal& total = totals[cell.stratum];
    total.in += cell.in;
    total.kept += cell.kept;
    total.dropped = total.dropped || cell.dropped;
    total.weight += cell.weight;
    total.variance += cell.variance;
    total.more_in += cell.more_in;
    total.spread_in += cell.spread_in;
  }
  return totals;
}

}  // namespace whittle
