#include "pipeline/segment_committer.h"

#include <algorithm>
#include <utility>

#include "env/process_memory.h"
#include "pipeline/kafka_segment_name.h"
#include "pipeline/segment_facts.h"

namespace whittle {
namespace {

// A segment closes when it covers so many times the text it may hold, however little of it is kept: what is covered is
// safe, and is not read again after a crash.
constexpr uint64_t kMostCovered = 16;
// Messages may be empty, so bytes alone do not bound their number; half of what a segment can hold.
constexpr uint64_t kMaxOpenRows = uint64_t{1} << 23;
// What a byte of keys and headers counts as: it is held twice, as it came and encoded.
constexpr uint64_t kMessageWeight = 2;

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

CommitTotals& CommitTotals::operator+=(const CommitTotals& other) {
  segments += other.segments;
  segment_bytes += other.segment_bytes;
  rows += other.rows;
  records += other.records;
  text_bytes += other.text_bytes;
  raw_lane_rows += other.raw_lane_rows;
  refused_ids += other.refused_ids;
  guessed_times += other.guessed_times;
  ledger += other.ledger;
  return *this;
}

SegmentCommitter::SegmentCommitter(const Env* env, Catalog* catalog, WorkerPool* pool, CommitterOptions options)
    : env_(env),
      catalog_(catalog),
      pool_(pool),
      options_(std::move(options)),
      consolidator_(options_.overrides, kMaxForms, SlotNaming::kUnnamed) {
  options_.builder.encode.parallel_for = pool->AsParallelFor();
}

SegmentCommitter::~SegmentCommitter() { static_cast<void>(WaitForClosing().ok()); }

Status SegmentCommitter::Add(EventBatch batch, std::vector<RecordTime> times,
                             const std::shared_ptr<SourceContext>& source, const LeftOut& left_out) {
  if (batch.rows.empty() && batch.last_gap.lines == 0 && batch.messages == nullptr) return Status::Ok();
  if (HoldsMuch()) WHITTLE_RETURN_IF_ERROR(WaitForClosing());
  OpenBuilder();
  if (batch.messages != nullptr) {
    TakeMessages(*batch.messages, batch, source.get());
  } else {
    KeepTail(batch, &source->tail);
    source->times = batch.times_after;
  }
  Cover(source, batch.first_offset + batch.SourceBytes());
  LeftOut& out = left_out_[source->identity.id];
  out.sampled_out += left_out.sampled_out;
  out.dropped_by_rule += left_out.dropped_by_rule;
  pending_source_bytes_ += batch.SourceBytes();
  builder_->Add(std::move(batch), std::move(times), source->segment_source);
  const bool full = builder_->rows() >= kMaxOpenRows ||
                    builder_->weight() + kMessageWeight * message_bytes_ >= options_.close_bytes ||
                    pending_source_bytes_ >= kMostCovered * options_.close_bytes;
  return full ? StartClose() : Status::Ok();
}

void SegmentCommitter::TakeMessages(const MessageBatch& messages, const EventBatch& batch, SourceContext* source) {
  source->kafka->end_offset = static_cast<int64_t>(messages.end_offset);
  source->quarantined += Tally{messages.quarantined_lines, messages.quarantined, messages.quarantined_bytes};
  if (messages.messages.empty()) return;
  // Of messages that sampling left out nothing is kept.
  const auto offsets = std::find_if(batch.streams.begin(), batch.streams.end(), [](const RecordStream& stream) {
    return stream.id == static_cast<uint16_t>(StreamId::kKafkaOffset);
  });
  if (offsets == batch.streams.end()) return;
  for (const Message& message : messages.messages) {
    if (!std::binary_search(offsets->values.begin(), offsets->values.end(), message.offset)) continue;
    message_bytes_ += message.Bytes();
    source->messages.push_back(message);
  }
}

void SegmentCommitter::AddDropped(const std::shared_ptr<SourceContext>& source, Interval bytes, Interval lines) {
  OpenBuilder();
  SourceCoverage& coverage = dropped_[source->identity.id];
  coverage.source_id = source->identity.id;
  coverage.bytes.Add(bytes);
  coverage.lines.Add(lines);
  const Tally tally{lines.end - lines.begin, lines.end - lines.begin, bytes.end - bytes.begin};
  coverage.ledger.in += tally;
  coverage.ledger.dropped_by_rule += tally;
  Cover(source, bytes.end);
}

void SegmentCommitter::OpenBuilder() {
  if (builder_ != nullptr) return;
  builder_ = std::make_unique<SegmentBuilder>(options_.builder);
  pending_since_ns_ = env_->clock->SteadyNs();
}

// The open segment covers `source` up to `end`.
void SegmentCommitter::Cover(const std::shared_ptr<SourceContext>& source, uint64_t end) {
  if (!source->kafka) {
    source->identity.tails[end] = {FingerprintOf(source->tail, end), source->times};
    // Only the end of what a segment covers can be asked for later.
    while (source->identity.tails.size() > 1) source->identity.tails.erase(source->identity.tails.begin());
  }
  in_builder_[source->identity.id] = source;
  unreleased_[source->identity.id] = source;
}

// A partition is covered in offsets; what lies between the messages (markers of transactions, what the broker removed
// by key) is covered too and counted nowhere.
Result<SourceCoverage> SegmentCommitter::PartitionCoverage(const BuiltSegment& built, const Closing& closing) const {
  if (closing.identities.size() != 1 || built.sources.size() > 1) {
    return Status(StatusCode::kCorrupt, "a segment of a Kafka partition has other sources too");
  }
  SourceCoverage coverage;
  coverage.source_id = closing.identities[0].id;
  coverage.bytes.Add(
      {static_cast<uint64_t>(closing.kafka->first_offset), static_cast<uint64_t>(closing.kafka->end_offset)});
  for (size_t i = 0; i < built.runs.size(); ++i) {
    const SourceRun& run = built.runs[i];
    coverage.ledger.in += Tally{run.line_count, built.run_records[i], run.end_offset - run.first_offset};
  }
  coverage.ledger.kept = coverage.ledger.in;
  coverage.ledger.in += closing.quarantined;
  coverage.ledger.quarantined = closing.quarantined;
  return coverage;
}

Result<SegmentMeta> SegmentCommitter::MakeMeta(const BuiltSegment& built, const Closing& closing) const {
  SegmentMeta meta;
  meta.created_ns = env_->clock->WallNs();
  DescribeRows(built, &meta);
  if (closing.kafka) {
    meta.kafka = closing.kafka;
    WHITTLE_ASSIGN_OR_RETURN(SourceCoverage coverage, PartitionCoverage(built, closing));
    meta.coverage.push_back(std::move(coverage));
  } else {
    meta.coverage.resize(built.sources.size());
    for (size_t i = 0; i < built.sources.size(); ++i) meta.coverage[i].source_id = built.sources[i].id;
  }
  for (size_t i = 0; !closing.kafka && i < built.runs.size(); ++i) {
    const SourceRun& run = built.runs[i];
    SourceCoverage& coverage = meta.coverage[run.source];
    coverage.bytes.Add({run.first_offset, run.end_offset});
    coverage.lines.Add({run.first_line - 1, run.first_line - 1 + run.line_count});
    Ledger ledger;
    ledger.in = {run.line_count, built.run_records[i], run.end_offset - run.first_offset};
    ledger.kept = ledger.in;
    coverage.ledger += ledger;
  }
  for (SourceCoverage& coverage : meta.coverage) {
    const auto found = closing.left_out.find(coverage.source_id);
    if (found == closing.left_out.end()) continue;
    Ledger& ledger = coverage.ledger;
    ledger.sampled_out = found->second.sampled_out;
    ledger.dropped_by_rule = found->second.dropped_by_rule;
    // Records were counted by their rows; those without any are added to what came.
    const uint64_t without_rows = ledger.sampled_out.records + ledger.dropped_by_rule.records;
    ledger.in.records += without_rows;
    ledger.kept.records += without_rows;
    ledger.kept -= ledger.sampled_out;
    ledger.kept -= ledger.dropped_by_rule;
  }
  for (const auto& [id, passed_over] : closing.dropped) {
    auto coverage = std::find_if(meta.coverage.begin(), meta.coverage.end(),
                                 // A copy, as clang 14 lets no lambda capture a binding.
                                 [id = id](const SourceCoverage& known) { return known.source_id == id; });
    if (coverage == meta.coverage.end()) {
      meta.coverage.push_back(passed_over);
      continue;
    }
    coverage->bytes.Add(passed_over.bytes);
    coverage->lines.Add(passed_over.lines);
    coverage->ledger += passed_over.ledger;
  }
  WHITTLE_RETURN_IF_ERROR(CheckSegmentMeta(meta));
  return meta;
}

Status SegmentCommitter::CloseNow(std::shared_ptr<SegmentBuilder> builder, Closing closing) {
  SegmentMeta meta;
  Status sections_made;
  WHITTLE_ASSIGN_OR_RETURN(
      const BuiltSegment built,
      builder->Close(
          [&](const BuiltSegment& facts) {
            auto made = MakeMeta(facts, closing);
            if (!made.ok()) {
              sections_made = made.status();
              return std::vector<Section>();
            }
            meta = std::move(*made);
            std::vector<Section> sections{{kCatalogEntrySection, false, EncodeFooterEntry(meta, closing.identities)}};
            if (closing.messages) {
              sections.push_back({static_cast<uint16_t>(SectionId::kKafka), false, EncodeMessages(*closing.messages)});
            }
            if (options_.publish) {
              for (const auto& [name, state] : closing.extras.records.internal) {
                sections.push_back({static_cast<uint16_t>(SectionId::kSamplerState), false, state});
              }
            }
            if (!closing.extras.sections) return sections;
            auto more = closing.extras.sections(facts, meta);
            if (!more.ok()) {
              sections_made = more.status();
            } else {
              for (Section& section : *more) sections.push_back(std::move(section));
            }
            return sections;
          },
          &consolidator_));
  WHITTLE_RETURN_IF_ERROR(sections_made);
  tally_.Add(built.shape_tallies);
  const Ledger ledger = meta.TotalLedger();
  SegmentCommit commit;
  commit.bytes = built.bytes;
  if (meta.kafka) commit.file_name = KafkaSegmentName(meta.coverage[0].source_id, *meta.kafka);
  commit.meta = std::move(meta);
  commit.sources = std::move(closing.identities);
  commit.records = std::move(closing.extras.records);
  if (!options_.overrides_text.empty()) commit.records.published[kPublishedOverrides] = options_.overrides_text;
  Result<SegmentMeta> committed = Status(StatusCode::kIo, "not committed");
  pool_->ParallelFor(2, [&](size_t i) {
    if (i == 1) {
      builder->Free();
      return builder.reset();
    }
    committed = options_.publish ? options_.publish(std::move(commit)) : catalog_->CommitSegment(std::move(commit));
  });
  WHITTLE_ASSIGN_OR_RETURN(const SegmentMeta stored, std::move(committed));
  // The text of a segment lies in many pieces among those of the next, which keeps the allocator from doing so itself.
  if (HoldsMuch()) ReturnFreeMemory();
  const std::lock_guard lock(mutex_);
  ++totals_.segments;
  totals_.segment_bytes += stored.file_bytes;
  totals_.rows += built.rows;
  totals_.records += built.records;
  totals_.text_bytes += built.raw_bytes;
  totals_.raw_lane_rows += built.raw_lane_rows;
  totals_.refused_ids += built.refused_ids;
  totals_.guessed_times += built.guessed_times;
  totals_.ledger += ledger;
  return Status::Ok();
}

bool SegmentCommitter::HoldsMuch() const {
  return options_.careful_from_bytes > 0 && ResidentBytes() > options_.careful_from_bytes;
}

Status SegmentCommitter::WaitForClosing() {
  pool_->WaitUntil([this] {
    const std::lock_guard lock(mutex_);
    return !closing_;
  });
  const std::lock_guard lock(mutex_);
  return status_;
}

Status SegmentCommitter::StartClose() {
  WHITTLE_RETURN_IF_ERROR(WaitForClosing());
  if (builder_ == nullptr) return Status::Ok();
  Closing closing;
  std::vector<std::string> source_ids;
  for (const auto& [id, source] : in_builder_) {
    source->identity.finished = source->finished;
    closing.identities.push_back(source->identity);
    source_ids.push_back(id);
    if (!source->kafka) continue;
    closing.kafka = source->kafka;
    closing.messages = MessageTable{source->kafka->cluster, source->kafka->topic, source->kafka->partition,
                                    std::exchange(source->messages, {})};
    closing.quarantined = std::exchange(source->quarantined, {});
    source->kafka->first_offset = source->kafka->end_offset;
  }
  message_bytes_ = 0;
  if (options_.extras) closing.extras = options_.extras(source_ids);
  closing.left_out = std::move(left_out_);
  left_out_.clear();
  closing.dropped = std::exchange(dropped_, {});
  pending_source_bytes_ = 0;
  in_builder_.clear();
  closing_ = true;
  pool_->Submit(
      [this, builder = std::shared_ptr<SegmentBuilder>(std::move(builder_)), closing = std::move(closing)]() mutable {
        Status status = CloseNow(std::move(builder), std::move(closing));
        const std::lock_guard lock(mutex_);
        if (status_.ok()) status_ = std::move(status);
        closing_ = false;
      },
      WorkerPool::Length::kLong);
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
