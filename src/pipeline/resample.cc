#include "pipeline/resample.h"

#include <algorithm>
#include <map>
#include <set>

#include "catalog/stream_name.h"
#include "pipeline/run_sampling.h"
#include "query/segment_catalog.h"

namespace whittle {
namespace {

// Text of one planned segment; as large as ingest makes them.
constexpr uint64_t kPlannedSegmentBytes = uint64_t{64} << 20;

Status CheckComplete(const Manifest& manifest, const std::string& store) {
  const Ledger ledger = manifest.TotalLedger();
  if (ledger.in == ledger.kept) return Status::Ok();
  return Status(StatusCode::kUsage, store + ": has lost " + std::to_string(ledger.in.records - ledger.kept.records) +
                                        " of its events already (sampled, dropped or expired); only a store that has "
                                        "everything can be sampled again");
}

double ShareOf(const Manifest& manifest) {
  std::set<std::string> streams;
  for (const auto& [id, source] : manifest.sources) streams.insert(source.host + '\0' + source.stream);
  return 1.0 / static_cast<double>(std::max<size_t>(1, streams.size()));
}

// All batches of a store, segment by segment. Within a source that is the order of its positions.
using TakeBatch = std::function<Status(EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source)>;
Status Walk(const Env* env, const Snapshot& snapshot, const std::atomic<bool>* stop, const TakeBatch& take) {
  std::map<std::string, uint32_t> numbers;
  for (const SegmentMeta& meta : snapshot.manifest.segments) {
    WHITTLE_ASSIGN_OR_RETURN(auto reader, OpenSegment(env, snapshot.SegmentPath(meta)));
    WHITTLE_ASSIGN_OR_RETURN(const auto unpacker, SegmentUnpacker::Open(std::move(reader), SegmentEdit()));
    Status status;
    const Status unpacked =
        unpacker->Unpack([&](EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source) {
          if (!status.ok()) return;
          if (stop != nullptr && stop->load()) {
            status = Status(StatusCode::kCancelled, "stopped as asked");
            return;
          }
          batch.source = numbers.try_emplace(source.id, static_cast<uint32_t>(numbers.size())).first->second;
          // A policy that keeps everything has left strata and thresholds that say so; they are decided anew.
          std::erase_if(batch.streams, [](const RecordStream& stream) {
            return stream.id == static_cast<uint16_t>(StreamId::kSampleThreshold) ||
                   stream.id == static_cast<uint16_t>(StreamId::kStratum);
          });
          status = take(std::move(batch), std::move(times), source);
        });
    WHITTLE_RETURN_IF_ERROR(status);
    WHITTLE_RETURN_IF_ERROR(unpacked.WithContext(meta.file_name));
  }
  return Status::Ok();
}

uint64_t StoredBytes(const Manifest& manifest) {
  uint64_t bytes = 0;
  for (const SegmentMeta& meta : manifest.segments) bytes += meta.file_bytes;
  return bytes;
}

class Planner {
 public:
  explicit Planner(const SamplingPolicy* policy, double share) : policy_(*policy), share_(share) {
    plan_.ledger = NewSegmentLedger(*policy);
    Begin();
  }

  Status Take(EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source) {
    std::unique_ptr<Sampler>& sampler = samplers_[source.id];
    if (sampler == nullptr) {
      WHITTLE_ASSIGN_OR_RETURN(sampler, Sampler::Create(&policy_, source, share_, ""));
    }
    sampler->Hold(std::move(batch), std::move(times));
    sources_.try_emplace(source.id, source);
    return AddSampled(sampler.get(), source);
  }

  Result<ResamplePlan> Finish() {
    for (const auto& [id, sampler] : samplers_) {
      sampler->Release();
      WHITTLE_RETURN_IF_ERROR(AddSampled(sampler.get(), sources_.at(id)));
    }
    WHITTLE_RETURN_IF_ERROR(Close());
    return std::move(plan_);
  }

 private:
  void Begin() {
    builder_ = std::make_unique<SegmentBuilder>(SegmentBuilderOptions());
    ledger_ = std::make_unique<SegmentLedger>(NewSegmentLedger(policy_));
  }

  Status AddSampled(Sampler* sampler, const SegmentSource& source) {
    EventBatch batch;
    std::vector<RecordTime> times;
    while (sampler->Take(&batch, &times)) {
      sampler->Sample(builder_->empty(), &batch, &times, ledger_.get());
      builder_->Add(std::move(batch), std::move(times), source);
      if (builder_->raw_bytes() >= kPlannedSegmentBytes) WHITTLE_RETURN_IF_ERROR(Close());
    }
    return Status::Ok();
  }

  Status Close() {
    Status made;
    const auto built = builder_->Close(
        [&](const BuiltSegment& facts) {
          auto sections = LedgerSections(*ledger_, facts.sources);
          made = sections.status();
          return sections.ok() ? std::move(*sections) : std::vector<Section>();
        },
        &consolidator_);
    WHITTLE_RETURN_IF_ERROR(made);
    if (!built.ok()) return built.status();
    plan_.stored_bytes += built->bytes.size();
    std::vector<uint32_t> numbers;
    plan_.ledger.Merge(*ledger_, &numbers);
    Begin();
    return Status::Ok();
  }

