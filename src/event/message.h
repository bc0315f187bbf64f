// What a message broker knows of a record beside its bytes. Plain values.
//
// In sources of messages a record is one message, and its position is the message's offset, not a byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace whittle {

// Any bytes; an absent value is not an empty one.
struct MessageHeader {
  std::string name;
  std::optional<std::string> value;
  bool operator==(const MessageHeader&) const = default;
};

struct Message {
  int64_t offset = 0;
  std::optional<std::string> key;
  std::vector<MessageHeader> headers;  // in their order; names may come twice
  bool tombstone = false;              // it had no value, which is not an empty one
  bool operator==(const Message&) const = default;

  // Nothing that the record and its streams do not say.
  bool plain() const { return !key && headers.empty() && !tombstone; }
  size_t Bytes() const {
    size_t bytes = sizeof(Message) + (key ? key->size() : 0);
    for (const MessageHeader& header : headers) {
      bytes += sizeof(MessageHeader) + header.name.size() + (header.value ? header.value->size() : 0);
    }
    return bytes;
  }
};

}  // namespace whittle
