// RunSampling: what the samplers of one run share: the policy, the account of the open segment, and how both commit
// with it. Sampler states commit in the same batch as the frontier they belong to, so a run that goes on after a crash
// decides as if there had been none.
//
// For the thread that feeds the SegmentCommitter.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "catalog/catalog.h"
#include "pipeline/sampler.h"
#include "pipeline/segment_committer.h"

namespace whittle {

// Name of a source's sampler state among the catalog's private records.
std::string SamplerRecord(const std::string& source_id);

// Not ok when `ledger` and the ledgers of the segment's sources disagree: a bug of ours, found before it is stored.
Status CheckLedger(const SegmentLedger& ledger, const SegmentMeta& meta);

// Sections 1 and 2.
Result<std::vector<Section>> LedgerSections(const SegmentLedger& ledger, const std::vector<SegmentSource>& sources);

class RunSampling {
 public:
  explicit RunSampling(std::shared_ptr<const SamplingPolicy> policy);

  bool active() const { return policy_ != nullptr && policy_->active(); }
  // How long a source may be silent before its records wait no longer for their traces, or for their window.
  int64_t hold_ns() const;
  // The part of an absolute budget that each source of this run has.
  void set_share(double share) { share_ = share; }

  // Null when nothing is sampled. `resumes`: the source goes on where a segment in the catalog ends.
  Result<std::unique_ptr<Sampler>> NewSampler(Catalog* catalog, const SegmentSource& source, bool resumes) const;
  Result<std::unique_ptr<Sampler>> NewSampler(const SegmentSource& source, const std::string& state) const;

  SegmentLedger* ledger();  // of the open segment
  // `sampler` has seen a batch of this source that goes into the open segment; it must live until Close.
  void Note(const std::string& source_id, const Sampler* sampler) { seen_[source_id] = sampler; }
  // The source is read to its end and its sampler about to go.
  void Finish(const std::string& source_id);
  // The open segment closes: its sections and the states of its sources.
  SegmentExtras Close(const std::vector<std::string>& source_ids);

 private:
  std::shared_ptr<const SamplingPolicy> policy_;
  double share_ = 1;
  std::shared_ptr<SegmentLedger> ledger_;
  std::map<std::string, const Sampler*> seen_;
  std::map<std::string, std::string> finished_;  // states
};

}  // namespace whittle
