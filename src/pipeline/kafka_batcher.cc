#include "pipeline/kafka_batcher.h"

#include <algorithm>
#include <cstring>

#include "format/segment.h"

namespace whittle {
namespace {

// Room in a batch beyond what the one before took: one part in so many.
constexpr size_t kSpareParts = 8;

constexpr uint16_t Number(StreamId id) { return static_cast<uint16_t>(id); }

bool ParseHex(std::string_view text, uint64_t* value) {
  *value = 0;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return false;
    *value = *value << 4 | static_cast<uint64_t>(digit);
  }
  return true;
}

}  // namespace

std::string WhyNotTaken(const KafkaRecord& record, size_t max_message_bytes) {
  size_t bytes = (record.value ? record.value->size() : 0) + (record.key ? record.key->size() : 0);
  for (const KafkaRecord::Header& header : *record.headers) {
    bytes += header.name.size() + (header.value ? header.value->size() : 0);
  }
  if (bytes > max_message_bytes) {
    return "has " + std::to_string(bytes) + " bytes; at most " + std::to_string(max_message_bytes) + " are taken";
  }
  if (record.headers->size() > kMaxMessageHeaders) {
    return "has " + std::to_string(record.headers->size()) + " headers; at most " + std::to_string(kMaxMessageHeaders) +
           " are taken";
  }
  // A look at every byte only where it may be too much.
  if (record.value && record.value->size() > kMaxMessageLines &&
      static_cast<size_t>(std::count(record.value->begin(), record.value->end(), '\n')) > kMaxMessageLines) {
    return "has more than " + std::to_string(kMaxMessageLines) + " lines";
  }
  return "";
}

uint64_t CountLines(std::string_view value) {
  const auto feeds = static_cast<uint64_t>(std::count(value.begin(), value.end(), '\n'));
  return feeds + (value.empty() || value.back() != '\n' ? 1 : 0);
}

