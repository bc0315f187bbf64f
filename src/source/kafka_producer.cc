#include "source/kafka_producer.h"

#include <set>
#include <utility>

#include "source/kafka_client.h"

namespace whittle {
namespace {

// Text of messages that wait for the brokers; beyond it Send says no.
constexpr const char* kQueueKiB = "16384";
// A message is tried for so long before it counts as failed, and all that was not delivered is read from the store and
// sent again.
constexpr const char* kMessageTimeoutMs = "60000";
// Larger ones are refused here; brokers may refuse smaller ones.
constexpr const char* kMaxMessageBytes = "67108864";
constexpr size_t kMaxSaid = 16;

}  // namespace

struct KafkaProducer::Client {
  explicit Client(const KafkaProducerOptions& its_options)
      : options(its_options), trouble(JoinBrokers(its_options.client)) {}
  ~Client() {
    if (topic != nullptr) rd_kafka_topic_destroy(topic);
    if (handle == nullptr) return;
    quiet = true;
    rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    rd_kafka_destroy(handle);
  }
  void Say(const std::string& line) {
    if (line.empty() || quiet || said.size() >= kMaxSaid || !said.insert(line).second) return;
    options.trouble(line);
  }
  void Well() {
    if (said.empty() || quiet) return;
    said.clear();
    trouble.Forget();
    options.trouble("");
  }
  static void OnDelivered(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    auto* const client = static_cast<Client*>(opaque);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++client->delivered;
      client->Well();
    } else if (message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
      ++client->refused;
    } else {
      client->failed = true;
      const bool late = message->err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
      client->Say(late ? "kafka: messages to " + client->options.topic + " are not taken in time"
                       : client->trouble.Report(message->err, rd_kafka_err2str(message->err)));
    }
  }
  static void OnError(rd_kafka_t*, int error, const char* reason, void* opaque) {
    auto* const client = static_cast<Client*>(opaque);
    client->Say(client->trouble.Report(static_cast<rd_kafka_resp_err_t>(error), reason));
  }

  const KafkaProducerOptions options;
  KafkaTrouble trouble;
  rd_kafka_t* handle = nullptr;
  rd_kafka_topic_t* topic = nullptr;
  std::set<std::string> said;  // troubles that were told since it was well
  bool quiet = false;          // destroying: nobody hears anything more
  bool failed = false;
  uint64_t delivered = 0;
  uint64_t refused = 0;
};

Result<std::unique_ptr<KafkaProducer>> KafkaProducer::Create(const KafkaProducerOptions& options) {
  WHITTLE_ASSIGN_OR_RETURN(KafkaConf conf, MakeKafkaConf(options.client));
  const std::pair<const char*, const char*> fixed[] = {{"enable.idempotence", "true"},
                                                       {"queue.buffering.max.kbytes", kQueueKiB},
                                                       {"message.max.bytes", kMaxMessageBytes},
                                                       {"message.timeout.ms", kMessageTimeoutMs}};
  for (const auto& [name, value] : fixed) WHITTLE_RETURN_IF_ERROR(SetKafkaProperty(conf.get(), name, value));
  auto client = std::make_unique<Client>(options);
  rd_kafka_conf_set_opaque(conf.get(), client.get());
  rd_kafka_conf_set_dr_msg_cb(conf.get(), Client::OnDelivered);
  rd_kafka_conf_set_error_cb(conf.get(), Client::OnError);
  char reason[512];
  client->handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), reason, sizeof(reason));
  if (client->handle == nullptr) return Status(StatusCode::kConfig, "kafka: " + std::string(reason));
  static_cast<void>(conf.release());  // owned by the client now
  client->topic = rd_kafka_topic_new(client->handle, options.topic.c_str(), nullptr);
  if (client->topic == nullptr) {
    return Status(StatusCode::kConfig, std::string("kafka: ") + rd_kafka_err2str(rd_kafka_last_error()));
  }
  return std::unique_ptr<KafkaProducer>(new KafkaProducer(std::move(client)));
}

KafkaProducer::KafkaProducer(std::unique_ptr<Client> client) : client_(std::move(client)) {}
KafkaProducer::~KafkaProducer() = default;

Result<bool> KafkaProducer::Send(std::string_view value, const std::optional<std::string>& key) {
  const int sent =
      rd_kafka_produce(client_->topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()),
                       value.size(), key ? key->data() : nullptr, key ? key->size() : 0, nullptr);
  if (sent == 0) return true;
  const rd_kafka_resp_err_t error = rd_kafka_last_error();
  if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    ++client_->refused;
    return Status(StatusCode::kLimit, "an event of " + std::to_string(value.size()) + " bytes is too large");
  }
  if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    client_->failed = true;
    client_->Say(client_->trouble.Report(error, rd_kafka_err2str(error)));
  }
  return false;
}

size_t KafkaProducer::Wait(int timeout_ms) {
  rd_kafka_poll(client_->handle, timeout_ms);
  return static_cast<size_t>(rd_kafka_outq_len(client_->handle));
}

uint64_t KafkaProducer::delivered() const { return client_->delivered; }
uint64_t KafkaProducer::refused() const { return client_->refused; }
bool KafkaProducer::TakeFailure() { return std::exchange(client_->failed, false); }

}  // namespace whittle