  const SamplingPolicy& policy_;
  double share_;
  ResamplePlan plan_;
  Consolidator consolidator_;
  std::map<std::string, std::unique_ptr<Sampler>> samplers_;
  std::map<std::string, SegmentSource> sources_;
  std::unique_ptr<SegmentBuilder> builder_;
  std::unique_ptr<SegmentLedger> ledger_;
};

}  // namespace

Result<ResamplePlan> PlanStore(const Env* env, const std::string& store, const SamplingPolicy& policy,
                               const std::atomic<bool>* stop) {
  WHITTLE_ASSIGN_OR_RETURN(const Snapshot snapshot, TakeSnapshot(env, store));
  WHITTLE_RETURN_IF_ERROR(CheckComplete(snapshot.manifest, store));
  Planner planner(&policy, ShareOf(snapshot.manifest));
  WHITTLE_RETURN_IF_ERROR(
      Walk(env, snapshot, stop, [&](EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source) {
        return planner.Take(std::move(batch), std::move(times), source);
      }));
  WHITTLE_ASSIGN_OR_RETURN(ResamplePlan plan, planner.Finish());
  plan.stored_before = StoredBytes(snapshot.manifest);
  return plan;
}

Result<ThinReport> ThinStore(const Env* env, const std::string& from, Catalog* to,
                             std::shared_ptr<const SamplingPolicy> policy, int jobs, const std::atomic<bool>* stop) {
  WHITTLE_ASSIGN_OR_RETURN(const Snapshot snapshot, TakeSnapshot(env, from));
  WHITTLE_RETURN_IF_ERROR(CheckComplete(snapshot.manifest, from));
  if (!to->manifest().segments.empty()) {
    return Status(StatusCode::kUsage, "the store to thin into is not empty; name one that does not exist");
  }
  RunSampling sampling(policy);
  sampling.set_share(ShareOf(snapshot.manifest));
  WorkerPool pool(static_cast<size_t>(std::max(1, jobs) - 1), WorkerPool::Waiting::kWorks);
  CommitterOptions options;
  options.extras = [&](const std::vector<std::string>& ids) { return sampling.Close(ids); };
  if (const auto found = snapshot.manifest.published.find(std::string(kPublishedOverrides));
      found != snapshot.manifest.published.end()) {
    options.overrides_text = found->second;
    WHITTLE_ASSIGN_OR_RETURN(options.overrides, ParseOverrides(found->second, "the store's template overrides"));
  }
  SegmentCommitter committer(env, to, &pool, std::move(options));
  std::map<std::string, std::unique_ptr<Sampler>> samplers;
  std::map<std::string, std::shared_ptr<SourceContext>> contexts;
  const auto add_sampled = [&](Sampler* sampler, const std::shared_ptr<SourceContext>& context) -> Status {
    EventBatch batch;
    std::vector<RecordTime> times;
    while (sampler->Take(&batch, &times)) {
      const LeftOut left_out = sampler->Sample(committer.pending_bytes() == 0, &batch, &times, sampling.ledger());
      sampling.Note(context->identity.id, sampler);
      WHITTLE_RETURN_IF_ERROR(committer.Add(std::move(batch), std::move(times), context, left_out));
    }
    return Status::Ok();
  };
  WHITTLE_RETURN_IF_ERROR(Walk(
      env, snapshot, stop, [&](EventBatch batch, std::vector<RecordTime> times, const SegmentSource& source) -> Status {
        std::shared_ptr<SourceContext>& context = contexts[source.id];
        if (context == nullptr) {
          context = std::make_shared<SourceContext>();
          if (const auto known = snapshot.manifest.sources.find(source.id); known != snapshot.manifest.sources.end()) {
            context->identity = known->second;
          }
          context->identity.id = source.id;
          WHITTLE_ASSIGN_OR_RETURN(samplers[source.id], sampling.NewSampler(to, source, false));
        }
        context->segment_source = source;
        Sampler* sampler = samplers[source.id].get();
        if (sampler == nullptr) return committer.Add(std::move(batch), std::move(times), context, {});
        sampler->Hold(std::move(batch), std::move(times));
        return add_sampled(sampler, context);
      }));
  for (const auto& [id, sampler] : samplers) {
    if (sampler == nullptr) continue;
    sampler->Release();
    WHITTLE_RETURN_IF_ERROR(add_sampled(sampler.get(), contexts[id]));
  }
  for (auto& [id, context] : contexts) context->finished = context->identity.finished;
  WHITTLE_RETURN_IF_ERROR(committer.Flush());
  ThinReport report;
  report.ledger = committer.totals().ledger;
  report.segments = committer.totals().segments;
  report.stored_bytes = committer.totals().segment_bytes;
  report.stored_before = StoredBytes(snapshot.manifest);
  return report;
}

}  // namespace whittle
