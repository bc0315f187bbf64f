#include "pipeline/merge.h"

#include "catalog/catalog.h"
#include "catalog/manifest.h"
#include "catalog/marks.h"
#include "catalog/rebuild.h"
#include "catalog/segment_file.h"
#include "pipeline/quarantine.h"
#include "templates/overrides.h"

namespace whittle {
namespace {

// A segment is as large as memory allowed when it was written; this bounds what a damaged manifest can ask for.
constexpr uint64_t kMaxSegmentBytes = uint64_t{4} << 30;

// All of what `meta` covers is stored, not only some of it: by the bytes of each source.
bool AllCovered(const Manifest& manifest, const SegmentMeta& meta) {
  for (const SourceCoverage& coverage : meta.coverage) {
    bool found = coverage.bytes.empty();
    for (const SegmentMeta& segment : manifest.segments) {
      for (const SourceCoverage& other : segment.coverage) {
        found |= other.source_id == coverage.source_id && other.bytes == coverage.bytes;
      }
    }
    if (!found) return false;
  }
  return true;
}

Status CopySegment(const Env* env, const Snapshot& snapshot, const SegmentMeta& meta, Catalog* catalog,
                   MergeReport* report) {
  const std::string path = snapshot.SegmentPath(meta);
  WHITTLE_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(env->files, path, kMaxSegmentBytes));
  WHITTLE_ASSIGN_OR_RETURN(const std::string section, ReadSegmentEntry(env, path));
  WHITTLE_ASSIGN_OR_RETURN(FooterEntry entry, DecodeFooterEntry(section));
  SegmentCommit commit;
  commit.bytes = bytes;
  commit.meta = std::move(entry.meta);
  commit.sources = std::move(entry.sources);
  const auto committed = catalog->CommitSegment(std::move(commit));
  if (committed.ok()) {
    ++report->segments;
    report->records += committed->records;
    report->bytes += bytes.size();
    return Status::Ok();
  }
  if (committed.status().code() != StatusCode::kAlreadyExists) return committed.status().WithContext(path);
  if (AllCovered(catalog->manifest(), meta)) {
    report->twice.push_back(path);
  } else {
    report->refused.push_back(path + ": " + committed.status().message());
  }
  return Status::Ok();
}

// What segments count as quarantined goes along with them.
Status CopyQuarantine(const Env* env, const std::string& from, const std::string& to) {
  WHITTLE_ASSIGN_OR_RETURN(const auto entries, ListQuarantined(env, from));
  for (const QuarantineEntry& entry : entries) {
    WHITTLE_ASSIGN_OR_RETURN(const QuarantinedMessage message, ReadQuarantined(env, from, entry.file));
    WHITTLE_RETURN_IF_ERROR(WriteQuarantined(env, to, message));
  }
  return Status::Ok();
}

}  // namespace

Result<MergeReport> MergeStores(const Env* env, const std::vector<std::string>& stores, const std::string& to,
                                const std::atomic<bool>* stop) {
  MergeReport report;
  std::vector<Snapshot> snapshots;
  for (const std::string& store : stores) {
    WHITTLE_ASSIGN_OR_RETURN(Snapshot snapshot, TakeSnapshotOfAny(env, store));
    snapshots.push_back(std::move(snapshot));
  }
  WHITTLE_ASSIGN_OR_RETURN(auto catalog, Catalog::Open(env, to));
  if (!catalog->manifest().segments.empty())
    return Status(StatusCode::kUsage, to + ": holds events already; merge into a new store");
  Overrides overrides;
  for (const Snapshot& snapshot : snapshots) {
    ++report.stores;
    const auto published = snapshot.manifest.published.find(kPublishedOverrides);
    if (published != snapshot.manifest.published.end()) {
      WHITTLE_ASSIGN_OR_RETURN(Overrides some,
                               ParseOverrides(published->second, snapshot.dir + ": template overrides"));
      overrides.Add(std::move(some));
    }
    for (const SegmentMeta& meta : snapshot.manifest.segments) {
      if (stop != nullptr && stop->load())
        return Status(StatusCode::kCancelled, "stopped; " + to + " holds a part and can be removed");
      WHITTLE_RETURN_IF_ERROR(CopySegment(env, snapshot, meta, catalog.get(), &report));
    }
    WHITTLE_RETURN_IF_ERROR(CopyQuarantine(env, snapshot.dir, to));
    WHITTLE_ASSIGN_OR_RETURN(const std::vector<Mark> marks, ReadMarks(env, snapshot.dir));
    for (const Mark& mark : marks) WHITTLE_RETURN_IF_ERROR(AddMark(env, to, mark));
  }
  CatalogRecords records;
  if (!overrides.empty()) records.published[kPublishedOverrides] = FormatOverrides(overrides);
  std::string from;
  for (const std::string& store : stores) from.append(from.empty() ? "" : ", ").append(store);
  WHITTLE_RETURN_IF_ERROR(catalog->Update({}, records, ChangeNote{"merge", "merged " + from, ""}));
  WHITTLE_RETURN_IF_ERROR(catalog->Close());
  return report;
}

}  // namespace whittle
