// The section that holds what a Kafka partition's records have beside their bytes: keys, headers, and which had no
// value (docs/segment-format.md, "Messages"). Offsets and times stand in streams.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "event/message.h"

namespace whittle {

struct MessageTable {
  std::string cluster;
  std::string topic;
  int32_t partition = 0;
  std::vector<Message> messages;  // by ascending offset; those that are not plain

  // Null: the message is plain. Valid as long as the table.
  const Message* Find(int64_t offset) const;
};

std::string EncodeMessages(const MessageTable& table);
// kCorrupt when the bytes are not such a section, kUnsupported when a later version wrote it.
Result<MessageTable> DecodeMessages(std::string_view bytes);

}  // namespace whittle
