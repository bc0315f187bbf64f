#include "catalog/segment_meta.h"

#include "base/varint.h"

namespace whittle {
namespace {

// First byte of a footer entry; a reader refuses a greater one.
constexpr uint8_t kFooterEntryVersion = 1;

Status Damaged() { return Status(StatusCode::kCorrupt, "a segment entry is damaged"); }

void EncodeCoverage(const SourceCoverage& coverage, ByteWriter* out) {
  out->Bytes(coverage.source_id);
  coverage.bytes.Encode(out);
  coverage.lines.Encode(out);
  coverage.ledger.Encode(out);
}

bool DecodeCoverage(ByteReader* in, SourceCoverage* coverage) {
  coverage->source_id = in->Bytes();
  if (!IntervalSet::Decode(in, &coverage->bytes) || !IntervalSet::Decode(in, &coverage->lines)) return false;
  coverage->ledger = Ledger::Decode(in);
  return in->ok();
}

void EncodeKafka(const KafkaRange& kafka, ByteWriter* out) {
  out->Bytes(kafka.cluster);
  out->Bytes(kafka.topic);
  out->Signed(kafka.partition);
  out->Signed(kafka.first_offset);
  out->Signed(kafka.end_offset);
}

KafkaRange DecodeKafka(ByteReader* in) {
  KafkaRange kafka;
  kafka.cluster = in->Bytes();
  kafka.topic = in->Bytes();
  kafka.partition = static_cast<int32_t>(in->Signed());
  kafka.first_offset = in->Signed();
  kafka.end_offset = in->Signed();
  return kafka;
}

}  // namespace

Ledger SegmentMeta::TotalLedger() const {
  Ledger total;
  for (const SourceCoverage& source : coverage) total += source.ledger;
  return total;
}

void EncodeSegmentMeta(const SegmentMeta& meta, std::string* out) {
  ByteWriter writer(out);
  writer.Bytes(meta.file_name);
  writer.Varint(meta.file_bytes);
  writer.U64(meta.file_hash.high);
  writer.U64(meta.file_hash.low);
  writer.Varint(meta.commit);
  writer.Signed(meta.created_ns);
  writer.Varint(meta.rows);
  writer.Varint(meta.records);
  writer.Varint(meta.text_bytes);
  writer.U8(static_cast<uint8_t>((meta.has_time ? 1 : 0) | (meta.kafka ? 2 : 0)));
  if (meta.has_time) {
    writer.Signed(meta.min_time_ns);
    writer.Signed(meta.max_time_ns);
  }
  if (meta.kafka) EncodeKafka(*meta.kafka, &writer);
  writer.Varint(meta.coverage.size());
  for (const SourceCoverage& coverage : meta.coverage) EncodeCoverage(coverage, &writer);
  writer.Varint(meta.whole_rows);
  writer.Varint(meta.refused_ids);
}

Result<SegmentMeta> DecodeSegmentMeta(std::string_view bytes) {
  ByteReader in(bytes);
  SegmentMeta meta;
  meta.file_name = in.Bytes();
  meta.file_bytes = in.Varint();
  meta.file_hash.high = in.U64();
  meta.file_hash.low = in.U64();
  meta.commit = in.Varint();
  meta.created_ns = in.Signed();
  meta.rows = in.Varint();
  meta.records = in.Varint();
  meta.text_bytes = in.Varint();
  const uint8_t flags = in.U8();
  meta.has_time = (flags & 1) != 0;
  if (meta.has_time) {
    meta.min_time_ns = in.Signed();
    meta.max_time_ns = in.Signed();
  }
  if ((flags & 2) != 0) meta.kafka = DecodeKafka(&in);
  for (uint64_t count = in.Varint(); count > 0 && in.ok(); --count) {
    if (!DecodeCoverage(&in, &meta.coverage.emplace_back())) return Damaged();
  }
  if (!in.ok()) return Damaged();
  // Not in the first stores. Bytes after these belong to later minor versions.
  if (in.remaining() > 0) meta.whole_rows = in.Varint();
  if (in.remaining() > 0) meta.refused_ids = in.Varint();
  if (!in.ok()) return Damaged();
  return meta;
}

Status CheckSegmentMeta(const SegmentMeta& meta) {
  for (const SourceCoverage& source : meta.coverage) {
    const std::string where = "source " + source.source_id + ": ";
    if (source.source_id.size() != 32) return Status(StatusCode::kCorrupt, where + "the id has not 32 digits");
    if (!source.ledger.Balanced()) return Status(StatusCode::kCorrupt, where + "the ledger does not balance");
    if (meta.kafka) {
      // Covered in offsets, counted in bytes: the two cannot be held against each other.
      const IntervalSet range{
          {static_cast<uint64_t>(meta.kafka->first_offset), static_cast<uint64_t>(meta.kafka->end_offset)}};
      if (meta.kafka->first_offset < 0 || source.bytes != range || !source.lines.empty() || meta.coverage.size() != 1) {
        return Status(StatusCode::kCorrupt, where + "covers other offsets than its segment");
      }
      continue;
    }
    if (source.bytes.Total() != source.ledger.in.bytes) {
      return Status(StatusCode::kCorrupt, where + "covers " + std::to_string(source.bytes.Total()) +
                                              " bytes, but the ledger counts " +
                                              std::to_string(source.ledger.in.bytes));
    }
    if (source.lines.Total() != source.ledger.in.lines) {
      return Status(StatusCode::kCorrupt, where + "covers " + std::to_string(source.lines.Total()) +
                                              " lines, but the ledger counts " +
                                              std::to_string(source.ledger.in.lines));
    }
  }
  return Status::Ok();
}

std::string EncodeFooterEntry(const SegmentMeta& meta, const std::vector<SourceIdentity>& sources) {
  SegmentMeta inside = meta;
  inside.file_name.clear();
  inside.file_bytes = 0;
  inside.file_hash = {};
  inside.commit = 0;
  std::string encoded, out;
  EncodeSegmentMeta(inside, &encoded);
  ByteWriter writer(&out);
  writer.U8(kFooterEntryVersion);
  writer.Bytes(encoded);
  writer.Varint(sources.size());
  for (const SourceIdentity& source : sources) {
    encoded.clear();
    EncodeSourceIdentity(source, &encoded);
    writer.Bytes(encoded);
  }
  return out;
}

Result<FooterEntry> DecodeFooterEntry(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t version = in.U8();
  if (!in.ok()) return Damaged();
  if (version > kFooterEntryVersion) {
    return Status(StatusCode::kUnsupported, "a segment's catalog entry has version " + std::to_string(version) +
                                                "; this program knows " + std::to_string(kFooterEntryVersion));
  }
  FooterEntry entry;
  WHITTLE_ASSIGN_OR_RETURN(entry.meta, DecodeSegmentMeta(in.Bytes()));
  for (uint64_t count = in.Varint(); count > 0 && in.ok(); --count) {
    WHITTLE_ASSIGN_OR_RETURN(SourceIdentity identity, DecodeSourceIdentity(in.Bytes()));
    entry.sources.push_back(std::move(identity));
  }
  if (!in.ok()) return Damaged();
  return entry;
}

}  // namespace whittle
