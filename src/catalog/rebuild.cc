#include "catalog/rebuild.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "catalog/catalog_change.h"
#include "catalog/database.h"
#include "catalog/records.h"

namespace whittle {
namespace {

constexpr uint64_t kMaxSegmentBytes = uint64_t{4} << 30;

bool IsSegmentName(std::string_view name) {
  return name.size() > kSegmentSuffix.size() && name.substr(name.size() - kSegmentSuffix.size()) == kSegmentSuffix;
}

Result<FooterEntry> ReadEntry(const Env* env, const std::string& path, const FooterEntryReader& read_footer) {
  WHITTLE_ASSIGN_OR_RETURN(const std::string footer, read_footer(env, path));
  WHITTLE_ASSIGN_OR_RETURN(FooterEntry entry, DecodeFooterEntry(footer));
  WHITTLE_RETURN_IF_ERROR(CheckSegmentMeta(entry.meta));
  if (entry.meta.coverage.empty()) return Status(StatusCode::kCorrupt, "it covers no source");
  WHITTLE_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(env->files, path, kMaxSegmentBytes));
  entry.meta.file_name = BaseName(path);
  entry.meta.file_bytes = bytes.size();
  entry.meta.file_hash = HashBytes128(bytes);
  return entry;
}

// Sorts out which of the entries, newest first, can stand together.
void Select(std::vector<FooterEntry> newest_first, SegmentSurvey* survey) {
  std::map<std::string, IntervalSet> covered;
  for (FooterEntry& entry : newest_first) {
    bool any = false, all = true;
    for (const SourceCoverage& coverage : entry.meta.coverage) {
      const IntervalSet& already = covered[coverage.source_id];
      any = any || already.Intersects(coverage.bytes);
      all = all && already.Contains(coverage.bytes);
    }
    if (all) {
      survey->duplicates.push_back(entry.meta.file_name);
    } else if (any) {
      survey->conflicting.push_back(entry.meta.file_name);
    } else {
      for (const SourceCoverage& coverage : entry.meta.coverage) covered[coverage.source_id].Add(coverage.bytes);
      survey->entries.push_back(std::move(entry));
    }
  }
  std::reverse(survey->entries.begin(), survey->entries.end());
}

CatalogChange ChangeFromSurvey(std::vector<FooterEntry> entries) {
  CatalogChange change;
  change.adds_coverage = true;
  for (FooterEntry& entry : entries) {
    change.staged.push_back({"", std::move(entry.meta), std::move(entry.sources), {}});
  }
  return change;
}

// True when the catalog opens and has its header: then there is nothing to restore.
bool CatalogIsHealthy(const Env* env, const StoreLayout& layout) {
  const auto exists = FileExists(env->files, JoinPath(layout.catalog, "CURRENT"));
  if (!exists.ok() || !*exists) return false;
  const auto database = Database::Open(env->files, layout.catalog);
  if (!database.ok()) return false;
  const auto header = (*database)->Get(kHeaderKey);
  const bool healthy = header.ok() && header->has_value();
  static_cast<void>((*database)->Close().ok());
  return healthy;
}

Status ClearCatalogDirectory(const Env* env, const StoreLayout& layout) {
  const Status made = env->files->MakeDirectory(layout.catalog);
  if (made.ok()) return env->files->SyncDirectory(layout.dir);
  if (made.code() != StatusCode::kAlreadyExists) return made;
  WHITTLE_ASSIGN_OR_RETURN(const auto entries, env->files->List(layout.catalog));
  for (const DirectoryEntry& entry : entries) {
    WHITTLE_RETURN_IF_ERROR(env->files->Remove(JoinPath(layout.catalog, entry.name)));
  }
  return env->files->SyncDirectory(layout.catalog);
}

std::string Describe(const SourceState& source, const IntervalSet& restored) {
  uint64_t lost = 0;
  for (const Interval& interval : source.bytes.ToVector()) {
    IntervalSet rest = restored;
    const uint64_t before = rest.Total();
    rest.Add(interval);
    lost += rest.Total() - before;
  }
  if (lost == 0) return "";
  return source.name() + ": " + std::to_string(lost) + " bytes were stored, but their segments are gone";
}

class Rebuilder {
 public:
  Rebuilder(const Env* env, const std::string& dir) : env_(env), layout_(dir) {}

