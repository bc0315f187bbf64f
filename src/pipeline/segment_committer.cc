#include "pipeline/segment_committer.h"

#include <algorithm>

namespace whittle {
namespace {

void KeepTail(const EventBatch& batch, std::string* tail) {
  if (!batch.source_tail.empty()) {
    tail->append(batch.source_tail);
    if (tail->size() > kFingerprintBytes) tail->erase(0, tail->size() - kFingerprintBytes);
    return;
  }
  if (batch.rows.empty()) return;
  const Row& first = batch.rows.front();
  const Row& last = batch.rows.back();
  const std::string_view text =
      batch.Text({first.begin, last.begin + last.size + TerminatorSize(last.end) - first.begin});
  if (text.size() < kFingerprintBytes) {
    tail->append(text);
    if (tail->size() > kFingerprintBytes) tail->erase(0, tail->size() - kFingerprintBytes);
  } else {
    tail->assign(text.substr(text.size() - kFingerprintBytes));
  }
}

}  // namespace

SegmentCommitter::SegmentCommitter(const Env* env, Catalog* catalog, WorkerPool* pool, CommitterOptions options)
    : env_(env), catalog_(catalog), pool_(pool), options_(std::move(options)), consolidator_(options_.overrides) {
  options_.builder.encode.parallel_for = [pool](size_t count, const std::function<void(size_t)>& body) {
    pool->ParallelFor(count, body);
  };
}

SegmentCommitter::~SegmentCommitter() { static_cast<void>(WaitForClosing().ok()); }

Status SegmentCommitter::Add(EventBatch batch, std::vector<RecordTime> times,
                             const std::shared_ptr<SourceContext>& source) {
  if (batch.rows.empty()) return Status::Ok();
  if (builder_ == nullptr) {
    builder_ = std::make_unique<SegmentBuilder>(options_.builder);
    pending_since_ns_ = env_->clock->SteadyNs();
  }
  KeepTail(batch, &source->tail);
  const uint64_t end = batch.first_offset + batch.SourceBytes();
  source->identity.tails[end] = FingerprintOf(source->tail, end);
  // Only the end of what a segment covers can be asked for later.
  while (source->identity.tails.size() > 1) source->identity.tails.erase(source->identity.tails.begin());
  in_builder_[source->identity.id] = source;
  unreleased_[source->identity.id] = source;
  builder_->Add(std::move(batch), std::move(times), source->segment_source);
  return builder_->raw_bytes() >= options_.close_bytes ? StartClose() : Status::Ok();
}

SegmentMeta SegmentCommitter::MakeMeta(const BuiltSegment& built) const {
  SegmentMeta meta;
  meta.created_ns = env_->clock->WallNs();
  meta.rows = built.rows;
  meta.records = built.records;
  meta.text_bytes = built.raw_bytes;
  meta.has_time = built.min_time_ns != kNoTime;
  if (meta.has_time) {
    meta.min_time_ns = built.min_time_ns;
    meta.max_time_ns = built.max_time_ns;
  }
  meta.coverage.resize(built.sources.size());
  for (size_t i = 0; i < built.sources.size(); ++i) meta.coverage[i].source_id = built.sources[i].id;
  for (size_t i = 0; i < built.runs.size(); ++i) {
    const SourceRun& run = built.runs[i];
    SourceCoverage& coverage = meta.coverage[run.source];
    coverage.bytes.Add({run.first_offset, run.end_offset});
    coverage.lines.Add({run.first_line - 1, run.first_line - 1 + run.line_count});
    Ledger ledger;
    ledger.in = {run.line_count, built.run_records[i], run.end_offset - run.first_offset};
    ledger.kept = ledger.in;
    coverage.ledger += ledger;
  }
  return meta;
}

Status SegmentCommitter::CloseNow(SegmentBuilder* builder, std::vector<SourceIdentity> identities) {
  SegmentMeta meta;
  WHITTLE_ASSIGN_OR_RETURN(
      const BuiltSegment built,
      builder->Close(
          [&](const BuiltSegment& facts) {
            meta = MakeMeta(facts);
            return std::vector<Section>{{kCatalogEntrySection, false, EncodeFooterEntry(meta, identities)}};
          },
          &consolidator_));
  SegmentCommit commit;
  commit.bytes = built.bytes;
  commit.meta = std::move(meta);
  commit.sources = std::move(identities);
  if (!options_.overrides_text.empty()) commit.records.published[kPublishedOverrides] = options_.overrides_text;
  WHITTLE_ASSIGN_OR_RETURN(const SegmentMeta stored, catalog_->CommitSegment(std::move(commit)));
  const std::lock_guard lock(mutex_);
  ++totals_.segments;
  totals_.segment_bytes += stored.file_bytes;
  totals_.rows += built.rows;
  totals_.records += built.records;
  totals_.text_bytes += built.raw_bytes;
  totals_.raw_lane_rows += built.raw_lane_rows;
  totals_.guessed_times += built.guessed_times;
  return Status::Ok();
}

Status SegmentCommitter::WaitForClosing() {
  std::unique_lock lock(mutex_);
  closed_.wait(lock, [this] { return !closing_; });
  return status_;
}

Status SegmentCommitter::StartClose() {
  WHITTLE_RETURN_IF_ERROR(WaitForClosing());
  if (builder_ == nullptr) return Status::Ok();
  std::vector<SourceIdentity> identities;
  for (const auto& [id, source] : in_builder_) {
    source->identity.finished = source->finished;
    identities.push_back(source->identity);
  }
  in_builder_.clear();
  closing_ = true;
  pool_->Submit([this, builder = std::shared_ptr<SegmentBuilder>(std::move(builder_)),
                 identities = std::move(identities)]() mutable {
    Status status = CloseNow(builder.get(), std::move(identities));
    builder.reset();
    const std::lock_guard lock(mutex_);
    if (status_.ok()) status_ = std::move(status);
    closing_ = false;
    closed_.notify_all();
  });
  return Status::Ok();
}

Status SegmentCommitter::Flush() {
  WHITTLE_RETURN_IF_ERROR(StartClose());
  WHITTLE_RETURN_IF_ERROR(WaitForClosing());
  // Sources whose end was known only after their last segment was closed.
  std::vector<SourceIdentity> late;
  for (auto it = unreleased_.begin(); it != unreleased_.end();) {
    const SourceContext& source = *it->second;
    if (!source.finished) {
      ++it;
      continue;
    }
    if (!source.identity.finished) {
      late.push_back(source.identity);
      late.back().finished = true;
    }
    catalog_->sources()->Release(source.identity.id);
    it = unreleased_.erase(it);
  }
  return late.empty() ? Status::Ok() : catalog_->Update(late, {}, std::nullopt);
}

CommitTotals SegmentCommitter::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace whittle
