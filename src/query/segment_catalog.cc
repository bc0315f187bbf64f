#include "query/segment_catalog.h"

#include <algorithm>
#include <iterator>

#include "catalog/segment_file.h"
#include "catalog/segment_meta.h"
#include "catalog/store_layout.h"

namespace whittle {
namespace {

// A store is compacted while it is being opened at most this often before that is called a fault.
constexpr int kMaxSnapshots = 5;

// A plain directory knows only what its segments say.
Result<std::optional<KafkaRange>> KafkaRangeOf(const SegmentReader& reader) {
  WHITTLE_ASSIGN_OR_RETURN(const std::string bytes, reader.LoadSection(kCatalogEntrySection));
  WHITTLE_ASSIGN_OR_RETURN(FooterEntry entry, DecodeFooterEntry(bytes));
  return std::move(entry.meta.kafka);
}

Status ReadFooters(const Env* env, const std::vector<std::string>& paths, std::vector<SegmentFile>* segments) {
  segments->clear();
  for (const std::string& path : paths) {
    WHITTLE_ASSIGN_OR_RETURN(const auto reader, OpenSegment(env, path));
    SegmentFile file{path, reader->footer(), std::nullopt, std::nullopt, std::nullopt};
    const auto of_kafka = [](const SectionInfo& s) { return s.id == static_cast<uint16_t>(SectionId::kKafka); };
    if (std::any_of(file.footer.sections.begin(), file.footer.sections.end(), of_kafka)) {
      WHITTLE_ASSIGN_OR_RETURN(file.kafka, KafkaRangeOf(*reader));
    }
    if (file.footer.min_time_ns != kNoTime && file.footer.max_time_ns != kNoTime) {
      file.min_time_ns = file.footer.min_time_ns;
      file.max_time_ns = file.footer.max_time_ns;
    }
    segments->push_back(std::move(file));
  }
  return Status::Ok();
}

Result<SegmentList> ListStore(const Env* env, const std::string& dir) {
  for (int attempt = 1;; ++attempt) {
    SegmentList list;
    WHITTLE_ASSIGN_OR_RETURN(Snapshot taken, TakeSnapshot(env, dir));
    list.snapshots.push_back(std::move(taken));
    const Snapshot& snapshot = list.snapshots.back();
    std::vector<std::string> paths;
    for (const SegmentMeta& meta : snapshot.manifest.segments) paths.push_back(snapshot.SegmentPath(meta));
    const Status status = ReadFooters(env, paths, &list.segments);
    if (status.ok()) {
      const auto& metas = snapshot.manifest.segments;
      for (size_t i = 0; i < metas.size(); ++i) {
        if (!metas[i].has_time) continue;
        list.segments[i].min_time_ns = metas[i].min_time_ns;
        list.segments[i].max_time_ns = metas[i].max_time_ns;
      }
      return list;
    }
    if (status.code() != StatusCode::kNotFound || attempt == kMaxSnapshots) return status;
  }
}

// Names of the segment files directly in `dir`; they sort by creation.
Result<std::vector<std::string>> SegmentPathsIn(const Env* env, const std::string& dir) {
  std::vector<std::string> paths;
  WHITTLE_ASSIGN_OR_RETURN(const auto entries, env->files->List(dir));
  for (const DirectoryEntry& entry : entries) {
    if (entry.type == FileType::kRegular && entry.name.ends_with(kSegmentSuffix))
      paths.push_back(JoinPath(dir, entry.name));
  }
  return paths;
}

}  // namespace

Result<std::unique_ptr<SegmentReader>> OpenSegment(const Env* env, const std::string& path) {
  WHITTLE_ASSIGN_OR_RETURN(auto source, OpenSegmentFile(env, path));
  auto reader = SegmentReader::Open(std::move(source));
  if (!reader.ok()) return reader.status().WithContext(path);
  return reader;
}

Result<SegmentList> ListSegments(const Env* env, const std::string& path) {
  const Result<FileInfo> found = env->files->Stat(path);
  if (!found.ok() && found.status().code() == StatusCode::kNotFound) {
    return Status(StatusCode::kUsage, path + ": there is no such store; whittle ingest makes one");
  }
  WHITTLE_ASSIGN_OR_RETURN(const FileInfo info, found);
  SegmentList list;
  if (info.type == FileType::kRegular) {
    WHITTLE_RETURN_IF_ERROR(ReadFooters(env, {path}, &list.segments));
    return list;
  }
  const Status store = CheckStore(env, path);
  if (store.ok()) return ListStore(env, path);
  if (store.code() == StatusCode::kUnsupported) return store;
  WHITTLE_ASSIGN_OR_RETURN(auto paths, SegmentPathsIn(env, path));
  if (paths.empty()) return store;
  WHITTLE_RETURN_IF_ERROR(ReadFooters(env, paths, &list.segments));
  return list;
}

Result<SegmentList> ListSegments(const Env* env, const std::vector<std::string>& paths) {
  SegmentList all;
  for (const std::string& path : paths) {
    WHITTLE_ASSIGN_OR_RETURN(SegmentList one, ListSegments(env, path));
    std::move(one.segments.begin(), one.segments.end(), std::back_inserter(all.segments));
    std::move(one.snapshots.begin(), one.snapshots.end(), std::back_inserter(all.snapshots));
  }
  return all;
}

}  // namespace whittle
