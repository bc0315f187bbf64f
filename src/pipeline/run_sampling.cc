#include "pipeline/run_sampling.h"

#include "format/footer.h"

namespace whittle {

std::string SamplerRecord(const std::string& source_id) { return "sampler/" + source_id; }

Status CheckLedger(const SegmentLedger& ledger, const SegmentMeta& meta) {
  struct Sums {
    EventCounts in, kept, dropped;
  };
  std::map<std::string_view, Sums> sums;
  for (const LedgerCell& cell : ledger.cells()) {
    Sums& sum = sums[ledger.sources()[cell.source]];
    sum.in += cell.in;
    sum.kept += cell.kept;
    if (!cell.dropped) continue;
    sum.dropped.records += cell.in.records - cell.kept.records;
    sum.dropped.lines += cell.in.lines - cell.kept.lines;
    sum.dropped.bytes += cell.in.bytes - cell.kept.bytes;
  }
  const auto agrees = [](const EventCounts& counts, const Tally& tally) {
    return counts.records == tally.records && counts.lines == tally.lines && counts.bytes == tally.bytes;
  };
  for (const SourceCoverage& coverage : meta.coverage) {
    const Sums& sum = sums[coverage.source_id];
    const Ledger& of = coverage.ledger;
    Tally in = of.in;
    in -= of.expired;  // what retention removed was kept once; it is counted in neither
    in -= of.quarantined;
    if (agrees(sum.in, in) && agrees(sum.kept, of.kept) && agrees(sum.dropped, of.dropped_by_rule)) continue;
    return Status(StatusCode::kCorrupt,
                  "source " + coverage.source_id +
                      ": the counts by stratum do not add up to the ledger: " + std::to_string(sum.in.records) +
                      " events came and " + std::to_string(sum.kept.records) + " were kept, the ledger says " +
                      std::to_string(in.records) + " and " + std::to_string(of.kept.records));
  }
  return Status::Ok();
}

Result<std::vector<Section>> LedgerSections(const SegmentLedger& ledger, const std::vector<SegmentSource>& sources) {
  std::vector<std::string> ids;
  for (const SegmentSource& source : sources) ids.push_back(source.id);
  WHITTLE_ASSIGN_OR_RETURN(std::string cells, ledger.EncodeCells(ids));
  std::vector<Section> sections;
  sections.push_back({static_cast<uint16_t>(SectionId::kStrata), false, ledger.EncodeStrata()});
  sections.push_back({static_cast<uint16_t>(SectionId::kCounters), false, std::move(cells)});
  if (!ledger.metrics().definitions().empty()) {
    sections.push_back({static_cast<uint16_t>(SectionId::kMetrics), false, ledger.metrics().Encode()});
  }
  return sections;
}

RunSampling::RunSampling(std::shared_ptr<const SamplingPolicy> policy) : policy_(std::move(policy)) {}

int64_t RunSampling::hold_ns() const {
  if (policy_ == nullptr) return 0;
  // Events come about as fast as their times go on: after this long another window has begun.
  const bool for_window = policy_->budget.per_window() && policy_->window_ns < INT64_MAX - policy_->hold_ns;
  return policy_->hold_ns + (for_window ? policy_->window_ns : 0);
}

Result<std::unique_ptr<Sampler>> RunSampling::NewSampler(Catalog* catalog, const SegmentSource& source,
                                                         bool resumes) const {
  if (!active()) return std::unique_ptr<Sampler>();
  std::string state;
  if (resumes) {
    WHITTLE_ASSIGN_OR_RETURN(const auto stored, catalog->ReadPrivate(SamplerRecord(source.id)));
    state = stored.value_or("");
  }
  return NewSampler(source, state);
}

Result<std::unique_ptr<Sampler>> RunSampling::NewSampler(const SegmentSource& source, const std::string& state) const {
  if (!active()) return std::unique_ptr<Sampler>();
  return Sampler::Create(policy_.get(), source, share_, state);
}

SegmentLedger* RunSampling::ledger() {
  if (ledger_ == nullptr) ledger_ = std::make_shared<SegmentLedger>(NewSegmentLedger(*policy_));
  return ledger_.get();
}

void RunSampling::Finish(const std::string& source_id) {
  const auto found = seen_.find(source_id);
  if (found == seen_.end()) return;
  finished_[source_id] = found->second->State();
  seen_.erase(found);
}

SegmentExtras RunSampling::Close(const std::vector<std::string>& source_ids) {
  SegmentExtras extras;
  for (const std::string& id : source_ids) {
    if (const auto open = seen_.find(id); open != seen_.end()) {
      extras.records.internal[SamplerRecord(id)] = open->second->State();
    } else if (const auto done = finished_.find(id); done != finished_.end()) {
      extras.records.internal[SamplerRecord(id)] = done->second;
    }
  }
  seen_.clear();
  finished_.clear();
  extras.sections = [ledger = std::shared_ptr<const SegmentLedger>(std::move(ledger_))](
                        const BuiltSegment& facts, const SegmentMeta& meta) -> Result<std::vector<Section>> {
    WHITTLE_RETURN_IF_ERROR(CheckLedger(*ledger, meta));
    return LedgerSections(*ledger, facts.sources);
  };
  ledger_ = nullptr;
  return extras;
}

}  // namespace whittle
