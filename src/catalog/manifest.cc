#include "catalog/manifest.h"

#include <algorithm>

#include "base/varint.h"
#include "catalog/store_layout.h"

namespace whittle {
namespace {

constexpr std::string_view kMagic("WHTMANI\n", 8);
constexpr uint16_t kMajor = 1;
constexpr uint16_t kMinor = 0;
constexpr size_t kHeaderBytes = 8 + 2 + 2 + 8;
constexpr size_t kChecksumBytes = 8;
// The cleaner holds the readers' lock for as long as it takes to unlink some files.
constexpr int kPinAttempts = 50;
constexpr int64_t kPinPauseNs = 2'000'000;

Status Damaged(const std::string& what) { return Status(StatusCode::kCorrupt, "the manifest is damaged: " + what); }

std::string EncodeBody(const Manifest& manifest) {
  std::string body, record;
  ByteWriter out(&body);
  out.Bytes(manifest.store_id);
  out.Varint(manifest.version);
  out.Bytes(manifest.journal_head);
  out.Signed(manifest.committed_ns);
  out.Varint(manifest.next_segment);
  out.Varint(manifest.segments.size());
  for (const SegmentMeta& segment : manifest.segments) {
    record.clear();
    EncodeSegmentMeta(segment, &record);
    out.Bytes(record);
  }
  out.Varint(manifest.sources.size());
  for (const auto& [id, source] : manifest.sources) {
    record.clear();
    EncodeSourceState(source, &record);
    out.Bytes(record);
  }
  out.Varint(manifest.published.size());
  for (const auto& [name, bytes] : manifest.published) {
    out.Bytes(name);
    out.Bytes(bytes);
  }
  return body;
}

Result<Manifest> DecodeBody(std::string_view body) {
  ByteReader in(body);
  Manifest manifest;
  manifest.store_id = in.Bytes();
  manifest.version = in.Varint();
  manifest.journal_head = in.Bytes();
  manifest.committed_ns = in.Signed();
  manifest.next_segment = in.Varint();
  for (uint64_t count = in.Varint(); count > 0 && in.ok(); --count) {
    WHITTLE_ASSIGN_OR_RETURN(SegmentMeta segment, DecodeSegmentMeta(in.Bytes()));
    manifest.segments.push_back(std::move(segment));
  }
  for (uint64_t count = in.Varint(); count > 0 && in.ok(); --count) {
    WHITTLE_ASSIGN_OR_RETURN(SourceState source, DecodeSourceState(in.Bytes()));
    std::string id = source.id;
    manifest.sources.insert_or_assign(std::move(id), std::move(source));
  }
  for (uint64_t count = in.Varint(); count > 0 && in.ok(); --count) {
    std::string name(in.Bytes());
    manifest.published.insert_or_assign(std::move(name), std::string(in.Bytes()));
  }
  if (!in.ok()) return Damaged("it ends early");
  return manifest;
}

}  // namespace

Ledger Manifest::TotalLedger() const {
  Ledger total;
  for (const auto& [id, source] : sources) total += source.ledger;
  return total;
}

const SegmentMeta* Manifest::FindSegment(std::string_view file_name) const {
  const auto it = std::find_if(segments.begin(), segments.end(),
                               [&](const SegmentMeta& segment) { return segment.file_name == file_name; });
  return it == segments.end() ? nullptr : &*it;
}

std::string EncodeManifest(const Manifest& manifest) {
  const std::string body = EncodeBody(manifest);
  std::string bytes(kMagic);
  ByteWriter out(&bytes);
  out.U16(kMajor);
  out.U16(kMinor);
  out.U64(body.size());
  out.Raw(body);
  out.U64(Hash64(bytes));
  return bytes;
}

Result<Manifest> DecodeManifest(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes + kChecksumBytes) return Damaged("it is too short");
  if (bytes.substr(0, kMagic.size()) != kMagic) return Damaged("it does not begin like one");
  ByteReader in(bytes.substr(kMagic.size()));
  const uint16_t major = in.U16();
  in.U16();
  if (major > kMajor) {
    return Status(StatusCode::kUnsupported, "the manifest has version " + std::to_string(major) +
                                                "; this program knows " + std::to_string(kMajor));
  }
  if (in.U64() != bytes.size() - kHeaderBytes - kChecksumBytes) return Damaged("its length is wrong");
  ByteReader tail(bytes.substr(bytes.size() - kChecksumBytes));
  if (tail.U64() != Hash64(bytes.substr(0, bytes.size() - kChecksumBytes))) return Damaged("its checksum is wrong");
  return DecodeBody(bytes.substr(kHeaderBytes, bytes.size() - kHeaderBytes - kChecksumBytes));
}

