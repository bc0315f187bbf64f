// What consumers and producers of librdkafka have in common: settings, and errors as one line for people. Private to
// the two components that use librdkafka. Values of settings are never part of a message: they may be secrets.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>

#include <whittle/status.h>

#include "source/kafka_consumer.h"

namespace whittle {

struct KafkaConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using KafkaConf = std::unique_ptr<rd_kafka_conf_t, KafkaConfDeleter>;

Status SetKafkaProperty(rd_kafka_conf_t* conf, const std::string& name, const std::string& value);

// The settings with which a client begins, and those of the options. Loads librdkafka: nothing of it is called before.
Result<KafkaConf> MakeKafkaConf(const KafkaClientOptions& options);

std::string JoinBrokers(const KafkaClientOptions& options);

// Keeps what librdkafka reports and makes lines of it.
class KafkaTrouble {
 public:
  explicit KafkaTrouble(std::string brokers) : brokers_(std::move(brokers)) {}
  // The line to say; empty: nothing to say (yet).
  std::string Report(rd_kafka_resp_err_t error, const char* reason);
  // It is well again.
  void Forget() { refused_ = false; }

 private:
  std::string Refused(const std::string& text);

  std::string brokers_;
  bool refused_ = false;         // a broker was there and did not let us in
  std::string last_connection_;  // why the last connection failed
};

}  // namespace whittle
