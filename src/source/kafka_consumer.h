// KafkaConsumer: one member of a consumer group, over librdkafka. It says which partitions come and go and hands out
// their messages in order; where reading begins is the listener's decision, because the store knows what it holds.
// Offsets that are committed to Kafka are advice to other members, nothing here depends on them.
//
// One thread: everything, callbacks included, happens inside Poll and Close. librdkafka fetches on threads of its own,
// at most `queue_bytes` ahead; when nobody polls it stops fetching. The listener must outlive the consumer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <whittle/status.h>

namespace whittle {

struct KafkaPartition {
  std::string topic;
  int32_t partition = 0;
  auto operator<=>(const KafkaPartition&) const = default;
  std::string name() const { return topic + "/" + std::to_string(partition); }
};

// Views end with the call that hands it out.
struct KafkaRecord {
  const KafkaPartition* partition = nullptr;
  int64_t offset = 0;
  int64_t time_ms = -1;  // since the epoch; -1: none
  std::optional<std::string_view> value;
  std::optional<std::string_view> key;
  struct Header {
    std::string_view name;
    std::optional<std::string_view> value;
  };
  const std::vector<Header>* headers = nullptr;
};

// Where a partition that was just assigned stands.
struct KafkaPartitionState {
  int64_t committed = -1;  // what the group has committed; -1: nothing
  int64_t low = -1;        // the first offset that the broker still has, and one past the last; -1: not known
  int64_t high = -1;
};

class KafkaListener {
 public:
  virtual ~KafkaListener() = default;
  // The partition is ours. Where to begin; nothing: at the group's committed offset, else as the options say.
  virtual Result<std::optional<int64_t>> Assigned(const KafkaPartition& partition,
                                                  const KafkaPartitionState& state) = 0;
  // These go to another member after this call: the last moment to store what was read of them.
  virtual Status Revoked(const std::vector<KafkaPartition>& partitions) = 0;
  // These went to another member already, which has begun to read them.
  virtual void Lost(const std::vector<KafkaPartition>& partitions) = 0;
  virtual Status Received(const KafkaRecord& record) = 0;
  // One message could not be read at all (its batch is damaged): nothing but its place is known.
  virtual Status Unreadable(const KafkaPartition& partition, int64_t offset, const std::string& why) = 0;
  // Something is wrong and tried again; empty: it is well again. One line; the same line is not said twice in a row.
  virtual void Trouble(const std::string& line) = 0;
};

struct KafkaClientOptions {
  std::vector<std::string> brokers;  // "host:port"
  // Settings of librdkafka, security among them, checked when the client is made.
  std::vector<std::pair<std::string, std::string>> properties;
};

struct KafkaConsumerOptions {
  KafkaClientOptions client;
  std::vector<std::string> topics;
  std::string group;
  std::string group_instance;            // of a static member; empty: the member is a new one after every start
  bool from_end = false;                 // where neither the store nor the group knows better
  size_t queue_bytes = size_t{4} << 20;  // fetched ahead; an answer of a broker may come on top
};

class KafkaConsumer {
 public:
  // kConfig: a setting that librdkafka does not know or take. Nothing is connected yet.
  static Result<std::unique_ptr<KafkaConsumer>> Create(const KafkaConsumerOptions& options, KafkaListener* listener);
  // Leaves without a word to the listener: what is not stored is read again by somebody.
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  // Waits up to `timeout_ms` for a first message and takes what is there, at most `max_bytes` of it. Returns the bytes
  // of what was handed out. Not ok: what the listener said, or an error that no waiting heals.
  Result<uint64_t> Poll(int timeout_ms, uint64_t max_bytes);

  // Tells the group how far it is. `wait`: until the group knows, for some seconds at most; a partition is about to go.
  void Commit(const KafkaPartition& partition, int64_t next_offset, bool wait);

  // One past the last offset of the broker, as last heard; -1: not known.
  int64_t HighWatermark(const KafkaPartition& partition);

  // Names the cluster, whatever brokers it has. kIo when it cannot be reached within `timeout_ms`.
  Result<std::string> ClusterId(int timeout_ms);

  // Gives the partitions back (Revoked is called) and leaves the group.
  Status Close();

 private:
  struct Client;
  explicit KafkaConsumer(std::unique_ptr<Client> client);
  std::unique_ptr<Client> client_;
};

// Checks settings of librdkafka without connecting anywhere. kConfig, with what it says about the first it refuses.
Status CheckKafkaProperties(const KafkaClientOptions& options);

}  // namespace whittle
