#include "source/kafka_consumer.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <set>

#include "source/kafka_client.h"

namespace whittle {
namespace {

// How long one question to the cluster may take while partitions are taken over. Others of the group wait meanwhile.
constexpr int kQuestionMs = 10'000;
// How long a partition that goes waits for its advice to arrive.
constexpr int kCommitMs = 5'000;
// librdkafka before this aborts in rd_kafka_destroy when a cooperative member has ever been let into its group and was
// never given partitions: the state of its assignor is not there yet
// (https://github.com/confluentinc/librdkafka/pull/4381).
constexpr int kNoStateIsFine = 0x020300ff;
// How long a member that is in its group waits for partitions before it goes.
constexpr int kSettleMs = 3'000;
constexpr int kSettleStepMs = 100;
// Different troubles that are told before it is well again: what comes after them is more of the same.
constexpr size_t kMaxSaid = 16;
// What a message takes in the account of Poll beside its bytes, so that empty ones end a round too.
constexpr uint64_t kMessageOverhead = 64;
// Messages taken from librdkafka at a time: each is held until the last of them is handed out.
constexpr size_t kMaxTaken = 512;

struct ListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, ListDeleter>;

struct ErrorDeleter {
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
using ErrorPtr = std::unique_ptr<rd_kafka_error_t, ErrorDeleter>;

struct MessageDeleter {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using MessagePtr = std::unique_ptr<rd_kafka_message_t, MessageDeleter>;

struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};

// The handles that are left alone: held until the process ends, so that a search for leaks finds them held.
void LeaveAlone(rd_kafka_t* handle) {
  static std::mutex mutex;
  static auto* const handles = new std::vector<rd_kafka_t*>;  // never destroyed: their threads outlive main
  const std::lock_guard lock(mutex);
  handles->push_back(handle);
}

std::vector<KafkaPartition> ToVector(const rd_kafka_topic_partition_list_t* list) {
  std::vector<KafkaPartition> partitions;
  for (int i = 0; i < list->cnt; ++i) partitions.push_back({list->elems[i].topic, list->elems[i].partition});
  return partitions;
}

}  // namespace

struct KafkaConsumer::Client {
  explicit Client(KafkaListener* its_listener, std::string brokers)
      : listener(its_listener), trouble(std::move(brokers)) {}
  ~Client() {
    if (handle == nullptr) return;
    Leave();
    quiet = true;
    queue.reset();
    if (unsettled) {
      LeaveAlone(handle);
    } else {
      rd_kafka_destroy(handle);
    }
  }

  // Leaves the group; then the handle can be destroyed, or is `unsettled`: better left alone, an idle thread or two.
  // One that is not in its group now may have been, and was put out: that cannot be asked.
  void Leave() {
    if (left) return;
    left = true;
    if (!assigned && rd_kafka_version() < kNoStateIsFine) {
      quiet = true;  // what is assigned now is given back at once
      for (int waited_ms = 0; !assigned && waited_ms < kSettleMs && Joined(); waited_ms += kSettleStepMs) {
        const MessagePtr none(rd_kafka_consumer_poll(handle, kSettleStepMs));
      }
      unsettled = !assigned;
    }
    if (unsettled || closing) rd_kafka_consumer_close(handle);
  }
  bool Joined() const {
    char* const id = rd_kafka_memberid(handle);
    const bool joined = id != nullptr && *id != 0;
    if (id != nullptr) rd_kafka_mem_free(handle, id);
    return joined;
  }

  static void OnRebalance(rd_kafka_t* handle, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
                          void* opaque);
  static void OnError(rd_kafka_t* handle, int error, const char* reason, void* opaque);
  void Assign(rd_kafka_topic_partition_list_t* partitions);
  void GiveUp(rd_kafka_topic_partition_list_t* partitions);
  Status ChooseOffsets(rd_kafka_topic_partition_list_t* partitions);
  Result<uint64_t> Take(int wait_ms);
  Status Hand(const rd_kafka_message_t& message);
  void Failed(rd_kafka_resp_err_t error, const char* reason);
  void Say(const std::string& line);
  void Well();
  void Note(const Status& problem) {
    if (status.ok()) status = problem;
  }
  bool Cooperative() const { return std::string_view(rd_kafka_rebalance_protocol(handle)) == "COOPERATIVE"; }