  Result<RebuildReport> Run(const FooterEntryReader& read_footer) {
    WHITTLE_RETURN_IF_ERROR(CheckOrMark());
    Result<std::unique_ptr<FileLock>> lock = env_->files->Lock(layout_.lock);
    if (!lock.ok() && lock.status().code() == StatusCode::kBusy) {
      return Status(StatusCode::kBusy,
                    layout_.dir + ": another whittle is writing to this store; its catalog is in use");
    }
    WHITTLE_RETURN_IF_ERROR(lock.status());
    if (CatalogIsHealthy(env_, layout_)) {
      report_.needed = false;
      lock->reset();
      return Refresh(read_footer);
    }
    ReadOldManifest();
    WHITTLE_ASSIGN_OR_RETURN(report_.survey, SurveySegments(env_, layout_.segments, read_footer));
    WHITTLE_RETURN_IF_ERROR(ClearCatalogDirectory(env_, layout_));
    WHITTLE_RETURN_IF_ERROR(Restore());
    Explain();
    return std::move(report_);
  }

 private:
  // An ordinary opening settles what a crash left, and publishes MANIFEST if that is what was lost.
  Result<RebuildReport> Refresh(const FooterEntryReader& read_footer) {
    CatalogOptions options;
    options.create = false;
    options.read_footer = read_footer;
    WHITTLE_ASSIGN_OR_RETURN(const auto catalog, Catalog::Open(env_, layout_.dir, options));
    WHITTLE_RETURN_IF_ERROR(catalog->Close());
    return std::move(report_);
  }

  // Segments may have outlived even FORMAT.
  Status CheckOrMark() {
    const Status status = CheckStore(env_, layout_.dir);
    if (status.code() != StatusCode::kUsage) return status;
    const auto entries = env_->files->List(layout_.segments);
    if (!entries.ok()) return status;
    const bool segments = std::any_of(entries->begin(), entries->end(),
                                      [](const DirectoryEntry& entry) { return IsSegmentName(entry.name); });
    return segments ? WriteStoreFormat(env_, layout_.dir) : status;
  }

  void ReadOldManifest() {
    Result<Manifest> manifest = ReadManifest(env_, layout_.dir);
    if (manifest.ok()) old_ = std::move(*manifest);
  }

  Status Restore() {
    if (old_) {
      state_.store_id = old_->store_id;
      state_.version = old_->version;
      state_.journal_head = old_->journal_head;
      state_.next_segment = old_->next_segment;
    } else {
      WHITTLE_ASSIGN_OR_RETURN(const std::string id, env_->entropy->Bytes(16));
      state_.store_id = ToHex(HashBytes128(id));
    }
    report_.segments = report_.survey.entries.size();
    state_.next_segment = std::max<uint64_t>(state_.next_segment, report_.segments + 1);
    CatalogChange change = ChangeFromSurvey(std::move(report_.survey.entries));
    report_.survey.entries.clear();
    if (old_) {
      const std::map<std::string, IntervalSet> restored = CoverageOf(change);
      for (const auto& [id, source] : old_->sources) {
        change.sources.push_back(source);
        // What was lost is to be read again when the file is offered.
        const auto it = restored.find(id);
        const bool whole = it == restored.end() ? source.bytes.empty() : it->second.Contains(source.bytes);
        if (!whole) change.sources.back().finished = false;
      }
      change.records.published = old_->published;
      change.resumes_from = old_->journal_head;
    }
    change.names_author = true;
    change.note = {"rebuild", "restored from " + std::to_string(report_.segments) + " segments", ""};
    ChangePlan plan = PlanChange(state_, std::move(change), env_, true);
    WHITTLE_ASSIGN_OR_RETURN(const auto database, Database::Open(env_->files, layout_.catalog));
    WHITTLE_RETURN_IF_ERROR(database->Write(plan.batch));
    WHITTLE_RETURN_IF_ERROR(database->Close());
    plan.ApplyTo(&state_);
    report_.sources = state_.sources.size();
    return PublishManifest(env_, layout_.dir, state_).status();
  }

