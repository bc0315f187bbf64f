#include "catalog/records.h"

#include "base/varint.h"

namespace whittle {

std::string JournalKey(uint64_t version) {
  std::string key(kJournalPrefix);
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(version >> shift));
  return key;
}

std::string EncodeHeader(const Manifest& manifest) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Bytes(manifest.store_id);
  out.Varint(manifest.version);
  out.Bytes(manifest.journal_head);
  out.Signed(manifest.committed_ns);
  out.Varint(manifest.next_segment);
  return bytes;
}

Status DecodeHeader(std::string_view bytes, Manifest* manifest) {
  ByteReader in(bytes);
  manifest->store_id = in.Bytes();
  manifest->version = in.Varint();
  manifest->journal_head = in.Bytes();
  manifest->committed_ns = in.Signed();
  manifest->next_segment = in.Varint();
  return in.ok() ? Status::Ok() : Status(StatusCode::kCorrupt, "the catalog's header is damaged");
}

std::string EncodeTime(int64_t time_ns) {
  std::string bytes;
  ByteWriter(&bytes).Signed(time_ns);
  return bytes;
}

int64_t DecodeTime(std::string_view bytes) { return ByteReader(bytes).Signed(); }

}  // namespace whittle
