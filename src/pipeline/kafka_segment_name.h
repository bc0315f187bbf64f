// Names of the segments of Kafka partitions. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/segment_meta.h"

namespace whittle {

// What the names of all segments of a partition begin with: "kafka-1a2b3c4d-logs-0-".
std::string KafkaSegmentPrefix(const std::string& source_id, const KafkaRange& partition);

// The name of a segment of a Kafka partition: it carries the first offset, so that nobody can publish a second segment
// that begins there.
std::string KafkaSegmentName(const std::string& source_id, const KafkaRange& range);

// The first offset in the name of a segment that begins with `prefix`; nothing: it is not the name of one.
std::optional<int64_t> KafkaSegmentOffset(std::string_view name, std::string_view prefix);

}  // namespace whittle