  KafkaListener* const listener;
  rd_kafka_t* handle = nullptr;
  std::unique_ptr<rd_kafka_queue_t, QueueDeleter> queue;  // of the handle: messages, rebalances and errors
  KafkaTrouble trouble;
  std::set<std::string> said;  // troubles that were told since it was well
  bool quiet = false;          // destroying: the listener hears nothing more
  bool assigned = false;       // partitions were given to us once, be it none
  bool closing = false;        // the listener is to hear of it when partitions go
  bool left = false;
  bool unsettled = false;
  Status status;      // of callbacks
  KafkaPartition at;  // of the message being handed out; messages of one partition come in runs
  std::vector<KafkaRecord::Header> headers;
};

void KafkaConsumer::Client::Say(const std::string& line) {
  if (line.empty() || quiet || said.size() >= kMaxSaid || !said.insert(line).second) return;
  listener->Trouble(line);
}

void KafkaConsumer::Client::Well() {
  if (said.empty() || quiet) return;
  said.clear();
  trouble.Forget();
  listener->Trouble("");
}

void KafkaConsumer::Client::OnError(rd_kafka_t* /*handle*/, int error, const char* reason, void* opaque) {
  static_cast<Client*>(opaque)->Failed(static_cast<rd_kafka_resp_err_t>(error), reason);
}

// Errors come through a callback or in place of a message; those that this handle does not survive end what is under
// way, and the caller joins with another.
void KafkaConsumer::Client::Failed(rd_kafka_resp_err_t error, const char* reason) {
  if (error != RD_KAFKA_RESP_ERR__FATAL) return Say(trouble.Report(error, reason));
  char text[512];
  const bool replaced = rd_kafka_fatal_error(handle, text, sizeof(text)) == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
  Note(Status(StatusCode::kIo, replaced ? "kafka: another process has joined the group as this member; each needs a "
                                          "name of its own (group_instance)"
                                        : "kafka: " + std::string(text)));
}

// Fills in where each partition is to be read from.
Status KafkaConsumer::Client::ChooseOffsets(rd_kafka_topic_partition_list_t* partitions) {
  const PartitionList committed(rd_kafka_topic_partition_list_copy(partitions));
  const rd_kafka_resp_err_t asked = rd_kafka_committed(handle, committed.get(), kQuestionMs);
  if (asked != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Status(StatusCode::kIo, std::string("kafka: cannot ask how far the group is: ") + rd_kafka_err2str(asked));
  }
  for (int i = 0; i < partitions->cnt; ++i) {
    rd_kafka_topic_partition_t& partition = partitions->elems[i];
    KafkaPartitionState state;
    state.committed = std::max<int64_t>(-1, committed->elems[i].offset);
    int64_t low = 0;
    int64_t high = 0;
    if (rd_kafka_query_watermark_offsets(handle, partition.topic, partition.partition, &low, &high, kQuestionMs) ==
        RD_KAFKA_RESP_ERR_NO_ERROR) {
      state.low = low;
      state.high = high;
    }
    WHITTLE_ASSIGN_OR_RETURN(const std::optional<int64_t> begin,
                             listener->Assigned({partition.topic, partition.partition}, state));
    partition.offset = begin ? *begin : state.committed >= 0 ? state.committed : RD_KAFKA_OFFSET_INVALID;
  }
  return Status::Ok();
}

void KafkaConsumer::Client::Assign(rd_kafka_topic_partition_list_t* partitions) {
  assigned = true;
  const Status chosen = quiet ? Status::Ok() : ChooseOffsets(partitions);
  if (!chosen.ok()) Note(chosen);
  // Even then the protocol has to go on; nothing is taken from the consumer any more.
  if (Cooperative()) {
    const ErrorPtr error(rd_kafka_incremental_assign(handle, partitions));
    if (error != nullptr) Note(Status(StatusCode::kIo, std::string("kafka: ") + rd_kafka_error_string(error.get())));
  } else {
    rd_kafka_assign(handle, partitions);
  }
  if (chosen.ok() && partitions->cnt > 0) Well();
}

void KafkaConsumer::Client::GiveUp(rd_kafka_topic_partition_list_t* partitions) {
  if (!quiet && partitions->cnt > 0) {
    if (rd_kafka_assignment_lost(handle) != 0 || !status.ok()) {
      listener->Lost(ToVector(partitions));
    } else {
      Note(listener->Revoked(ToVector(partitions)));
    }
  }
  if (Cooperative()) {
    const ErrorPtr error(rd_kafka_incremental_unassign(handle, partitions));
  } else {
    rd_kafka_assign(handle, nullptr);
  }
}

void KafkaConsumer::Client::OnRebalance(rd_kafka_t* handle, rd_kafka_resp_err_t error,
                                        rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto* const client = static_cast<Client*>(opaque);
  if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    client->Assign(partitions);
  } else if (error == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    client->GiveUp(partitions);
  } else {
    client->Failed(error, rd_kafka_err2str(error));
    rd_kafka_assign(handle, nullptr);
  }
}

Status KafkaConsumer::Client::Hand(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return Status::Ok();
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* const reason = rd_kafka_message_errstr(&message);
    const bool damaged = message.err == RD_KAFKA_RESP_ERR__BAD_MSG || message.err == RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
    if (!damaged || message.rkt == nullptr || message.offset < 0) {
      Failed(message.err, reason);
      return status;
    }
    return listener->Unreadable({rd_kafka_topic_name(message.rkt), message.partition}, message.offset, reason);
  }
  Well();
  const char* const topic = rd_kafka_topic_name(message.rkt);
  if (at.partition != message.partition || at.topic != topic) at = {topic, message.partition};
  KafkaRecord record;
  record.partition = &at;
  record.offset = message.offset;
  rd_kafka_timestamp_type_t kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  record.time_ms = rd_kafka_message_timestamp(&message, &kind);
  if (kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) record.time_ms = -1;
  if (message.payload != nullptr) record.value.emplace(static_cast<const char*>(message.payload), message.len);
  if (message.key != nullptr) record.key.emplace(static_cast<const char*>(message.key), message.key_len);
  headers.clear();
  rd_kafka_headers_t* list = nullptr;
  if (rd_kafka_message_headers(&message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (size_t i = 0; rd_kafka_header_get_all(list, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
      headers.push_back({name, std::nullopt});
      if (value != nullptr) headers.back().value.emplace(static_cast<const char*>(value), size);
    }
  }
  record.headers = &headers;
  return listener->Received(record);
}

// Hands out the first message there is within `wait_ms` or, without waiting, all there are, up to a limit. Their bytes;
// 0: there was none. Messages of partitions that go meanwhile may still be handed out behind that.
Result<uint64_t> KafkaConsumer::Client::Take(int wait_ms) {
  std::array<rd_kafka_message_t*, kMaxTaken> messages;
  size_t count = 0;
  if (wait_ms > 0) {
    messages[0] = rd_kafka_consumer_poll(handle, wait_ms);
    count = messages[0] == nullptr ? 0 : 1;
  } else {
    const ssize_t taken = rd_kafka_consume_batch_queue(queue.get(), 0, messages.data(), messages.size());
    count = static_cast<size_t>(std::max<ssize_t>(0, taken));
  }
  uint64_t bytes = 0;
  Status handed = status;
  for (size_t i = 0; i < count; ++i) {
    const MessagePtr message(messages[i]);
    if (handed.ok()) handed = Hand(*message);
    bytes += message->len + message->key_len + kMessageOverhead;
  }
  if (!handed.ok()) return handed;
  return bytes;
}

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::Create(const KafkaConsumerOptions& options,
                                                             KafkaListener* listener) {
  WHITTLE_ASSIGN_OR_RETURN(KafkaConf conf, MakeKafkaConf(options.client));
  // What exactly once rests on is not for a configuration to change.
  const std::pair<const char*, std::string> fixed[] = {
      {"group.id", options.group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"enable.partition.eof", "false"},
      {"auto.offset.reset", options.from_end ? "latest" : "earliest"},
      {"queued.max.messages.kbytes", std::to_string(std::max<size_t>(options.queue_bytes >> 10, 1024))},
      {"allow.auto.create.topics", "false"},
  };
  for (const auto& [name, value] : fixed) WHITTLE_RETURN_IF_ERROR(SetKafkaProperty(conf.get(), name, value));
  if (!options.group_instance.empty()) {
    WHITTLE_RETURN_IF_ERROR(SetKafkaProperty(conf.get(), "group.instance.id", options.group_instance));
  }
  const auto given = [&](std::string_view name) {
    return std::any_of(options.client.properties.begin(), options.client.properties.end(),
                       [&](const auto& property) { return property.first == name; });
  };
  if (!given("partition.assignment.strategy")) {
    WHITTLE_RETURN_IF_ERROR(SetKafkaProperty(conf.get(), "partition.assignment.strategy", "cooperative-sticky"));
  }
  auto client = std::make_unique<Client>(listener, JoinBrokers(options.client));
  rd_kafka_conf_set_opaque(conf.get(), client.get());
  rd_kafka_conf_set_rebalance_cb(conf.get(), Client::OnRebalance);
  rd_kafka_conf_set_error_cb(conf.get(), Client::OnError);
  char reason[512];
  client->handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), reason, sizeof(reason));
  if (client->handle == nullptr) return Status(StatusCode::kConfig, "kafka: " + std::string(reason));
  static_cast<void>(conf.release());  // owned by the client now
  rd_kafka_poll_set_consumer(client->handle);
  client->queue.reset(rd_kafka_queue_get_consumer(client->handle));
  const PartitionList topics(rd_kafka_topic_partition_list_new(static_cast<int>(options.topics.size())));
  for (const std::string& topic : options.topics) {
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const rd_kafka_resp_err_t subscribed = rd_kafka_subscribe(client->handle, topics.get());
  if (subscribed != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Status(StatusCode::kConfig, std::string("kafka: ") + rd_kafka_err2str(subscribed));
  }
  return std::unique_ptr<KafkaConsumer>(new KafkaConsumer(std::move(client)));
}

KafkaConsumer::KafkaConsumer(std::unique_ptr<Client> client) : client_(std::move(client)) {}
KafkaConsumer::~KafkaConsumer() = default;

Result<uint64_t> KafkaConsumer::Poll(int timeout_ms, uint64_t max_bytes) {
  // The first is waited for; what has come with it is taken many at a time, with fewer looks at the clock.
  uint64_t bytes = 0;
  int wait_ms = timeout_ms;
  while (bytes < max_bytes) {
    WHITTLE_ASSIGN_OR_RETURN(const uint64_t taken, client_->Take(wait_ms));
    if (taken == 0) break;
    bytes += taken;
    wait_ms = 0;
  }
  return bytes;
}

void KafkaConsumer::Commit(const KafkaPartition& partition, int64_t next_offset, bool wait) {
  const PartitionList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)->offset = next_offset;
  if (!wait) {
    static_cast<void>(rd_kafka_commit(client_->handle, list.get(), 1));  // advice
    return;
  }
  rd_kafka_queue_t* const answers = rd_kafka_queue_new(client_->handle);
  if (rd_kafka_commit_queue(client_->handle, list.get(), answers, nullptr, nullptr) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (rd_kafka_event_t* const answer = rd_kafka_queue_poll(answers, kCommitMs)) rd_kafka_event_destroy(answer);
  }
  rd_kafka_queue_destroy(answers);
}

int64_t KafkaConsumer::HighWatermark(const KafkaPartition& partition) {
  int64_t low = -1;
  int64_t high = -1;
  rd_kafka_get_watermark_offsets(client_->handle, partition.topic.c_str(), partition.partition, &low, &high);
  return high;
}

Result<std::string> KafkaConsumer::ClusterId(int timeout_ms) {
  char* const id = rd_kafka_clusterid(client_->handle, timeout_ms);
  if (id == nullptr) return Status(StatusCode::kIo, "kafka: the brokers do not say which cluster they are");
  std::string text(id);
  rd_kafka_mem_free(client_->handle, id);
  return text;
}

Status KafkaConsumer::Close() {
  client_->closing = true;
  client_->Leave();
  return client_->status;
}

}  // namespace whittle
