#include "catalog/catalog.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "catalog/catalog_change.h"
#include "catalog/database.h"
#include "catalog/records.h"

namespace whittle {
namespace {

constexpr std::string_view kTemporarySuffix = ".tmp";
// Publishing takes at most one part of this many of the time; 40,000 sources make a manifest of about 16 MB.
constexpr int64_t kPublishShare = 10;
constexpr uint64_t kLargeManifestBytes = 1 << 20;

bool EndsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

// "00000017-9f3c2a5b.wseg": the number keeps names in order, the hash keeps those of different stores apart.
std::string NameFor(uint64_t number, const Hash128& hash) {
  char text[32];
  std::snprintf(text, sizeof(text), "%08llu-", static_cast<unsigned long long>(number));
  return text + ToHex(hash.high).substr(0, 8) + std::string(kSegmentSuffix);
}

Status CheckFileName(const std::string& name) {
  if (name.empty() || (EndsWith(name, kSegmentSuffix) && name.find('/') == std::string::npos && name.front() != '.')) {
    return Status::Ok();
  }
  return Status(StatusCode::kUsage, name + ": is not a segment file name");
}

}  // namespace

bool RecoveryReport::empty() const {
  return adopted.empty() && duplicates.empty() && set_aside.empty() && missing.empty() && temporaries_removed == 0 &&
         !from_manifest;
}

Catalog::Catalog(const Env* env, const std::string& dir, CatalogOptions options)
    : env_(env), layout_(dir), options_(std::move(options)), registry_(env) {}

Catalog::~Catalog() { static_cast<void>(Close().ok()); }

Result<std::unique_ptr<Catalog>> Catalog::Open(const Env* env, const std::string& dir, CatalogOptions options) {
  WHITTLE_RETURN_IF_ERROR(options.create ? CreateStoreIfMissing(env, dir) : CheckStore(env, dir));
  std::unique_ptr<Catalog> catalog(new Catalog(env, dir, std::move(options)));
  Result<std::unique_ptr<FileLock>> lock = env->files->Lock(catalog->layout_.lock);
  if (!lock.ok() && lock.status().code() == StatusCode::kBusy) {
    return Status(StatusCode::kBusy, dir +
                                         ": another whittle is writing to this store; wait until it has finished, or "
                                         "name another store with --store");
  }
  WHITTLE_RETURN_IF_ERROR(lock.status());
  catalog->lock_ = std::move(*lock);
  WHITTLE_RETURN_IF_ERROR(catalog->Load());
  return catalog;
}

Status Catalog::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return Status::Ok();
  closed_ = true;
  Status status;
  if (database_ != nullptr) {
    if (failure_.ok() && unpublished_) status = Publish();
    if (failure_.ok()) static_cast<void>(RemoveGarbageLocked().ok());  // the next Open tries again
    const Status closed = database_->Close();
    if (status.ok()) status = closed;
    database_.reset();
  }
  lock_.reset();
  return status;
}

bool Catalog::failed() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !failure_.ok();
}

Status Catalog::CheckUsable() const {
  if (closed_) return Status(StatusCode::kIo, layout_.dir + ": the store is closed");
  if (!failure_.ok()) {
    return failure_.WithContext(layout_.dir + ": nothing more is written after an error; run the command again");
  }
  return Status::Ok();
}

Result<StagedSegment> Catalog::Stage(SegmentCommit commit) {
  WHITTLE_RETURN_IF_ERROR(CheckFileName(commit.file_name));
  WHITTLE_RETURN_IF_ERROR(CheckSegmentMeta(commit.meta));
  if (commit.meta.coverage.empty()) return Status(StatusCode::kCorrupt, "a segment covers no source");
  StagedSegment staged;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    WHITTLE_RETURN_IF_ERROR(CheckUsable());
    staged.temporary =
        layout_.SegmentPath("commit-" + std::to_string(next_temporary_++) + std::string(kTemporarySuffix));
  }
  staged.meta = std::move(commit.meta);
  staged.meta.file_name = std::move(commit.file_name);
  staged.meta.file_bytes = commit.bytes.size();
  staged.meta.file_hash = HashBytes128(commit.bytes);
  staged.sources = std::move(commit.sources);
  staged.records = std::move(commit.records);
  const auto write = [&]() -> Status {
    WHITTLE_ASSIGN_OR_RETURN(const auto file, env_->files->OpenForWrite(staged.temporary, WriteMode::kTruncate));
    WHITTLE_RETURN_IF_ERROR(file->Append(commit.bytes));
    WHITTLE_RETURN_IF_ERROR(file->Sync());
    return file->Close();
  };
  if (Status status = write(); !status.ok()) {
    Discard({staged});
    return status;
  }
  return staged;
}

