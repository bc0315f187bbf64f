#include "format/message_section.h"

#include <algorithm>

#include "base/varint.h"

namespace whittle {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kHasKey = 1;
constexpr uint8_t kTombstone = 2;

Status Damaged() { return Status(StatusCode::kCorrupt, "segment: the section with keys and headers is damaged"); }

}  // namespace

const Message* MessageTable::Find(int64_t offset) const {
  const auto found = std::lower_bound(messages.begin(), messages.end(), offset,
                                      [](const Message& message, int64_t wanted) { return message.offset < wanted; });
  return found == messages.end() || found->offset != offset ? nullptr : &*found;
}

// Column by column, so that what is alike stands together.
std::string EncodeMessages(const MessageTable& table) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.U8(kVersion);
  out.Bytes(table.cluster);
  out.Bytes(table.topic);
  out.Signed(table.partition);
  out.Varint(table.messages.size());
  int64_t last = 0;
  for (const Message& message : table.messages) {
    out.Varint(static_cast<uint64_t>(message.offset - last));
    last = message.offset;
  }
  for (const Message& message : table.messages) {
    out.U8(static_cast<uint8_t>((message.key ? kHasKey : 0) | (message.tombstone ? kTombstone : 0)));
  }
  for (const Message& message : table.messages) {
    if (message.key) out.Bytes(*message.key);
  }
  for (const Message& message : table.messages) out.Varint(message.headers.size());
  for (const Message& message : table.messages) {
    for (const MessageHeader& header : message.headers) {
      out.Bytes(header.name);
      out.Varint(header.value ? header.value->size() + 1 : 0);
      if (header.value) out.Raw(*header.value);
    }
  }
  return bytes;
}

Result<MessageTable> DecodeMessages(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t version = in.U8();
  if (in.ok() && version > kVersion) {
    return Status(StatusCode::kUnsupported, "segment: keys and headers of version " + std::to_string(version));
  }
  MessageTable table;
  table.cluster = in.Bytes();
  table.topic = in.Bytes();
  table.partition = static_cast<int32_t>(in.Signed());
  const uint64_t count = in.Varint();
  if (!in.ok() || count > in.remaining()) return Damaged();  // a message has three bytes at least
  table.messages.resize(count);
  int64_t last = -1;
  int64_t base = 0;
  for (Message& message : table.messages) {
    const uint64_t step = in.Varint();
    if (!in.ok() || step > static_cast<uint64_t>(INT64_MAX - base)) return Damaged();
    message.offset = base += static_cast<int64_t>(step);
    if (message.offset <= last) return Damaged();
    last = message.offset;
  }
  std::string_view flags = in.Raw(count);
  for (size_t i = 0; i < flags.size(); ++i) {
    const auto flag = static_cast<uint8_t>(flags[i]);
    table.messages[i].tombstone = (flag & kTombstone) != 0;
    if ((flag & kHasKey) != 0) table.messages[i].key = in.Bytes();
  }
  std::vector<uint64_t> headers(count);
  for (uint64_t& number : headers) number = in.Varint();
  for (size_t i = 0; i < count && in.ok(); ++i) {
    if (headers[i] > in.remaining()) return Damaged();
    for (uint64_t h = 0; h < headers[i] && in.ok(); ++h) {
      MessageHeader header;
      header.name = in.Bytes();
      if (const uint64_t size = in.Varint(); size > 0) header.value = in.Raw(size - 1);
      table.messages[i].headers.push_back(std::move(header));
    }
  }
  if (!in.ok() || in.remaining() > 0) return Damaged();
  return table;
}

}  // namespace whittle
