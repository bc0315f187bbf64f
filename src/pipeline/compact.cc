#include "pipeline/compact.h"

#include <algorithm>
#include <set>

#include "pipeline/segment_rewriter.h"
#include "query/segment_catalog.h"

namespace whittle {
namespace {

// A segment of less than this part of the target is small.
constexpr uint64_t kSmallPart = 2;
// Segments that become one. More would keep too many files' frames in memory; the result is merged again next time.
constexpr size_t kMaxGroup = 512;
// Said by the footer of a segment that was compressed as hard as possible: nothing is left to gain there.
constexpr std::string_view kMaxEffortMark = "; max";

uint64_t SegmentBytes(const Manifest& manifest) {
  uint64_t bytes = 0;
  for (const SegmentMeta& meta : manifest.segments) bytes += meta.file_bytes;
  return bytes;
}

class Compactor {
 public:
  Compactor(const Env* env, Catalog* catalog, WorkerPool* pool, const CompactOptions& options,
            const CompactHooks& hooks)
      : env_(env), catalog_(*catalog), options_(options), hooks_(hooks), manifest_(catalog->manifest()) {
    rewrite_.builder.encode.max_effort = options.max_effort;
    rewrite_.builder.encode.writer = options.writer + std::string(options.max_effort ? kMaxEffortMark : "");
    if (pool != nullptr) {
      rewrite_.builder.encode.parallel_for = pool->AsParallelFor();
    }
  }

  Result<CompactReport> Run() {
    report_.segments_before = manifest_.segments.size();
    report_.bytes_before = SegmentBytes(manifest_);
    WHITTLE_ASSIGN_OR_RETURN(const std::vector<std::vector<SegmentMeta>> groups, Groups());
    if (!groups.empty()) WHITTLE_RETURN_IF_ERROR(RewriteGroups(groups));
    const Manifest after = catalog_.manifest();
    report_.segments_after = after.segments.size();
    report_.bytes_after = SegmentBytes(after);
    return std::move(report_);
  }

 private:
  std::string PathOf(const SegmentMeta& meta) const { return catalog_.layout().SegmentPath(meta.file_name); }
  bool Stopped() const { return hooks_.stop != nullptr && hooks_.stop->load(); }

  // With max_effort: has somebody compressed it already?
  Result<bool> IsDone(const SegmentMeta& meta) const {
    WHITTLE_ASSIGN_OR_RETURN(const auto reader, OpenSegment(env_, PathOf(meta)));
    return std::string_view(reader->footer().writer).ends_with(kMaxEffortMark);
  }

  // Neighbours in order of their commit, so that stretches of one source become one, up to the target size.
  Result<std::vector<std::vector<SegmentMeta>>> Groups() {
    std::vector<std::vector<SegmentMeta>> groups;
    std::vector<SegmentMeta> open;
    uint64_t open_weight = 0;
    const auto close = [&] {
      if (open.size() > 1 || (open.size() == 1 && options_.max_effort)) groups.push_back(open);
      open.clear();
      open_weight = 0;
    };
    for (const SegmentMeta& meta : manifest_.segments) {
      const bool small = IsSmallSegment(meta, options_.target_bytes);
      bool wanted = small;
      if (options_.max_effort && (!wanted || open.empty())) {
        const Result<bool> done = IsDone(meta);
        if (!done.ok()) return done.status();
        if (*done && !small) continue;
        wanted = wanted || !*done;
      }
      if (!wanted) continue;
      if (meta.kafka || open_weight + CompactionWeight(meta) > options_.target_bytes || open.size() == kMaxGroup)
        close();
      open.push_back(meta);
      open_weight += CompactionWeight(meta);
      if (meta.kafka) close();
    }
    close();
    return groups;
  }

  Status RewriteGroups(const std::vector<std::vector<SegmentMeta>>& groups) {
    size_t total = 0, done = 0;
    for (const auto& group : groups) total += group.size();
    Overrides overrides;
    if (const auto text = manifest_.published.find(kPublishedOverrides); text != manifest_.published.end()) {
      WHITTLE_ASSIGN_OR_RETURN(overrides, ParseOverrides(text->second, "the store's template overrides"));
    }
    SegmentRewriter rewriter(env_, &manifest_.sources, rewrite_, std::move(overrides));
    for (const SegmentMeta& meta : manifest_.segments) WHITTLE_RETURN_IF_ERROR(rewriter.Learn(PathOf(meta)));
    for (const auto& group : groups) {
      if (hooks_.progress) hooks_.progress(done, total);
      if ((report_.stopped = Stopped())) return Status::Ok();
      WHITTLE_RETURN_IF_ERROR(RewriteGroup(group, &rewriter));
      done += group.size();
    }
    return Status::Ok();
  }

  Status RewriteGroup(const std::vector<SegmentMeta>& group, SegmentRewriter* rewriter) {
    std::vector<OldSegment> old;
    std::vector<std::string> names;
    uint64_t old_bytes = 0;
    for (const SegmentMeta& meta : group) {
      old.push_back({PathOf(meta), meta, {}});
      names.push_back(meta.file_name);
      old_bytes += meta.file_bytes;
    }
    const auto rewritten = rewriter->Rewrite(std::move(old));
    if (!rewritten.ok() && rewritten.status().code() == StatusCode::kUnsupported) {
      report_.left_alone.push_back(rewritten.status().message());
      return Status::Ok();
    }
    if (!rewritten.ok()) return rewritten.status();
    if (group.size() == 1 && rewritten->bytes.size() >= old_bytes) return Status::Ok();
    std::vector<SegmentCommit> commits;
    commits.push_back(rewritten->Commit());
    const ChangeNote note{"compact",
                          std::to_string(group.size()) + " segments of " + std::to_string(old_bytes) +
                              " bytes became one of " + std::to_string(rewritten->bytes.size()) +
                              (options_.asked_by.empty() ? "" : "; asked by " + options_.asked_by),
                          ""};
    WHITTLE_RETURN_IF_ERROR(catalog_.ReplaceSegments(names, std::move(commits), note));
    report_.rewritten += group.size();
    return Status::Ok();
  }

  const Env* env_;
  Catalog& catalog_;
  const CompactOptions& options_;
  const CompactHooks& hooks_;
  const Manifest manifest_;
  RewriteOptions rewrite_;
  CompactReport report_;
};

}  // namespace

uint64_t CompactionWeight(const SegmentMeta& meta) {
  constexpr uint64_t kSlotsPerRow = 4;  // as most lines have; how many these have is not known
  return StructureWeight(meta.text_bytes, meta.rows, kSlotsPerRow * meta.rows);
}

bool IsSmallSegment(const SegmentMeta& meta, uint64_t target_bytes) {
  return !meta.kafka && CompactionWeight(meta) < target_bytes / kSmallPart;
}

Result<CompactReport> CompactStore(const Env* env, Catalog* catalog, WorkerPool* pool, const CompactOptions& options,
                                   const CompactHooks& hooks) {
  return Compactor(env, catalog, pool, options, hooks).Run();
}

}  // namespace whittle
