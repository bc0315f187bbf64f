// KafkaBatcher: collects messages of one partition into batches of lines. A message is one record, whatever lines its
// value has; what the broker knows of it goes along. Positions in batches are bytes and lines counted from the first
// message that this object saw: they only tell how batches follow each other, offsets say where messages stand.
//
// One thread at a time. Batches own what they hold.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "event/batch.h"
#include "pipeline/line_parser.h"
#include "source/kafka_consumer.h"

namespace whittle {

// A batch is handed on when it has this much text, keys and headers, or so many messages: what the stages were made
// for.
inline constexpr size_t kMaxBatchBytes = size_t{1} << 20;
inline constexpr size_t kMaxBatchMessages = size_t{1} << 16;
// Lines of one message; one with more is quarantined, because a segment has to hold it whole.
inline constexpr size_t kMaxMessageLines = size_t{1} << 20;
// Headers of one message. Kafka has no limit of its own but the size of a message.
inline constexpr size_t kMaxMessageHeaders = 1000;

// Why a message cannot be a record; empty: it can.
std::string WhyNotTaken(const KafkaRecord& record, size_t max_message_bytes);

// Lines of a value, as a record has them: an empty one is a line too.
uint64_t CountLines(std::string_view value);

// The ids of a W3C traceparent header: "00-<32 hex>-<16 hex>-<2 hex>".
struct TraceParent {
  uint64_t trace_high = 0;
  uint64_t trace_low = 0;
  uint64_t span = 0;
};
std::optional<TraceParent> ParseTraceParent(std::string_view text);

class KafkaBatcher {
 public:
  // `parsing` must outlive it: keys and headers are scrubbed as lines are, by patterns and expressions.
  KafkaBatcher(uint32_t source, const ParsingOptions* parsing) : source_(source), parsing_(parsing) { Begin(); }

  void Add(const KafkaRecord& record);
  // A message that is kept elsewhere.
  void AddQuarantined(int64_t offset, uint64_t lines, uint64_t bytes);

  // Key and headers, scrubbed.
  Message ToMessage(const KafkaRecord& record) const;
  // False when it cannot be scrubbed outside of a record: fields that must go are known only there.
  bool ScrubValue(std::string_view value, std::optional<std::string>* scrubbed) const;

  bool empty() const { return messages_->end_offset == 0; }
  bool full() const { return bytes_ >= kMaxBatchBytes || records_ >= kMaxBatchMessages; }
  // Everything added since the last Take.
  LineBatch Take();

 private:
  void Begin();
  void AddLines(std::string_view value);
  void AddTrace(const KafkaRecord& record);
  RecordStream& Stream(uint16_t id, int64_t otherwise);

  std::string Scrubbed(std::string_view text) const;

  const uint32_t source_;
  const ParsingOptions* const parsing_;
  uint64_t next_position_ = 0;
  uint64_t next_line_ = 1;
  size_t bytes_ = 0;
  size_t records_ = 0;
  size_t last_bytes_ = 0, last_lines_ = 0, last_records_ = 0;  // of the batch before
  LineBatch batch_;
  std::shared_ptr<std::string> text_;
  std::shared_ptr<MessageBatch> messages_;
};

}  // namespace whittle
