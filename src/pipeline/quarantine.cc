#include "pipeline/quarantine.h"

#include <algorithm>

#include "base/hash.h"
#include "base/varint.h"
#include "catalog/segment_file.h"
#include "format/message_section.h"

namespace whittle {
namespace {

constexpr std::string_view kMagic = "WHTQUAR1";
constexpr std::string_view kSuffix = ".wquar";
constexpr std::string_view kTemporary = ".tmp";
constexpr uint8_t kHasValue = 1;
constexpr uint8_t kWithheld = 2;
constexpr size_t kHashBytes = 16;

std::string Padded(int64_t number) {
  std::string text = std::to_string(number);
  return text.insert(0, 20 - std::min<size_t>(20, text.size()), '0');
}

// Ascending names are ascending offsets; the hash keeps clusters and odd names apart.
std::string FileName(const QuarantinedMessage& message) {
  std::string topic = message.topic.substr(0, 150);
  std::replace_if(
      topic.begin(), topic.end(), [](char c) { return c == '/' || static_cast<unsigned char>(c) <= ' '; }, '_');
  const std::string whole = message.cluster + '\n' + message.topic;
  return topic + "-" + std::to_string(message.partition) + "-" + Padded(message.message.offset) + "-" +
         ToHex(HashBytes128(whole)).substr(0, 8) + std::string(kSuffix);
}

}  // namespace

std::string QuarantinedMessage::name() const {
  return topic + "-" + std::to_string(partition) + "-" + std::to_string(message.offset);
}

std::string QuarantineDirectory(const std::string& store) { return JoinPath(store, "quarantine"); }

std::string EncodeQuarantined(const QuarantinedMessage& message) {
  std::string bytes(kMagic);
  ByteWriter out(&bytes);
  out.Bytes(EncodeMessages({message.cluster, message.topic, message.partition, {message.message}}));
  out.Signed(message.time_ms);
  out.Bytes(message.reason);
  out.U8(static_cast<uint8_t>((message.value ? kHasValue : 0) | (message.value_withheld ? kWithheld : 0)));
  if (message.value) out.Bytes(*message.value);
  out.Varint(message.lines);
  out.Varint(message.bytes);
  const Hash128 hash = HashBytes128(bytes);
  out.U64(hash.high);
  out.U64(hash.low);
  return bytes;
}

Result<QuarantinedMessage> DecodeQuarantined(std::string_view bytes) {
  const Status damaged(StatusCode::kCorrupt, "is not a quarantined message, or is damaged");
  if (bytes.size() < kMagic.size() + kHashBytes || !bytes.starts_with(kMagic)) return damaged;
  const Hash128 hash = HashBytes128(bytes.substr(0, bytes.size() - kHashBytes));
  ByteReader end(bytes.substr(bytes.size() - kHashBytes));
  if (end.U64() != hash.high || end.U64() != hash.low) return damaged;
  ByteReader in(bytes.substr(kMagic.size(), bytes.size() - kMagic.size() - kHashBytes));
  WHITTLE_ASSIGN_OR_RETURN(MessageTable table, DecodeMessages(in.Bytes()));
  if (table.messages.size() != 1) return damaged;
  QuarantinedMessage message;
  message.cluster = table.cluster;
  message.topic = table.topic;
  message.partition = table.partition;
  message.message = std::move(table.messages[0]);
  message.time_ms = in.Signed();
  message.reason = in.Bytes();
  const uint8_t flags = in.U8();
  message.value_withheld = (flags & kWithheld) != 0;
  if ((flags & kHasValue) != 0) message.value = in.Bytes();
  message.lines = in.Varint();
  message.bytes = in.Varint();
  if (!in.ok()) return damaged;
  return message;
}

Status WriteQuarantined(const Env* env, const std::string& store, const QuarantinedMessage& message) {
  const std::string directory = QuarantineDirectory(store);
  const Status made = env->files->MakeDirectory(directory);
  if (!made.ok() && made.code() != StatusCode::kAlreadyExists) return made;
  WHITTLE_ASSIGN_OR_RETURN(const auto entries, ListQuarantined(env, store));
  if (entries.size() >= kMaxQuarantined) {
    return Status(StatusCode::kIo, directory + ": holds " + std::to_string(entries.size()) +
                                       " messages; look at them with whittle quarantine");
  }
  const std::string path = JoinPath(directory, FileName(message));
  const std::string temporary = path + std::string(kTemporary);
  {
    WHITTLE_ASSIGN_OR_RETURN(const auto file, env->files->OpenForWrite(temporary, WriteMode::kTruncate));
    WHITTLE_RETURN_IF_ERROR(file->Append(EncodeQuarantined(message)));
    WHITTLE_RETURN_IF_ERROR(file->Sync());
    WHITTLE_RETURN_IF_ERROR(file->Close());
  }
  WHITTLE_RETURN_IF_ERROR(env->files->Rename(temporary, path));
  WHITTLE_RETURN_IF_ERROR(env->files->SyncDirectory(directory));
  return env->files->SyncDirectory(store);
}

Result<std::vector<QuarantineEntry>> ListQuarantined(const Env* env, const std::string& store) {
  std::vector<QuarantineEntry> found;
  const std::string directory = QuarantineDirectory(store);
  const auto entries = env->files->List(directory);
  if (!entries.ok() && entries.status().code() == StatusCode::kNotFound) return found;
  if (!entries.ok()) return entries.status();
  for (const DirectoryEntry& entry : *entries) {
    if (entry.type != FileType::kRegular || !entry.name.ends_with(kSuffix)) continue;
    const auto info = env->files->Stat(JoinPath(directory, entry.name));
    if (info.ok()) found.push_back({entry.name, info->size});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.file < b.file; });
  return found;
}

Result<QuarantinedMessage> ReadQuarantined(const Env* env, const std::string& store, const std::string& file) {
  const std::string path = JoinPath(QuarantineDirectory(store), file);
  WHITTLE_ASSIGN_OR_RETURN(const auto source, OpenSegmentFile(env, path));
  WHITTLE_ASSIGN_OR_RETURN(const std::string bytes, source->Read(0, source->size()));
  auto message = DecodeQuarantined(bytes);
  if (!message.ok()) return message.status().WithContext(path);
  return message;
}

Status RemoveQuarantined(const Env* env, const std::string& store, const std::string& file) {
  const std::string directory = QuarantineDirectory(store);
  WHITTLE_RETURN_IF_ERROR(env->files->Remove(JoinPath(directory, file)));
  return env->files->SyncDirectory(directory);
}

}  // namespace whittle