std::optional<TraceParent> ParseTraceParent(std::string_view text) {
  constexpr size_t kSize = 55;
  if (text.size() < kSize || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  uint64_t version = 0;
  uint64_t flags = 0;
  TraceParent ids;
  if (!ParseHex(text.substr(0, 2), &version) || !ParseHex(text.substr(3, 16), &ids.trace_high) ||
      !ParseHex(text.substr(19, 16), &ids.trace_low) || !ParseHex(text.substr(36, 16), &ids.span) ||
      !ParseHex(text.substr(53, 2), &flags)) {
    return std::nullopt;
  }
  // Later versions may go on after another dash; 255 is no version.
  const bool ends = text.size() == kSize || (version > 0 && text[kSize] == '-');
  if (!ends || version == 255 || (ids.trace_high | ids.trace_low) == 0 || ids.span == 0) return std::nullopt;
  return ids;
}

void KafkaBatcher::Begin() {
  batch_ = LineBatch();
  batch_.source = source_;
  batch_.first_offset = next_position_;
  batch_.first_line = next_line_;
  // A batch is about as large as the one before: growing it by doubling would copy it, and hold on to twice of it.
  text_ = std::make_shared<std::string>();
  text_->reserve(last_bytes_ + last_bytes_ / kSpareParts);
  batch_.lines.reserve(last_lines_ + last_lines_ / kSpareParts);
  messages_ = std::make_shared<MessageBatch>();
  messages_->streams = {{Number(StreamId::kKafkaOffset), {}}, {Number(StreamId::kKafkaTime), {}}};
  for (RecordStream& stream : messages_->streams) stream.values.reserve(last_records_ + last_records_ / kSpareParts);
  bytes_ = records_ = 0;
}

std::string KafkaBatcher::Scrubbed(std::string_view text) const {
  std::string result(text);
  const LineAnalysis no_fields;
  for (const auto& scrubber : parsing_->scrubbers) {
    std::string scrubbed;
    std::vector<ScrubMark> marks;
    if (scrubber->Scrub(result, &no_fields, &scrubbed, &marks)) result = std::move(scrubbed);
  }
  return result;
}

bool KafkaBatcher::ScrubValue(std::string_view value, std::optional<std::string>* scrubbed) const {
  if (std::any_of(parsing_->scrubbers.begin(), parsing_->scrubbers.end(),
                  [](const auto& scrubber) { return scrubber->NeedsFields(); })) {
    return false;
  }
  *scrubbed = Scrubbed(value);
  return true;
}

Message KafkaBatcher::ToMessage(const KafkaRecord& record) const {
  Message message;
  message.offset = record.offset;
  message.tombstone = !record.value;
  if (record.key) message.key = Scrubbed(*record.key);
  for (const KafkaRecord::Header& header : *record.headers) {
    message.headers.push_back({std::string(header.name), std::nullopt});
    if (header.value) message.headers.back().value = Scrubbed(*header.value);
  }
  return message;
}

// One value per message so far; of those before, the default.
RecordStream& KafkaBatcher::Stream(uint16_t id, int64_t otherwise) {
  auto found = std::find_if(messages_->streams.begin(), messages_->streams.end(),
                            [&](const RecordStream& stream) { return stream.id == id; });
  if (found == messages_->streams.end()) found = messages_->streams.insert(found, RecordStream{id, {}});
  found->values.resize(records_, otherwise);
  return *found;
}

void KafkaBatcher::AddTrace(const KafkaRecord& record) {
  for (const KafkaRecord::Header& header : *record.headers) {
    if (header.name != "traceparent" || !header.value) continue;
    const auto ids = ParseTraceParent(*header.value);
    if (!ids) continue;
    constexpr int64_t kExplicit = 1;
    Stream(Number(StreamId::kTraceMethod), 0).values.push_back(kExplicit);
    Stream(Number(StreamId::kTraceHigh), 0).values.push_back(static_cast<int64_t>(ids->trace_high));
    Stream(Number(StreamId::kTraceLow), 0).values.push_back(static_cast<int64_t>(ids->trace_low));
    Stream(Number(StreamId::kSpan), 0).values.push_back(static_cast<int64_t>(ids->span));
    return;
  }
}

// The lines of one record. A value without a last line feed has a last line without one, an empty value is an empty
// line: so the value is what its lines are when they are put together.
void KafkaBatcher::AddLines(std::string_view value) {
  const auto begin = static_cast<uint32_t>(text_->size());
  text_->append(value);
  size_t from = 0;
  do {
    const size_t feed = value.find('\n', from);
    const size_t end = feed == std::string_view::npos ? value.size() : feed;
    const bool crlf = feed != std::string_view::npos && end > from && value[end - 1] == '\r';
    Line line;
    line.begin = begin + static_cast<uint32_t>(from);
    line.size = static_cast<uint32_t>(end - from - (crlf ? 1 : 0));
    line.end = feed == std::string_view::npos ? LineEnd::kNone : crlf ? LineEnd::kCrLf : LineEnd::kLf;
    line.record_start = from == 0;
    batch_.lines.push_back(line);
    from = end + 1;
  } while (from < value.size());
}

void KafkaBatcher::Add(const KafkaRecord& record) {
  AddLines(record.value.value_or(""));
  AddTrace(record);
  ++records_;
  messages_->streams[0].values.push_back(record.offset);
  messages_->streams[1].values.push_back(record.time_ms < 0 ? kNoTime : record.time_ms);
  bytes_ += record.value.value_or("").size();
  if (record.key || !record.headers->empty() || !record.value) {
    messages_->messages.push_back(ToMessage(record));
    bytes_ += messages_->messages.back().Bytes();
  }
  messages_->end_offset = static_cast<uint64_t>(record.offset) + 1;
}

void KafkaBatcher::AddQuarantined(int64_t offset, uint64_t lines, uint64_t bytes) {
  ++messages_->quarantined;
  messages_->quarantined_lines += lines;
  messages_->quarantined_bytes += bytes;
  messages_->end_offset = static_cast<uint64_t>(offset) + 1;
}

LineBatch KafkaBatcher::Take() {
  for (RecordStream& stream : messages_->streams) {
    stream.values.resize(records_, DefaultOf(static_cast<StreamId>(stream.id)));
  }
  next_position_ += last_bytes_ = text_->size();
  next_line_ += last_lines_ = batch_.lines.size();
  last_records_ = records_;
  batch_.text = std::move(text_);
  batch_.messages = std::move(messages_);
  LineBatch taken = std::move(batch_);
  Begin();
  return taken;
}

}  // namespace whittle
