#include "pipeline/quarantine_replay.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "pipeline/enricher.h"
#include "pipeline/kafka_batcher.h"
#include "pipeline/message_view.h"
#include "pipeline/quarantine.h"
#include "pipeline/record_times.h"
#include "pipeline/segment_rewriter.h"
#include "query/segment_catalog.h"
#include "templates/overrides.h"

namespace whittle {
namespace {

class Replayer {
 public:
  Replayer(const Env* env, Catalog* catalog, WorkerPool* pool, const ReplayOptions& options)
      : env_(env), catalog_(*catalog), options_(options) {
    rewrite_.builder = options.builder;
    if (pool == nullptr) return;
    rewrite_.builder.encode.parallel_for = pool->AsParallelFor();
  }

  Result<ReplayReport> Run(const std::vector<std::string>& names, const std::atomic<bool>* stop) {
    const std::string& store = catalog_.layout().dir;
    std::set<std::string> missing(names.begin(), names.end());
    WHITTLE_ASSIGN_OR_RETURN(const auto entries, ListQuarantined(env_, store));
    for (const QuarantineEntry& entry : entries) {
      if ((report_.stopped = stop != nullptr && stop->load())) break;
      WHITTLE_ASSIGN_OR_RETURN(QuarantinedMessage message, ReadQuarantined(env_, store, entry.file));
      if (!names.empty() && std::find(names.begin(), names.end(), message.name()) == names.end()) continue;
      missing.erase(message.name());
      WHITTLE_RETURN_IF_ERROR(Consider(entry.file, std::move(message)));
    }
    WHITTLE_RETURN_IF_ERROR(PutIntoSegment());
    if (report_.stopped) return std::move(report_);
    for (const std::string& name : missing) report_.left.push_back({name, "is not in the quarantine of " + store});
    return std::move(report_);
  }

 private:
  struct Waiting {
    std::string file;
    QuarantinedMessage message;
  };

  // Files come by topic, partition and offset, so messages of one segment follow each other.
  Status Consider(const std::string& file, QuarantinedMessage message) {
    WHITTLE_ASSIGN_OR_RETURN(const KafkaSourcePlan* const plan, PlanOf(message.topic));
    if (std::string why = WhyNot(message, *plan); !why.empty()) {
      report_.left.push_back({message.name(), std::move(why)});
      return Status::Ok();
    }
    const KafkaRange at{message.cluster, message.topic, message.partition, message.message.offset, 0};
    const bool same = segment_ && Covers(*segment_, at);
    if (!same || waiting_bytes_ >= kMaxReplayBytes) {
      WHITTLE_RETURN_IF_ERROR(PutIntoSegment());
      segment_ = SegmentOf(at);
    }
    if (!segment_) {
      report_.left.push_back({message.name(), "its offset is not stored in this store"});
      return Status::Ok();
    }
    waiting_bytes_ += message.bytes;
    waiting_.push_back({file, std::move(message)});
    return Status::Ok();
  }

  Result<const KafkaSourcePlan*> PlanOf(const std::string& topic) {
    const auto known = plans_.find(topic);
    if (known != plans_.end()) return static_cast<const KafkaSourcePlan*>(&known->second);
    WHITTLE_ASSIGN_OR_RETURN(KafkaSourcePlan plan, options_.plan_of(topic));
    return static_cast<const KafkaSourcePlan*>(&plans_.emplace(topic, std::move(plan)).first->second);
  }

  static KafkaRecord RecordOf(const QuarantinedMessage& message, const KafkaPartition& name,
                              std::vector<KafkaRecord::Header>* headers) {
    for (const MessageHeader& header : message.message.headers) headers->push_back({header.name, header.value});
    KafkaRecord record;
    record.partition = &name;
    record.offset = message.message.offset;
    record.time_ms = message.time_ms == kNoTime ? -1 : message.time_ms;
    record.value = message.value;
    record.key = message.message.key;
    record.headers = headers;
    return record;
  }

  static std::string WhyNot(const QuarantinedMessage& message, const KafkaSourcePlan& plan) {
    if (message.value_withheld) return "its value is not kept";
    if (!message.value && !message.message.tombstone) return message.reason;
    const KafkaPartition name{message.topic, message.partition};
    std::vector<KafkaRecord::Header> headers;
    return WhyNotTaken(RecordOf(message, name, &headers), plan.max_message_bytes);
  }

  static bool Covers(const SegmentMeta& meta, const KafkaRange& at) {
    return meta.kafka && meta.kafka->cluster == at.cluster && meta.kafka->topic == at.topic &&
           meta.kafka->partition == at.partition && meta.kafka->first_offset <= at.first_offset &&
           at.first_offset < meta.kafka->end_offset;
  }
  std::optional<SegmentMeta> SegmentOf(const KafkaRange& at) const {
    const Manifest manifest = catalog_.manifest();
    for (const SegmentMeta& meta : manifest.segments) {
      if (Covers(meta, at)) return meta;
    }
    return std::nullopt;
  }

