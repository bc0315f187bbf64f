// KafkaProducer: writes messages to a topic through librdkafka, idempotently: the broker keeps no message twice that
// this producer sent once. It stands here beside the consumer because both share how librdkafka is set up and what its
// errors are called.
//
// Not thread-safe. Messages are copied.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <whittle/status.h>

#include "source/kafka_consumer.h"

namespace whittle {

struct KafkaProducerOptions {
  KafkaClientOptions client;
  std::string topic;
  // One line about what is wrong and tried again; empty: it is well again. Called by Send and Wait.
  std::function<void(const std::string& line)> trouble;
};

class KafkaProducer {
 public:
  // kConfig: a setting that librdkafka does not know or take. Nothing is connected yet.
  static Result<std::unique_ptr<KafkaProducer>> Create(const KafkaProducerOptions& options);
  ~KafkaProducer();  // forgets what is not delivered
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  // False: the queue is full; Wait and try again. Not ok: this message can never be sent.
  Result<bool> Send(std::string_view value, const std::optional<std::string>& key);
  // Waits up to `timeout_ms` for answers. The number of messages that are under way.
  size_t Wait(int timeout_ms);

  // Since the start: what the brokers took, and what they will never take because it is too large.
  uint64_t delivered() const;
  uint64_t refused() const;
  // True once when messages were given up since the last call, for whatever reason: they have to be sent again.
  bool TakeFailure();

 private:
  struct Client;
  explicit KafkaProducer(std::unique_ptr<Client> client);
  std::unique_ptr<Client> client_;
};

}  // namespace whittle
