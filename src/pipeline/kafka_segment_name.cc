#include "pipeline/kafka_segment_name.h"

#include <algorithm>
#include <charconv>

namespace whittle {
namespace {

// Longer names of topics are cut: a file name has 255 bytes, and the source id tells them apart.
constexpr size_t kMaxTopicInName = 150;
constexpr size_t kOffsetDigits = 20;

}  // namespace

std::string KafkaSegmentPrefix(const std::string& source_id, const KafkaRange& partition) {
  std::string topic = partition.topic.substr(0, kMaxTopicInName);
  // Kafka allows letters, digits, dots, underscores and dashes; whoever answered may be no Kafka.
  std::replace_if(
      topic.begin(), topic.end(),
      [](char c) {
        return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '.' && c != '-';
      },
      '_');
  return "kafka-" + source_id.substr(0, 8) + "-" + topic + "-" + std::to_string(partition.partition) + "-";
}

std::string KafkaSegmentName(const std::string& source_id, const KafkaRange& range) {
  std::string offset = std::to_string(range.first_offset);
  offset.insert(0, kOffsetDigits - std::min(kOffsetDigits, offset.size()), '0');
  return KafkaSegmentPrefix(source_id, range) + offset + std::string(kSegmentSuffix);
}

std::optional<int64_t> KafkaSegmentOffset(std::string_view name, std::string_view prefix) {
  if (name.size() != prefix.size() + kOffsetDigits + kSegmentSuffix.size() || !name.starts_with(prefix) ||
      !name.ends_with(kSegmentSuffix)) {
    return std::nullopt;
  }
  const std::string_view digits = name.substr(prefix.size(), kOffsetDigits);
  int64_t offset = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
  if (error != std::errc() || end != digits.data() + digits.size() || offset < 0) return std::nullopt;
  return offset;
}

}  // namespace whittle
