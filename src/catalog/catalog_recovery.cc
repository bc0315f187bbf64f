// The part of Catalog that opens a store: loading the state, and sorting out what a crash left behind.
#include <algorithm>
#include <set>
#include <utility>

#include "catalog/catalog.h"
#include "catalog/catalog_change.h"
#include "catalog/database.h"
#include "catalog/records.h"

namespace whittle {
namespace {

constexpr std::string_view kTemporarySuffix = ".tmp";
// A segment is as large as memory allowed when it was written; this bounds what a hostile directory can ask for.
constexpr uint64_t kMaxOrphanBytes = uint64_t{4} << 30;

bool EndsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

}  // namespace

Status Catalog::Load() {
  WHITTLE_RETURN_IF_ERROR(CheckOwnDirectories(env_, layout_));
  WHITTLE_ASSIGN_OR_RETURN(const auto segment_files, env_->files->List(layout_.segments));
  const Result<std::string> published = ReadFile(env_->files, layout_.manifest, kMaxManifestBytes);
  const Result<Manifest> manifest = published.ok() ? DecodeManifest(*published) : Result<Manifest>(published.status());
  if (manifest.status().code() == StatusCode::kUnsupported) return manifest.status().WithContext(layout_.manifest);

  Result<std::unique_ptr<Database>> database = Database::Open(env_->files, layout_.catalog);
  if (!database.ok() && database.status().code() == StatusCode::kCorrupt) {
    return Status(StatusCode::kCorrupt, layout_.catalog + ": is damaged (" + database.status().message() +
                                            "); 'whittle verify --rebuild' restores it from the segments");
  }
  WHITTLE_RETURN_IF_ERROR(database.status());
  database_ = std::move(*database);
  WHITTLE_ASSIGN_OR_RETURN(const std::optional<std::string> header, database_->Get(kHeaderKey));
  if (header) {
    WHITTLE_RETURN_IF_ERROR(DecodeHeader(*header, &state_).WithContext(layout_.catalog));
    WHITTLE_RETURN_IF_ERROR(LoadState());
    if (manifest.ok() && manifest->store_id == state_.store_id && manifest->version > state_.version) {
      WHITTLE_RETURN_IF_ERROR(TakeNewerManifest(*manifest));
    }
  } else {
    const bool has_segments = std::any_of(segment_files.begin(), segment_files.end(), [](const DirectoryEntry& entry) {
      return EndsWith(entry.name, kSegmentSuffix);
    });
    if (manifest.ok() || has_segments) {
      return Status(StatusCode::kCorrupt, layout_.catalog +
                                              ": the catalog of this store is gone; 'whittle verify "
                                              "--rebuild' restores it from the segments");
    }
    WHITTLE_RETURN_IF_ERROR(CreateState());
  }
  for (const auto& [id, source] : state_.sources) registry_.Note(source);
  WHITTLE_RETURN_IF_ERROR(Recover());
  const bool was_published =
      manifest.ok() && manifest->version == state_.version && manifest->journal_head == state_.journal_head;
  const bool is_published = header ? was_published : !unpublished_;  // what was just created, it was with that
  if (!is_published) WHITTLE_RETURN_IF_ERROR(Publish());
  static_cast<void>(RemoveGarbageLocked().ok());
  return failure_;
}

Status Catalog::LoadState() {
  Status damage;
  const auto keep = [&](const Status& status, std::string_view key) {
    if (!status.ok()) damage = status.WithContext(layout_.catalog + ": " + std::string(key));
    return status.ok();
  };
  WHITTLE_RETURN_IF_ERROR(database_->Scan(kSegmentPrefix, [&](std::string_view key, std::string_view value) {
    Result<SegmentMeta> meta = DecodeSegmentMeta(value);
    if (meta.ok()) state_.segments.push_back(std::move(*meta));
    return keep(meta.status(), key);
  }));
  std::stable_sort(state_.segments.begin(), state_.segments.end(),
                   [](const SegmentMeta& a, const SegmentMeta& b) { return a.commit < b.commit; });
  WHITTLE_RETURN_IF_ERROR(database_->Scan(kSourcePrefix, [&](std::string_view key, std::string_view value) {
    Result<SourceState> source = DecodeSourceState(value);
    if (source.ok()) state_.sources.emplace(key.substr(kSourcePrefix.size()), std::move(*source));
    return keep(source.status(), key);
  }));
  WHITTLE_RETURN_IF_ERROR(database_->Scan(kPublishedPrefix, [&](std::string_view key, std::string_view value) {
    state_.published.emplace(key.substr(kPublishedPrefix.size()), value);
    return true;
  }));
  WHITTLE_RETURN_IF_ERROR(database_->Scan(kGarbagePrefix, [&](std::string_view key, std::string_view value) {
    garbage_.emplace(key.substr(kGarbagePrefix.size()), DecodeTime(value));
    return true;
  }));
  return damage;
}

Status Catalog::CreateState() {
  WHITTLE_ASSIGN_OR_RETURN(const std::string id, env_->entropy->Bytes(16));
  state_.store_id = ToHex(HashBytes128(id));
  CatalogChange change;
  change.note = {"create", "", ""};
  change.names_author = true;
  return Apply(std::move(change));
}

// The database lost its newest commits (its log was damaged), but they were published. The state of the manifest is
// taken over; the lost journal entries are gone, and a journal entry says so.
Status Catalog::TakeNewerManifest(const Manifest& manifest) {
  Database::Batch batch;
  const auto put = [&batch](std::string_view prefix, const std::string& name, std::string value) {
    batch.puts.emplace_back(Key(prefix, name), std::move(value));
  };
  for (const SegmentMeta& old : state_.segments) {
    if (manifest.FindSegment(old.file_name) == nullptr) batch.removes.push_back(Key(kSegmentPrefix, old.file_name));
  }
  for (const SegmentMeta& segment : manifest.segments) {
    std::string value;
    EncodeSegmentMeta(segment, &value);
    put(kSegmentPrefix, segment.file_name, std::move(value));
  }
  for (const auto& [id, source] : manifest.sources) {
    std::string value;
    EncodeSourceState(source, &value);
    put(kSourcePrefix, id, std::move(value));
  }
  for (const auto& [name, value] : state_.published) {
    if (!manifest.published.contains(name)) batch.removes.push_back(Key(kPublishedPrefix, name));
  }
  for (const auto& [name, value] : manifest.published) put(kPublishedPrefix, name, value);
  const uint64_t lost = manifest.version - state_.version;
  WHITTLE_RETURN_IF_ERROR(database_->Write(batch));
  state_ = manifest;
  recovery_.from_manifest = true;
  CatalogChange change;
  change.note = {"recover", std::to_string(lost) + " commits taken over from MANIFEST; their journal entries are lost",
                 ""};
  change.names_author = true;
  change.resumes_from = manifest.journal_head;
  return Apply(std::move(change));
}

Status Catalog::Recover() {
  WHITTLE_ASSIGN_OR_RETURN(const auto entries, env_->files->List(layout_.segments));
  std::set<std::string> known, present;
  for (const SegmentMeta& segment : state_.segments) known.insert(segment.file_name);
  for (const DirectoryEntry& entry : entries) {
    if (entry.type != FileType::kRegular) continue;
    present.insert(entry.name);
    if (EndsWith(entry.name, kTemporarySuffix)) {
      WHITTLE_RETURN_IF_ERROR(env_->files->Remove(layout_.SegmentPath(entry.name)));
      ++recovery_.temporaries_removed;
    } else if (EndsWith(entry.name, kSegmentSuffix) && !known.contains(entry.name) && !garbage_.contains(entry.name)) {
      WHITTLE_RETURN_IF_ERROR(RecoverFile(entry.name));
    }
  }
  for (const std::string& name : known) {
    if (!present.contains(name)) recovery_.missing.push_back(name);
  }
  return Status::Ok();
}

// A segment file the catalog does not know: its commit did not get as far as the database, or it is a copy.
Status Catalog::RecoverFile(const std::string& file_name) {
  const std::string path = layout_.SegmentPath(file_name);
  const Result<std::string> footer = options_.read_footer(env_, path);
  Result<FooterEntry> entry = footer.ok() ? DecodeFooterEntry(*footer) : Result<FooterEntry>(footer.status());
  if (!entry.ok()) {
    const StatusCode code = entry.status().code();
    if (code == StatusCode::kCorrupt || code == StatusCode::kNotFound) return SetAside(file_name);
    return entry.status().WithContext(path);
  }
  SegmentMeta& meta = entry->meta;
  if (meta.coverage.empty() || !CheckSegmentMeta(meta).ok()) return SetAside(file_name);
  bool all_stored = true, any_stored = false;
  for (const SourceCoverage& coverage : meta.coverage) {
    const auto it = state_.sources.find(coverage.source_id);
    const bool known = it != state_.sources.end();
    all_stored = all_stored && known && it->second.bytes.Contains(coverage.bytes);
    any_stored = any_stored || (known && it->second.bytes.Intersects(coverage.bytes));
  }
  if (all_stored) {
    recovery_.duplicates.push_back(file_name);
    return env_->files->Remove(path);
  }
  if (any_stored) return SetAside(file_name);
  WHITTLE_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(env_->files, path, kMaxOrphanBytes));
  // The crash may have come before the directory was synced.
  WHITTLE_RETURN_IF_ERROR(env_->files->SyncDirectory(layout_.segments));
  meta.file_name = file_name;
  meta.file_bytes = bytes.size();
  meta.file_hash = HashBytes128(bytes);
  CatalogChange change;
  change.staged.push_back({"", std::move(meta), std::move(entry->sources), {}});
  change.adds_coverage = true;
  change.note = {"adopt", "found in the store without a catalog entry", ""};
  change.names_author = true;
  recovery_.adopted.push_back(file_name);
  return Apply(std::move(change));
}

Status Catalog::SetAside(const std::string& file_name) {
  recovery_.set_aside.push_back(file_name);
  const std::string path = layout_.SegmentPath(file_name);
  Status status = env_->files->RenameNoReplace(path, path + ".orphan");
  for (int n = 2; status.code() == StatusCode::kAlreadyExists && n < 100; ++n) {
    status = env_->files->RenameNoReplace(path, path + ".orphan" + std::to_string(n));
  }
  return status;
}

}  // namespace whittle
