#include "pipeline/live_pipeline.h"

#include <utility>

#include "pipeline/message_view.h"

namespace whittle {

LivePipeline::LivePipeline(const Env* env, Catalog* catalog, WorkerPool* pool, const ParsingOptions* parsing,
                           CommitterOptions committer, std::shared_ptr<const SamplingPolicy> sampling)
    : env_(env),
      catalog_(catalog),
      parsing_(parsing),
      parse_(pool, parsing),
      sampling_(std::move(sampling)),
      committer_(env, catalog, pool, WithSampling(std::move(committer))) {}

CommitterOptions LivePipeline::WithSampling(CommitterOptions options) {
  if (!sampling_.active()) return options;
  options.extras = [this](const auto& source_ids) { return dropping_ ? SegmentExtras() : sampling_.Close(source_ids); };
  return options;
}

Result<uint32_t> LivePipeline::AddSource(std::shared_ptr<SourceContext> context, std::unique_ptr<RecordTimes> times,
                                         bool resumes) {
  Source source;
  if (context->sampler_state) {
    WHITTLE_ASSIGN_OR_RETURN(source.sampler,
                             sampling_.NewSampler(context->segment_source, resumes ? *context->sampler_state : ""));
  } else {
    WHITTLE_ASSIGN_OR_RETURN(source.sampler, sampling_.NewSampler(catalog_, context->segment_source, resumes));
  }
  source.enricher = std::make_unique<Enricher>(parsing_, context->segment_source);
  source.context = std::move(context);
  source.times = std::move(times);
  sources_.emplace(next_source_, std::move(source));
  return next_source_++;
}

Status LivePipeline::FinishSource(uint32_t number) {
  const auto it = sources_.find(number);
  it->second.finished = true;
  if (it->second.in_flight > 0) return Status::Ok();
  const Status status = AddHeld(it->first, &it->second);
  Retire(it);
  return status;
}

void LivePipeline::Retire(std::map<uint32_t, Source>::iterator source) {
  source->second.context->finished = true;
  sampling_.Finish(source->second.context->identity.id);
  committer_.Finish(source->second.context);
  ++finished_;
  sources_.erase(source);
}

Status LivePipeline::Submit(std::vector<LineBatch>* batches) {
  for (LineBatch& batch : *batches) {
    while (!parse_.has_room()) WHITTLE_RETURN_IF_ERROR(Assemble(*parse_.Take()));
    batch.sequence = next_sequence_++;
    if (submitted_since_ns_ == 0) submitted_since_ns_ = env_->clock->SteadyNs();
    ++sources_.at(batch.source).in_flight;
    parse_.Submit(std::move(batch));
  }
  batches->clear();
  while (auto events = parse_.TryTake()) WHITTLE_RETURN_IF_ERROR(Assemble(std::move(*events)));
  return Status::Ok();
}

Status LivePipeline::Drop(uint32_t source, Interval bytes, Interval lines) {
  const auto& context = sources_.at(source).context;
  if (!sampling_.active()) {
    committer_.AddDropped(context, bytes, lines);
    return Status::Ok();
  }
  // The account by stratum knows nothing of lines that nobody looked at, so they have a segment of their own.
  WHITTLE_RETURN_IF_ERROR(Flush());
  dropping_ = true;
  committer_.AddDropped(context, bytes, lines);
  const Status status = committer_.Flush();
  dropping_ = false;
  return status;
}

Status LivePipeline::AssembleAll() {
  while (auto events = parse_.Take()) WHITTLE_RETURN_IF_ERROR(Assemble(std::move(*events)));
  submitted_since_ns_ = 0;
  return Status::Ok();
}

Status LivePipeline::Assemble(EventBatch batch) {
  const auto it = sources_.find(batch.source);
  Source& source = it->second;
  Status status;
  if (!batch.rows.empty() || batch.messages != nullptr) {
    // A record is never continued behind lines of another source, nor in another segment.
    const bool begins = !committer_.has_pending();
    const bool alone = begins || batch.source != last_source_;
    const bool first = (alone && source.sampler == nullptr) || batch.first_offset == 0;
    if (first && !batch.rows.empty()) batch.rows.front().flags |= Row::kRecordStart;
    if (!batch.rows.empty()) source.enricher->Enrich(&batch);
    rates_ += source.enricher->TakeRateCounts();
    std::vector<RecordTime> times;
    const MessageView messages(batch);
    for (const Row& row : batch.rows) {
      if ((row.flags & Row::kRecordStart) == 0) continue;
      // A message that says nothing of its time was written when the broker says so.
      times.push_back(source.times->Resolve(row, messages.TimeNs(times.size())));
    }
    batch.times_after = source.times->state();
    if (source.sampler != nullptr) {
      source.sampler->Hold(std::move(batch), std::move(times));
      source.held_since_ns = env_->clock->SteadyNs();
      status = AddSampled(it->first, &source);
    } else {
      last_source_ = it->first;
      status = committer_.Add(std::move(batch), std::move(times), source.context, {});
    }
  }
  if (--source.in_flight == 0 && source.finished) {
    if (status.ok()) status = AddHeld(it->first, &source);
    Retire(it);
  }
  return status;
}

Status LivePipeline::AddSampled(uint32_t number, Source* source) {
  EventBatch batch;
  std::vector<RecordTime> times;
  while (source->sampler->Take(&batch, &times)) {
    const bool alone = !committer_.has_pending() || number != last_source_;
    last_source_ = number;
    const LeftOut left_out = source->sampler->Sample(alone, &batch, &times, sampling_.ledger());
    sampling_.Note(source->context->identity.id, source->sampler.get());
    WHITTLE_RETURN_IF_ERROR(committer_.Add(std::move(batch), std::move(times), source->context, left_out));
  }
  return Status::Ok();
}

Status LivePipeline::AddHeld(uint32_t number, Source* source) {
  if (source->sampler == nullptr || !source->sampler->holds()) return Status::Ok();
  source->sampler->Release();
  return AddSampled(number, source);
}

// Sources that were silent for as long as a trace may wait.
Status LivePipeline::AddSilent() {
  const int64_t now_ns = env_->clock->SteadyNs();
  for (auto& [number, source] : sources_) {
    if (source.held_since_ns == 0 || now_ns - source.held_since_ns < sampling_.hold_ns()) continue;
    WHITTLE_RETURN_IF_ERROR(AddHeld(number, &source));
    source.held_since_ns = 0;
  }
  return Status::Ok();
}

Status LivePipeline::StartFlush() {
  WHITTLE_RETURN_IF_ERROR(AssembleAll());
  return committer_.StartClose();
}

Status LivePipeline::Flush() {
  WHITTLE_RETURN_IF_ERROR(AssembleAll());
  WHITTLE_RETURN_IF_ERROR(AddSilent());
  finished_ = 0;
  return committer_.Flush();
}

LineParserStats LivePipeline::parser_stats() const {
  LineParserStats stats = parse_.stats();
  stats.came_sampled = rates_.records;
  stats.refused_rates = rates_.refused;
  return stats;
}

int64_t LivePipeline::pending_since_ns() const {
  if (committer_.has_pending()) return committer_.pending_since_ns();
  if (submitted_since_ns_ != 0 || !sampling_.active()) return submitted_since_ns_;
  int64_t oldest_ns = 0;
  for (const auto& [number, source] : sources_) {
    if (source.held_since_ns == 0 || source.sampler == nullptr || !source.sampler->holds()) continue;
    const int64_t over_ns = source.held_since_ns + sampling_.hold_ns();
    if (oldest_ns == 0 || over_ns < oldest_ns) oldest_ns = over_ns;
  }
  return oldest_ns;
}

}  // namespace whittle
