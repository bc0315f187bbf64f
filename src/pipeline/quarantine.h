// Quarantine: messages that could not become records, kept beside the segments, one file each
// (docs/store-layout.md). A file is durable before the segment that counts its message commits; writing it again after
// a crash gives the same file. Functions are for any thread; nobody changes a file once it has its name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "env/env.h"
#include "event/message.h"

namespace whittle {

struct QuarantinedMessage {
  std::string cluster;
  std::string topic;
  int32_t partition = 0;
  Message message;      // with its offset, key and headers
  int64_t time_ms = 0;  // INT64_MIN: none
  std::string reason;   // "has 20000000 bytes; at most 16777216 are taken"
  std::optional<std::string> value;
  bool value_withheld = false;  // there was one, and it must not be kept
  uint64_t lines = 1;           // as the ledger counts it: of the value as it came, before it was scrubbed
  uint64_t bytes = 0;

  std::string name() const;  // "logs-0-42": what people call it
};

// Beyond so many files a store takes no more: the daemon says so and waits until somebody looks at them.
inline constexpr size_t kMaxQuarantined = 100'000;

std::string QuarantineDirectory(const std::string& store);

std::string EncodeQuarantined(const QuarantinedMessage& message);
// kCorrupt when the bytes are not such a file.
Result<QuarantinedMessage> DecodeQuarantined(std::string_view bytes);

// Durable when it returns. kLimit: the store has kMaxQuarantined already.
Status WriteQuarantined(const Env* env, const std::string& store, const QuarantinedMessage& message);

struct QuarantineEntry {
  std::string file;  // in the directory
  uint64_t file_bytes = 0;
};
// In the order of their names: topic, partition, offset. Empty when there is no such directory.
Result<std::vector<QuarantineEntry>> ListQuarantined(const Env* env, const std::string& store);
Result<QuarantinedMessage> ReadQuarantined(const Env* env, const std::string& store, const std::string& file);
Status RemoveQuarantined(const Env* env, const std::string& store, const std::string& file);

}  // namespace whittle
