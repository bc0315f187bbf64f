// From what a configuration says about Kafka to what the consumer needs: settings of librdkafka, with secrets read from
// where they are kept. Plain values; secrets are never part of a message.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "env/env.h"
#include "event/value.h"
#include "format/segment.h"
#include "pipeline/config.h"
#include "pipeline/kafka_sink.h"
#include "pipeline/record_times.h"
#include "source/kafka_consumer.h"

namespace whittle {

// One consumer group of a configuration.
struct KafkaSourcePlan {
  KafkaConsumerOptions consumer;
  TimeOptions time;
  std::vector<NamedText> fields;                              // of every event; {topic} stands for the topic
  std::function<void(std::vector<Attribute>*)> set_resource;  // what further steps give to every source; may be empty
  size_t max_message_bytes = size_t{16} << 20;
  std::string shared_segments;  // directory; empty: the store

  // What segments of a partition say of where its events come from.
  SegmentSource SourceOf(const std::string& id, const KafkaPartition& partition) const;
};

// How messages are read, without what connecting needs: settings and secrets.
Result<KafkaSourcePlan> MakeMessagePlan(const KafkaSource& source);

// kConfig, kIo or kNotFound with what is wrong: a setting
// that librdkafka does not take, a password that is not there.
Result<KafkaSourcePlan> MakeKafkaPlan(const Env* env, const KafkaSource& source);

// What producers and consumers have in common.
Result<KafkaClientOptions> MakeKafkaClient(const Env* env, const KafkaSource& source);
Result<KafkaSinkPlan> MakeKafkaSinkPlan(const Env* env, const KafkaSinkConfig& config);

// "b1:9092,b2:9092/logs,audit". kUsage when it is not that.
Result<KafkaSource> ParseKafkaSource(const std::string& text);

// kConfig when librdkafka does not know it or takes no such value, when whittle has a key of its own for it, or when it
// is a secret, which has no place in a configuration.
Status CheckKafkaProperty(const std::string& name, const std::string& value);

}  // namespace whittle
