#include "pipeline/kafka_input.h"

#include <algorithm>
#include <utility>

namespace whittle {
namespace {

// Taken from the consumer between two looks at the clock: some 50 ms of work.
constexpr uint64_t kRoundBytes = 8 << 20;
// How often the group is told how far we are. Advice: a crash in between is made good by the frontier.
constexpr int64_t kAdviceNs = 1'000'000'000;
constexpr int kClusterMs = 10'000;

}  // namespace

struct KafkaInput::Partition {
  KafkaPartition name;
  std::string id;
  bool resumes = false;
  int64_t next = -1;  // the next offset to take; -1: whatever comes first
  int64_t chain = 0;  // of shared segments: where the first of ours has to begin
  std::string sampler_state;
  int64_t advised = -1;  // what the group was told
  bool begun = false;    // has a pipeline
  std::unique_ptr<LivePipeline> pipeline;
  std::shared_ptr<SourceContext> context;
  std::unique_ptr<KafkaBatcher> batcher;
  int64_t batch_since_ns = 0;
};

Result<std::unique_ptr<KafkaInput>> KafkaInput::Create(const Env* env, Catalog* catalog, WorkerPool* pool,
                                                       KafkaSourcePlan plan, KafkaInputOptions options) {
  std::unique_ptr<KafkaInput> input(new KafkaInput(env, catalog, pool, std::move(plan), std::move(options)));
  WHITTLE_ASSIGN_OR_RETURN(input->consumer_, KafkaConsumer::Create(input->plan_.consumer, input.get()));
  return input;
}

KafkaInput::KafkaInput(const Env* env, Catalog* catalog, WorkerPool* pool, KafkaSourcePlan plan,
                       KafkaInputOptions options)
    : env_(env), catalog_(catalog), pool_(pool), plan_(std::move(plan)), options_(std::move(options)) {}

KafkaInput::~KafkaInput() = default;

KafkaInput::Partition* KafkaInput::Find(const KafkaPartition& name) {
  if (last_ != nullptr && last_->name == name) return last_;
  const auto found = partitions_.find(name);
  return last_ = found == partitions_.end() ? nullptr : found->second.get();
}

Result<std::optional<int64_t>> KafkaInput::Assigned(const KafkaPartition& name, const KafkaPartitionState& state) {
  if (cluster_.empty()) {
    WHITTLE_ASSIGN_OR_RETURN(cluster_, consumer_->ClusterId(kClusterMs));
  }
  last_ = nullptr;
  auto partition = std::make_unique<Partition>();
  partition->name = name;
  partition->id = SourceRegistry::KafkaId(cluster_, name.topic, name.partition);
  WHITTLE_ASSIGN_OR_RETURN(const int64_t stored, FindStored(partition.get()));
  partition->resumes = stored >= 0;
  const bool shared = options_.shared != nullptr;
  int64_t begin = shared && stored >= 0 ? stored : std::max(stored, state.committed);
  if (!shared && stored >= 0 && state.committed > stored) {
    options_.log("kafka: " + name.name() + ": the group has stored up to " + std::to_string(state.committed) +
                 " elsewhere; going on there, this store ends at " + std::to_string(stored));
  }
  if (begin >= 0 && state.low > begin) {
    options_.log("kafka: " + name.name() + ": the broker has removed the messages from " + std::to_string(begin) +
                 " to " + std::to_string(state.low - 1) + " before they were read");
    begin = state.low;
  }
  if (state.high >= 0 && begin > state.high) {
    options_.log(
        "kafka: " + name.name() + ": ends at " + std::to_string(state.high) + ", but messages up to " +
        std::to_string(begin) +
        " are stored; waiting for it to get there. Brokers that were killed catch up by themselves; a topic that " +
        "was made anew is read from its beginning into another store");
  }
  partition->next = begin;
  partition->advised = state.committed;
  partitions_[name] = std::move(partition);
  return begin >= 0 ? std::optional<int64_t>(begin) : std::nullopt;
}

// How far the partition is stored; -1: nothing of it is.
Result<int64_t> KafkaInput::FindStored(Partition* partition) {
  if (options_.shared == nullptr) {
    const auto known = catalog_->FindSource(partition->id);
    return known && !known->bytes.empty() ? static_cast<int64_t>(known->bytes.End()) : int64_t{-1};
  }
  const KafkaRange range{cluster_, partition->name.topic, partition->name.partition, 0, 0};
  WHITTLE_ASSIGN_OR_RETURN(auto frontier, options_.shared->FindFrontier(range, partition->id));
  if (!frontier) return int64_t{-1};
  partition->chain = frontier->end_offset;
  partition->sampler_state = std::move(frontier->sampler_state);
  return partition->chain;
}

int64_t KafkaInput::StoredEnd(const Partition& partition) const {
  if (options_.shared != nullptr) return options_.shared->stored_end(partition.id);
  const auto known = catalog_->FindSource(partition.id);
  return known ? static_cast<int64_t>(known->bytes.End()) : 0;
}

// Where the segment begins whose first message stands at `offset`. What lies between the frontier and the first message
// there is has no messages any more. Shared segments begin where those before end, or the same messages could stand
// under two names.
int64_t KafkaInput::FirstOffset(const Partition& partition, int64_t offset) const {
  if (options_.shared != nullptr) return partition.chain;
  return partition.next >= 0 ? partition.next : offset;
}

// What comes of a segment that could not be published because its name was taken.
Status KafkaInput::Fenced(const Partition& partition, const Status& status) const {
  if (options_.shared == nullptr || status.code() != StatusCode::kAlreadyExists) return status;
  return Status(StatusCode::kBusy, "kafka: " + partition.name.name() +
                                       ": another member has stored what this one was about to store; joining the "
                                       "group anew");
}

// With the first message: only then it is known where the partition begins.
Status KafkaInput::Begin(Partition* partition, const KafkaPartition& name, const std::string& id, int64_t first_offset,
                         bool resumes) {
  Input input;
  input.kind = InputKind::kPipe;
  input.name = name.name();
  TimeOptions time = plan_.time;
  time.start_ns = env_->clock->WallNs();
  WHITTLE_ASSIGN_OR_RETURN(auto times, RecordTimes::Create(time, input));
  auto context = std::make_shared<SourceContext>();
  context->identity.id = id;
  context->identity.kind = SourceKind::kKafka;
  context->identity.host = cluster_;
  context->identity.stream = name.topic;
  context->identity.names = {name.name()};
  context->segment_source = plan_.SourceOf(id, name);
  context->kafka = KafkaRange{cluster_, name.topic, name.partition, first_offset, first_offset};
  partition->context = context;
  CommitterOptions committer = options_.committer;
  if (options_.shared != nullptr) {
    context->sampler_state = partition->sampler_state;
    committer.publish = [this](SegmentCommit commit) { return options_.shared->Publish(std::move(commit)); };
  }
  partition->pipeline =
      std::make_unique<LivePipeline>(env_, catalog_, pool_, options_.parsing, std::move(committer), options_.sampling);
  WHITTLE_ASSIGN_OR_RETURN(const uint32_t source,
                           partition->pipeline->AddSource(std::move(context), std::move(times), resumes));
  partition->batcher = std::make_unique<KafkaBatcher>(source, options_.parsing);
  partition->begun = true;
  return Status::Ok();
}

Status KafkaInput::Received(const KafkaRecord& record) {
  Partition* const partition = Find(*record.partition);
  // Left over from before a rebalance, or read again by a broker that was set back.
  if (partition == nullptr || record.offset < partition->next) return Status::Ok();
  if (!partition->begun) {
    const int64_t first = FirstOffset(*partition, record.offset);
    WHITTLE_RETURN_IF_ERROR(Begin(partition, partition->name, partition->id, first, partition->resumes));
  }
  if (partition->batcher->empty()) partition->batch_since_ns = env_->clock->SteadyNs();
  partition->next = record.offset + 1;
  bytes_read_ += record.value ? record.value->size() : 0;
  if (const std::string why = WhyNotTaken(record, plan_.max_message_bytes); !why.empty()) {
    QuarantinedMessage message = NewQuarantined(*partition, why);
    message.message = partition->batcher->ToMessage(record);
    if (record.time_ms >= 0) message.time_ms = record.time_ms;
    message.value_withheld = record.value && !partition->batcher->ScrubValue(*record.value, &message.value);
    message.lines = CountLines(record.value.value_or(""));
    message.bytes = record.value.value_or("").size();
    WHITTLE_RETURN_IF_ERROR(Quarantine(partition, std::move(message)));
  } else {
    partition->batcher->Add(record);
  }
  return partition->batcher->full() ? Submit(partition) : Status::Ok();
}

Status KafkaInput::Unreadable(const KafkaPartition& name, int64_t offset, const std::string& why) {
  Partition* const partition = Find(name);
  if (partition == nullptr || offset < partition->next) return Status::Ok();
  if (!partition->begun) {
    const int64_t first = FirstOffset(*partition, offset);
    WHITTLE_RETURN_IF_ERROR(Begin(partition, name, partition->id, first, partition->resumes));
  }
  if (partition->batcher->empty()) partition->batch_since_ns = env_->clock->SteadyNs();
  partition->next = offset + 1;
  QuarantinedMessage message = NewQuarantined(*partition, "cannot be read: " + why);
  message.message.offset = offset;
  return Quarantine(partition, std::move(message));
}

QuarantinedMessage KafkaInput::NewQuarantined(const Partition& partition, std::string reason) const {
  QuarantinedMessage message;
  message.cluster = cluster_;
  message.topic = partition.name.topic;
  message.partition = partition.name.partition;
  message.time_ms = kNoTime;
  message.reason = std::move(reason);
  return message;
}

Status KafkaInput::Quarantine(Partition* partition, QuarantinedMessage message) {
  options_.log("kafka: " + partition->name.name() + ": message " + std::to_string(message.message.offset) + " " +
               message.reason + "; it is in the quarantine");
  ++quarantined_;
  partition->batcher->AddQuarantined(message.message.offset, message.lines, message.bytes);
  return WriteQuarantined(env_, options_.shared ? options_.shared->dir() : catalog_->layout().dir, message);
}

Status KafkaInput::Submit(Partition* partition) {
  if (!partition->begun || partition->batcher->empty()) return Status::Ok();
  std::vector<LineBatch> batches;
  batches.push_back(partition->batcher->Take());
  return Fenced(*partition, partition->pipeline->Submit(&batches));
}

Status KafkaInput::SubmitAll() {
  for (const auto& [name, partition] : partitions_) WHITTLE_RETURN_IF_ERROR(Submit(partition.get()));
  return Status::Ok();
}

Result<uint64_t> KafkaInput::Step(int timeout_ms) {
  WHITTLE_ASSIGN_OR_RETURN(const uint64_t bytes, consumer_->Poll(timeout_ms, kRoundBytes));
  if (bytes < kRoundBytes) WHITTLE_RETURN_IF_ERROR(SubmitAll());
  WHITTLE_RETURN_IF_ERROR(CommitDue());
  Advise();
  return bytes;
}

Status KafkaInput::CommitDue() {
  const int64_t now = env_->clock->SteadyNs();
  std::vector<Partition*> due;
  Partition* largest = nullptr;
  uint64_t pending = 0;
  for (const auto& [name, partition] : partitions_) {
    if (!partition->begun) continue;
    const int64_t since = partition->pipeline->pending_since_ns();
    if (since > 0 && now - since >= options_.close_after_ns) due.push_back(partition.get());
    const uint64_t bytes = partition->pipeline->pending_bytes();
    pending += bytes;
    if (largest == nullptr || bytes > largest->pipeline->pending_bytes()) largest = partition.get();
  }
  if (due.empty() && pending > options_.max_pending_bytes) due.push_back(largest);
  return due.empty() ? Status::Ok() : CommitPartitions(due);
}

Status KafkaInput::CommitPartitions(const std::vector<Partition*>& partitions) {
  const int64_t now = env_->clock->SteadyNs();
  std::vector<int64_t> ages;
  for (Partition* partition : partitions) {
    if (!partition->begun) continue;
    WHITTLE_RETURN_IF_ERROR(Submit(partition));
    const int64_t since = partition->pipeline->pending_since_ns();
    if (since > 0) ages.push_back(now - since);
    // All of them at the same time.
    WHITTLE_RETURN_IF_ERROR(Fenced(*partition, partition->pipeline->StartFlush()));
  }
  for (Partition* partition : partitions) {
    if (partition->begun) WHITTLE_RETURN_IF_ERROR(Fenced(*partition, partition->pipeline->Flush()));
  }
  WHITTLE_RETURN_IF_ERROR(catalog_->PublishPending());
  const int64_t taken_ns = env_->clock->SteadyNs() - now;
  for (const int64_t age : ages) options_.committed(age + taken_ns);
  return Status::Ok();
}

// Tells the group what the store holds.
void KafkaInput::Advise() {
  const int64_t now = env_->clock->SteadyNs();
  if (now < next_advice_ns_) return;
  next_advice_ns_ = now + kAdviceNs;
  for (const auto& [name, partition] : partitions_) {
    if (!partition->begun) continue;
    const int64_t end = StoredEnd(*partition);
    if (end <= partition->advised) continue;
    partition->advised = end;
    consumer_->Commit(name, end, false);
  }
}

void KafkaInput::Forget(const KafkaPartition& name) {
  last_ = nullptr;
  const auto found = partitions_.find(name);
  if (found == partitions_.end()) return;
  if (found->second->begun) {
    gone_totals_ += found->second->pipeline->totals();
    gone_parser_ += found->second->pipeline->parser_stats();
  }
  partitions_.erase(found);
}

Status KafkaInput::Revoked(const std::vector<KafkaPartition>& names) {
  std::vector<Partition*> leaving;
  for (const KafkaPartition& name : names) {
    if (Partition* const partition = Find(name)) leaving.push_back(partition);
  }
  const Status status = CommitPartitions(leaving);
  for (Partition* partition : leaving) {
    const int64_t end = StoredEnd(*partition);
    if (status.ok() && end > partition->advised) consumer_->Commit(partition->name, end, true);
  }
  for (const KafkaPartition& name : names) Forget(name);
  return status;
}

void KafkaInput::Lost(const std::vector<KafkaPartition>& names) {
  for (const KafkaPartition& name : names) Forget(name);
}

Status KafkaInput::Close() { return consumer_->Close(); }

int64_t KafkaInput::pending_since_ns() const {
  int64_t oldest = 0;
  for (const auto& [name, partition] : partitions_) {
    if (!partition->begun) continue;
    const int64_t since = partition->batcher->empty() ? 0 : partition->batch_since_ns;
    for (const int64_t candidate : {since, partition->pipeline->pending_since_ns()}) {
      if (candidate > 0 && (oldest == 0 || candidate < oldest)) oldest = candidate;
    }
  }
  return oldest;
}

CommitTotals KafkaInput::totals() const {
  CommitTotals sum = gone_totals_;
  for (const auto& [name, partition] : partitions_) {
    if (partition->begun) sum += partition->pipeline->totals();
  }
  return sum;
}

LineParserStats KafkaInput::parser_stats() const {
  LineParserStats sum = gone_parser_;
  for (const auto& [name, partition] : partitions_) {
    if (partition->begun) sum += partition->pipeline->parser_stats();
  }
  return sum;
}

void KafkaInput::AddStatus(std::vector<SourceStatus>* sources) {
  for (const auto& [name, partition] : partitions_) {
    const int64_t high = consumer_->HighWatermark(name);
    const auto next = static_cast<uint64_t>(std::max<int64_t>(0, partition->next));
    sources->push_back(
        {name.name(), "kafka", cluster_, next, std::max(next, static_cast<uint64_t>(std::max<int64_t>(high, 0)))});
  }
}

}  // namespace whittle