void Catalog::Discard(const std::vector<StagedSegment>& staged) {
  // Best effort: what stays is removed by the next Open.
  for (const StagedSegment& one : staged) static_cast<void>(env_->files->Remove(one.temporary).ok());
}

// Gives the staged files their names. Nothing refers to them yet, so an error leaves at worst a file that the next Open
// recognises as a duplicate or adopts.
Status Catalog::Install(std::vector<StagedSegment>* staged) {
  for (StagedSegment& one : *staged) {
    const bool named = !one.meta.file_name.empty();
    while (true) {
      if (!named) one.meta.file_name = NameFor(state_.next_segment++, one.meta.file_hash);
      const Status status = env_->files->RenameNoReplace(one.temporary, layout_.SegmentPath(one.meta.file_name));
      if (status.ok()) break;
      if (!named && status.code() == StatusCode::kAlreadyExists) continue;
      return status;
    }
  }
  return env_->files->SyncDirectory(layout_.segments);
}

Status Catalog::CheckUncovered(const SegmentMeta& meta) const {
  for (const SourceCoverage& coverage : meta.coverage) {
    const auto it = state_.sources.find(coverage.source_id);
    if (it == state_.sources.end() || !it->second.bytes.Intersects(coverage.bytes)) continue;
    return Status(StatusCode::kAlreadyExists,
                  it->second.name() + ": some of these bytes are in the store already; nothing was written");
  }
  return Status::Ok();
}

Result<SegmentMeta> Catalog::CommitSegment(SegmentCommit commit) {
  std::vector<StagedSegment> staged;
  WHITTLE_ASSIGN_OR_RETURN(StagedSegment one, Stage(std::move(commit)));
  staged.push_back(std::move(one));

  const std::lock_guard<std::mutex> lock(mutex_);
  Status status = CheckUsable();
  if (status.ok()) status = CheckUncovered(staged[0].meta);
  if (status.ok()) status = Install(&staged);
  if (!status.ok()) {
    Discard(staged);
    return status;
  }
  CatalogChange change;
  change.staged = std::move(staged);
  change.adds_coverage = true;
  change.note = {"commit", "", policy_hash_};
  WHITTLE_RETURN_IF_ERROR(Apply(std::move(change), false));
  static_cast<void>(RemoveGarbageLocked().ok());
  return state_.segments.back();
}

Status Catalog::CheckReplacement(const std::vector<std::string>& old_files,
                                 const std::vector<StagedSegment>& staged) const {
  struct Sum {
    IntervalSet bytes, lines;
    Tally in;
    bool operator==(const Sum&) const = default;
  };
  std::map<std::string, Sum> before, after;
  const auto add = [](const SegmentMeta& meta, std::map<std::string, Sum>* sums) {
    for (const SourceCoverage& coverage : meta.coverage) {
      Sum& sum = (*sums)[coverage.source_id];
      sum.bytes.Add(coverage.bytes);
      sum.lines.Add(coverage.lines);
      sum.in += coverage.ledger.in;
    }
  };
  for (const std::string& name : old_files) {
    const SegmentMeta* const segment = state_.FindSegment(name);
    if (segment == nullptr) return Status(StatusCode::kNotFound, name + ": is not a segment of this store");
    add(*segment, &before);
  }
  for (const StagedSegment& one : staged) add(one.meta, &after);
  if (before == after) return Status::Ok();
  return Status(StatusCode::kCorrupt, "replacing segments would change what the store covers; nothing was changed");
}