Result<uint64_t> PublishManifest(const Env* env, const std::string& dir, const Manifest& manifest) {
  const StoreLayout layout(dir);
  const std::string temporary = layout.manifest + ".tmp";
  WHITTLE_ASSIGN_OR_RETURN(const auto file, env->files->OpenForWrite(temporary, WriteMode::kTruncate));
  const std::string bytes = EncodeManifest(manifest);
  WHITTLE_RETURN_IF_ERROR(file->Append(bytes));
  // Synced, because readers may come before the next writer. Whether the new name survives a power cut does not matter:
  // the one before is a valid version too.
  WHITTLE_RETURN_IF_ERROR(file->Sync());
  WHITTLE_RETURN_IF_ERROR(file->Close());
  WHITTLE_RETURN_IF_ERROR(env->files->Rename(temporary, layout.manifest));
  return uint64_t{bytes.size()};
}

Result<Manifest> ReadManifest(const Env* env, const std::string& dir) {
  WHITTLE_RETURN_IF_ERROR(CheckStore(env, dir));
  const StoreLayout layout(dir);
  Result<std::string> bytes = ReadFile(env->files, layout.manifest, kMaxManifestBytes);
  if (!bytes.ok() && bytes.status().code() == StatusCode::kNotFound) {
    // A store is published, empty, before its first segment: without either it is just being made, or that was cut
    // short.
    WHITTLE_ASSIGN_OR_RETURN(const auto files, env->files->List(layout.segments));
    if (files.empty()) return Manifest();
    bytes = ReadFile(env->files, layout.manifest, kMaxManifestBytes);  // made since the first look, perhaps
  }
  if (!bytes.ok()) {
    if (bytes.status().code() != StatusCode::kNotFound) return bytes.status();
    return Status(StatusCode::kNotFound,
                  layout.manifest + ": is missing; 'whittle verify --rebuild' restores it from the segments");
  }
  Result<Manifest> manifest = DecodeManifest(*bytes);
  if (!manifest.ok()) return manifest.status().WithContext(layout.manifest);
  return manifest;
}

std::string Snapshot::SegmentPath(const SegmentMeta& segment) const {
  return JoinPath(segments_dir, segment.file_name);
}

Result<Snapshot> TakeSnapshot(const Env* env, const std::string& dir) {
  WHITTLE_RETURN_IF_ERROR(CheckStore(env, dir));
  Snapshot snapshot;
  snapshot.dir = dir;
  snapshot.segments_dir = StoreLayout(dir).segments;
  // The pin comes first: what the manifest read after it names cannot be removed any more.
  for (int attempt = 0; attempt < kPinAttempts; ++attempt) {
    Result<std::unique_ptr<FileLock>> pin = env->files->LockShared(StoreLayout(dir).readers);
    if (pin.ok()) {
      snapshot.pin = std::move(*pin);
      break;
    }
    if (pin.status().code() != StatusCode::kBusy) break;  // no such file, or a file system without locks
    env->clock->SleepNs(kPinPauseNs);
  }
  WHITTLE_ASSIGN_OR_RETURN(snapshot.manifest, ReadManifest(env, dir));
  return snapshot;
}

}  // namespace whittle