  // As it would have been read when it came.
  Result<AddedMessage> Parse(const QuarantinedMessage& message, const SegmentSource& source) {
    WHITTLE_ASSIGN_OR_RETURN(const KafkaSourcePlan* const plan, PlanOf(message.topic));
    const KafkaPartition name{message.topic, message.partition};
    std::vector<KafkaRecord::Header> headers;
    KafkaBatcher batcher(0, options_.parsing);
    batcher.Add(RecordOf(message, name, &headers));
    AddedMessage added;
    added.offset = message.message.offset;
    added.tally = {message.lines, 1, message.bytes};
    added.batch = LineParser(options_.parsing).Parse(batcher.Take());
    if (!added.batch.messages->messages.empty()) added.message = added.batch.messages->messages[0];
    Enricher(options_.parsing, source).Enrich(&added.batch);
    Input input;
    input.kind = InputKind::kPipe;
    input.name = name.name();
    TimeOptions time = plan->time;
    time.start_ns = env_->clock->WallNs();
    WHITTLE_ASSIGN_OR_RETURN(const auto times, RecordTimes::Create(time, input));
    added.times.push_back(times->Resolve(added.batch.rows.front(), MessageView(added.batch).TimeNs(0)));
    return added;
  }

  // Replaces the segment by one that has what waits too, and takes that out of the quarantine.
  Status PutIntoSegment() {
    std::vector<Waiting> waiting = std::exchange(waiting_, {});
    waiting_bytes_ = 0;
    if (!segment_ || waiting.empty()) return Status::Ok();
    const SegmentMeta meta = *std::exchange(segment_, std::nullopt);
    const std::string path = catalog_.layout().SegmentPath(meta.file_name);
    WHITTLE_ASSIGN_OR_RETURN(const auto reader, OpenSegment(env_, path));
    std::vector<int64_t> stored;
    if (reader->HasStream(StreamId::kKafkaOffset)) {
      WHITTLE_ASSIGN_OR_RETURN(stored, reader->LoadStream(StreamId::kKafkaOffset));
    }
    OldSegment old{path, meta, {}, {}, {}};
    WHITTLE_ASSIGN_OR_RETURN(old.added_source, SourceIn(*reader, meta));
    Tally left = meta.TotalLedger().quarantined;
    std::vector<std::string> files;
    for (const Waiting& one : waiting) {
      if (std::binary_search(stored.begin(), stored.end(), one.message.message.offset)) {
        ++report_.stored_before;
        files.push_back(one.file);
      } else if (left.records < 1 || left.lines < one.message.lines || left.bytes < one.message.bytes) {
        report_.left.push_back({one.message.name(), "its segment counts it in quarantine no more"});
      } else {
        left -= Tally{one.message.lines, 1, one.message.bytes};
        WHITTLE_ASSIGN_OR_RETURN(AddedMessage added, Parse(one.message, old.added_source));
        old.added.push_back(std::move(added));
        files.push_back(one.file);
      }
    }
    WHITTLE_RETURN_IF_ERROR(Commit(std::move(old)));
    for (const std::string& file : files) {
      WHITTLE_RETURN_IF_ERROR(RemoveQuarantined(env_, catalog_.layout().dir, file));
    }
    return Status::Ok();
  }

  // That of its events, if it has any.
  Result<SegmentSource> SourceIn(const SegmentReader& reader, const SegmentMeta& meta) {
    if (!reader.footer().sources.empty()) return reader.footer().sources.front();
    WHITTLE_ASSIGN_OR_RETURN(const KafkaSourcePlan* const plan, PlanOf(meta.kafka->topic));
    return plan->SourceOf(meta.coverage.front().source_id, {meta.kafka->topic, meta.kafka->partition});
  }

  Status Commit(OldSegment old) {
    if (old.added.empty()) return Status::Ok();
    const std::string name = old.meta.file_name;
    const size_t count = old.added.size();
    const Manifest manifest = catalog_.manifest();
    Overrides overrides;
    if (const auto text = manifest.published.find(kPublishedOverrides); text != manifest.published.end()) {
      WHITTLE_ASSIGN_OR_RETURN(overrides, ParseOverrides(text->second, "the store's template overrides"));
    }
    SegmentRewriter rewriter(env_, &manifest.sources, rewrite_, std::move(overrides));
    std::vector<OldSegment> all;
    all.push_back(std::move(old));
    WHITTLE_ASSIGN_OR_RETURN(const RewrittenSegment rewritten, rewriter.Rewrite(std::move(all)));
    std::vector<SegmentCommit> commits;
    commits.push_back(rewritten.Commit());
    const ChangeNote note{"replay",
                          std::to_string(count) + " messages of the quarantine put into " + name +
                              (options_.asked_by.empty() ? "" : "; asked by " + options_.asked_by),
                          ""};
    WHITTLE_RETURN_IF_ERROR(catalog_.ReplaceSegments({name}, std::move(commits), note));
    report_.replayed += count;
    return Status::Ok();
  }

  const Env* const env_;
  Catalog& catalog_;
  const ReplayOptions& options_;
  RewriteOptions rewrite_;
  std::map<std::string, KafkaSourcePlan> plans_;  // by topic
  std::optional<SegmentMeta> segment_;            // that what waits is put into
  std::vector<Waiting> waiting_;
  uint64_t waiting_bytes_ = 0;
  ReplayReport report_;
};

}  // namespace

Result<ReplayReport> ReplayQuarantine(const Env* env, Catalog* catalog, WorkerPool* pool,
                                      const std::vector<std::string>& names, const ReplayOptions& options,
                                      const std::atomic<bool>* stop) {
  return Replayer(env, catalog, pool, options).Run(names, stop);
}

}  // namespace whittle
