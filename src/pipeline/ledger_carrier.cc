#include "pipeline/ledger_carrier.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "format/footer.h"
#include "pipeline/incoming_rates.h"
#include "pipeline/run_sampling.h"

namespace whittle {
namespace {

bool HasLedger(const SegmentReader& reader) {
  return std::any_of(reader.footer().sections.begin(), reader.footer().sections.end(), [](const SectionInfo& section) {
    return section.id == static_cast<uint16_t>(SectionId::kCounters);
  });
}

}  // namespace

void LedgerCarrier::Meet(const SegmentReader& reader) { any_ = any_ || HasLedger(reader); }

Status LedgerCarrier::Number(const SegmentReader& reader, SegmentEdit* edit) {
  if (!any_) return Status::Ok();
  RecordStream strata{static_cast<uint16_t>(StreamId::kStratum), {}};
  WHITTLE_ASSIGN_OR_RETURN(auto ledger, ReadSegmentLedger(reader));
  if (!ledger) {
    StratumInfo other;
    other.other = true;
    strata.values.assign(reader.footer().records, ledger_.AddStratum(0, other));
  } else {
    ledger->ForgetCells();
    *ledger->mutable_metrics() = MetricLedger();
    std::vector<uint32_t> numbers;
    ledger_.Merge(*ledger, &numbers);
    strata.values.assign(reader.footer().records, 0);
    if (reader.HasStream(StreamId::kStratum)) {
      WHITTLE_ASSIGN_OR_RETURN(strata.values, reader.LoadStream(StreamId::kStratum));
    }
    for (int64_t& value : strata.values) {
      if (value < 0 || static_cast<size_t>(value) >= numbers.size()) {
        return Status(StatusCode::kCorrupt, "segment: unknown stratum");
      }
      value = numbers[static_cast<size_t>(value)];
    }
  }
  edit->streams.push_back(std::move(strata));
  return Status::Ok();
}

void LedgerCarrier::Add(const SegmentMeta& meta, AddedMessage* added) {
  if (!any_ || meta.coverage.empty()) return;
  StratumInfo other;
  other.other = true;
  SegmentLedger::Entry entry;
  entry.source_id = meta.coverage[0].source_id;
  entry.time_ns = added->times.empty() ? kNoTime : added->times[0].time_ns;
  entry.stratum = ledger_.AddStratum(0, other);
  LedgerCell& cell = (*ledger_.mutable_cells())[ledger_.FindCell(entry)];
  const EventCounts counts{added->tally.records, added->tally.lines, added->tally.bytes};
  cell.in += counts;
  cell.kept += counts;
  cell.weight += 1;
  added->batch.streams.push_back({static_cast<uint16_t>(StreamId::kStratum), {entry.stratum}});
}

// Segments without counts lost nothing but what came sampled.
void LedgerCarrier::Pass(const EventBatch& batch, const std::string& source_id) {
  for (const RecordStream& stream : batch.streams) {
    if (stream.id != static_cast<uint16_t>(StreamId::kIncomingRate)) continue;
    LedgerCell& cell = came_sampled_[source_id];
    for (const int64_t bits : stream.values) cell.Came(std::fabs(IncomingRateOf(bits)));
  }
}

void LedgerCarrier::Take(const SegmentUnpacker& unpacker, const SegmentMeta& meta) {
  const auto came_sampled = std::exchange(came_sampled_, {});
  if (!any_) return;
  if (unpacker.ledger() == nullptr) return TakeUncounted(unpacker, meta, came_sampled);
  std::vector<uint32_t> numbers;
  ledger_.Merge(*unpacker.ledger(), &numbers);
}

void LedgerCarrier::TakeUncounted(const SegmentUnpacker& unpacker, const SegmentMeta& meta,
                                  const std::map<std::string, LedgerCell>& came_sampled) {
  SegmentLedger uncounted("", ledger_.keys(), {}, ledger_.window_ns());
  StratumInfo other;
  other.other = true;
  const uint32_t stratum = uncounted.AddStratum(0, other);
  for (const SourceCoverage& coverage : meta.coverage) {
    Tally in = coverage.ledger.in, kept = coverage.ledger.kept;
    in -= coverage.ledger.expired;
    in -= coverage.ledger.quarantined;
    bool dropped = false;
    if (const auto found = unpacker.left_out().find(coverage.source_id); found != unpacker.left_out().end()) {
      in -= found->second.expired;
      for (const Tally* tally : {&found->second.expired, &found->second.sampled_out, &found->second.dropped_by_rule})
        kept -= *tally;
      dropped = found->second.dropped_by_rule.records > 0;
    }
    SegmentLedger::Entry entry;
    entry.source_id = coverage.source_id;
    entry.stratum = stratum;
    LedgerCell& cell = (*uncounted.mutable_cells())[uncounted.FindCell(entry)];
    cell.in = {in.records, in.lines, in.bytes};
    cell.kept = {kept.records, kept.lines, kept.bytes};
    cell.weight = static_cast<double>(kept.records);
    cell.dropped = dropped;
    const auto rates = came_sampled.find(coverage.source_id);
    if (rates == came_sampled.end()) continue;
    cell.more_in = rates->second.more_in;
    cell.spread_in = rates->second.spread_in;
    cell.weight += cell.more_in;
  }
  std::vector<uint32_t> numbers;
  ledger_.Merge(uncounted, &numbers);
}

Result<std::vector<Section>> LedgerCarrier::Sections(const BuiltSegment& facts, const SegmentMeta& meta) const {
  if (!any_) return std::vector<Section>();
  WHITTLE_RETURN_IF_ERROR(CheckLedger(ledger_, meta));
  return LedgerSections(ledger_, facts.sources);
}

}  // namespace whittle