Status Catalog::ReplaceSegments(const std::vector<std::string>& old_files, std::vector<SegmentCommit> commits,
                                const ChangeNote& note) {
  std::vector<StagedSegment> staged;
  Status status;
  for (SegmentCommit& commit : commits) {
    Result<StagedSegment> one = Stage(std::move(commit));
    if (!one.ok()) {
      status = one.status();
      break;
    }
    staged.push_back(std::move(*one));
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (status.ok()) status = CheckUsable();
  if (status.ok()) status = CheckReplacement(old_files, staged);
  if (status.ok()) status = Install(&staged);
  if (!status.ok()) {
    Discard(staged);
    return status;
  }
  CatalogChange change;
  change.staged = std::move(staged);
  change.old_files = old_files;
  change.note = note;
  change.names_author = true;
  WHITTLE_RETURN_IF_ERROR(Apply(std::move(change)));
  static_cast<void>(RemoveGarbageLocked().ok());
  return Status::Ok();
}

Status Catalog::Update(const std::vector<SourceIdentity>& sources, const CatalogRecords& records,
                       const std::optional<ChangeNote>& note) {
  const std::lock_guard<std::mutex> lock(mutex_);
  WHITTLE_RETURN_IF_ERROR(CheckUsable());
  CatalogChange change;
  change.sources = sources;
  change.records = records;
  change.note = note.value_or(ChangeNote{"update", "", policy_hash_});
  change.names_author = note.has_value();
  return Apply(std::move(change));
}

Status Catalog::Apply(CatalogChange change, bool publish_now) {
  // A write that failed may still be in the log, so nothing may be committed on top of what we believe.
  ChangePlan plan = PlanChange(state_, std::move(change), env_, !std::exchange(signed_, true));
  if (Status status = database_->Write(plan.batch); !status.ok()) return failure_ = status;
  for (const auto& [file, since] : plan.garbage) garbage_[file] = since;
  for (const std::string& id : plan.changed_sources) registry_.Note(plan.sources.at(id));
  plan.ApplyTo(&state_);
  unpublished_ = true;
  return publish_now || env_->clock->SteadyNs() >= publish_after_ns_ ? Publish() : Status::Ok();
}

Status Catalog::Publish() {
  const int64_t start = env_->clock->SteadyNs();
  const Result<uint64_t> bytes = PublishManifest(env_, layout_.dir, state_);
  if (!bytes.ok()) return failure_ = bytes.status();
  unpublished_ = false;
  const int64_t end = env_->clock->SteadyNs();
  if (*bytes >= kLargeManifestBytes) publish_after_ns_ = end + (end - start) * (kPublishShare - 1);
  return Status::Ok();
}

Status Catalog::PublishPending() {
  const std::lock_guard<std::mutex> lock(mutex_);
  WHITTLE_RETURN_IF_ERROR(CheckUsable());
  return unpublished_ && env_->clock->SteadyNs() >= publish_after_ns_ ? Publish() : Status::Ok();
}

Status Catalog::RemoveGarbage() {
  const std::lock_guard<std::mutex> lock(mutex_);
  WHITTLE_RETURN_IF_ERROR(CheckUsable());
  return RemoveGarbageLocked();
}

Status Catalog::RemoveGarbageLocked() {
  if (garbage_.empty()) return Status::Ok();
  const Result<std::unique_ptr<FileLock>> pin = env_->files->Lock(layout_.readers);
  const int64_t now = env_->clock->WallNs();
  Database::Batch batch;
  Status first_error;
  // The manifest without these files must be on the disk before they go.
  WHITTLE_RETURN_IF_ERROR(env_->files->SyncDirectory(layout_.dir));
  for (const auto& [file, since] : garbage_) {
    if (!pin.ok() && now - since < kPinPatienceNs) continue;
    const Status removed = env_->files->Remove(layout_.SegmentPath(file));
    if (removed.ok() || removed.code() == StatusCode::kNotFound) {
      batch.removes.push_back(Key(kGarbagePrefix, file));
    } else if (first_error.ok()) {
      first_error = removed;
    }
  }
  if (batch.removes.empty()) return first_error;
  WHITTLE_RETURN_IF_ERROR(env_->files->SyncDirectory(layout_.segments));
  if (Status status = database_->Write(batch); !status.ok()) return failure_ = status;
  for (const std::string& key : batch.removes) garbage_.erase(key.substr(kGarbagePrefix.size()));
  return first_error;
}

void Catalog::SetPolicyHash(std::string policy_hash) {
  const std::lock_guard<std::mutex> lock(mutex_);
  policy_hash_ = std::move(policy_hash);
}

Result<std::optional<std::string>> Catalog::ReadPrivate(const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return CheckUsable();
  return database_->Get(Key(kPrivatePrefix, name));
}

Result<std::vector<JournalEntry>> Catalog::ReadJournal() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return CheckUsable();
  std::vector<JournalEntry> entries;
  std::string head = kJournalStart;
  Status status;
  WHITTLE_RETURN_IF_ERROR(database_->Scan(kJournalPrefix, [&](std::string_view key, std::string_view value) {
    Result<JournalEntry> entry = DecodeJournalEntry(value);
    if (!entry.ok() || JournalKey(entry->version) != key) {
      status = Status(StatusCode::kCorrupt, "journal entry " + std::to_string(entries.size() + 1) + " is damaged");
      return false;
    }
    if (!entry->resumes_from.empty()) head = entry->resumes_from;
    head = ChainHash(head, value);
    entries.push_back(std::move(*entry));
    return true;
  }));
  WHITTLE_RETURN_IF_ERROR(status);
  if (head != state_.journal_head) {
    return Status(StatusCode::kCorrupt, "the journal does not lead to the hash in the manifest: entries were changed");
  }
  return entries;
}

Manifest Catalog::manifest() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return state_;
}

std::optional<SourceState> Catalog::FindSource(const std::string& id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto it = state_.sources.find(id);
  return it == state_.sources.end() ? std::nullopt : std::optional<SourceState>(it->second);
}

}  // namespace whittle