  static std::map<std::string, IntervalSet> CoverageOf(const CatalogChange& change) {
    std::map<std::string, IntervalSet> bytes;
    for (const StagedSegment& one : change.staged) {
      for (const SourceCoverage& coverage : one.meta.coverage) bytes[coverage.source_id].Add(coverage.bytes);
    }
    return bytes;
  }

  void Explain() {
    auto& lines = report_.not_restored;
    lines.push_back(old_ ? "journal: the entries before version " + std::to_string(state_.version)
                         : std::string("journal: all entries before this one"));
    lines.push_back("state of running programs that was kept in the catalog only (samplers, aliases in use)");
    if (!old_) {
      lines.push_back("template names, merges and other corrections (they stood in MANIFEST, which is gone as well)");
      lines.push_back("sources that gave no line: empty and unreadable files");
      return;
    }
    for (const auto& [id, source] : old_->sources) {
      const std::string line = Describe(source, state_.sources.at(id).bytes);
      if (!line.empty()) lines.push_back(line);
    }
  }

  const Env* const env_;
  const StoreLayout layout_;
  std::optional<Manifest> old_;
  Manifest state_;
  RebuildReport report_;
};

}  // namespace

Result<SegmentSurvey> SurveySegments(const Env* env, const std::string& segments_dir,
                                     const FooterEntryReader& read_footer) {
  WHITTLE_ASSIGN_OR_RETURN(const auto files, env->files->List(segments_dir));
  SegmentSurvey survey;
  std::vector<FooterEntry> entries;
  for (const DirectoryEntry& file : files) {
    if (!IsSegmentName(file.name)) continue;
    Result<FooterEntry> entry = ReadEntry(env, JoinPath(segments_dir, file.name), read_footer);
    if (entry.ok()) {
      entries.push_back(std::move(*entry));
    } else if (entry.status().code() == StatusCode::kUnsupported) {
      return entry.status().WithContext(JoinPath(segments_dir, file.name));
    } else {
      survey.unreadable.push_back(file.name + ": " + entry.status().message());
    }
  }
  std::sort(entries.begin(), entries.end(), [](const FooterEntry& a, const FooterEntry& b) {
    if (a.meta.created_ns != b.meta.created_ns) return a.meta.created_ns > b.meta.created_ns;
    return a.meta.file_name > b.meta.file_name;
  });
  Select(std::move(entries), &survey);
  return survey;
}

Result<Snapshot> TakeSnapshotOfAny(const Env* env, const std::string& dir, SegmentSurvey* left_out,
                                   const FooterEntryReader& read_footer) {
  Result<Snapshot> store = TakeSnapshot(env, dir);
  if (store.ok() || store.status().code() != StatusCode::kUsage) return store;
  Result<SegmentSurvey> survey = SurveySegments(env, dir, read_footer);
  if (!survey.ok() || survey->entries.empty()) {
    return survey.ok() || survey.status().code() != StatusCode::kUnsupported ? store.status() : survey.status();
  }
  Snapshot snapshot;
  snapshot.dir = snapshot.segments_dir = dir;
  PlanChange(snapshot.manifest, ChangeFromSurvey(std::move(survey->entries)), env, false).ApplyTo(&snapshot.manifest);
  if (left_out != nullptr) {
    survey->entries.clear();
    *left_out = std::move(*survey);
  }
  return snapshot;
}

Result<RebuildReport> RebuildCatalog(const Env* env, const std::string& dir, const FooterEntryReader& read_footer) {
  return Rebuilder(env, dir).Run(read_footer);
}

}  // namespace whittle
