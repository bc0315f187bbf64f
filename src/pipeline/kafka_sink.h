// A sink that writes to a Kafka topic: one NDJSON object a message, through KafkaProducer. What has the same key stays
// in order.
#pragma once

#include <cstdint>
#include <string>

#include "pipeline/event_sink.h"
#include "source/kafka_consumer.h"

namespace whittle {

struct KafkaSinkPlan {
  enum class Key : uint8_t { kNone, kTraceId, kStratum };
  KafkaClientOptions client;
  std::string topic;
  Key key = Key::kTraceId;
};

SinkPlan MakeSinkPlan(KafkaSinkPlan plan);

}  // namespace whittle
