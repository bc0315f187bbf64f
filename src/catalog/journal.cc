#include "catalog/journal.h"

#include "base/sha256.h"
#include "base/varint.h"

namespace whittle {
namespace {

void EncodeSegments(const std::vector<JournalEntry::Segment>& segments, ByteWriter* out) {
  out->Varint(segments.size());
  for (const auto& segment : segments) {
    out->Bytes(segment.file_name);
    out->U64(segment.file_hash.high);
    out->U64(segment.file_hash.low);
  }
}

void DecodeSegments(ByteReader* in, std::vector<JournalEntry::Segment>* segments) {
  for (uint64_t count = in->Varint(); count > 0 && in->ok(); --count) {
    auto& segment = segments->emplace_back();
    segment.file_name = in->Bytes();
    segment.file_hash.high = in->U64();
    segment.file_hash.low = in->U64();
  }
}

}  // namespace

const std::string kJournalStart(32, '\0');

std::string EncodeJournalEntry(const JournalEntry& entry) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Varint(entry.version);
  out.Signed(entry.time_ns);
  out.Bytes(entry.kind);
  out.Bytes(entry.who);
  out.Bytes(entry.what);
  out.Bytes(entry.policy_hash);
  EncodeSegments(entry.added, &out);
  EncodeSegments(entry.removed, &out);
  out.Bytes(entry.resumes_from);
  return bytes;
}

Result<JournalEntry> DecodeJournalEntry(std::string_view bytes) {
  ByteReader in(bytes);
  JournalEntry entry;
  entry.version = in.Varint();
  entry.time_ns = in.Signed();
  entry.kind = in.Bytes();
  entry.who = in.Bytes();
  entry.what = in.Bytes();
  entry.policy_hash = in.Bytes();
  DecodeSegments(&in, &entry.added);
  DecodeSegments(&in, &entry.removed);
  entry.resumes_from = in.Bytes();
  if (!in.ok()) return Status(StatusCode::kCorrupt, "a journal entry is damaged");
  return entry;
}

std::string ChainHash(std::string_view before, std::string_view encoded_entry) {
  std::string bytes(before);
  bytes.append(encoded_entry);
  return Sha256(bytes);
}

}  // namespace whittle
