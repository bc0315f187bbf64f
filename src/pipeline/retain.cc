#include "pipeline/retain.h"

#include <algorithm>
#include <map>
#include <set>

#include "pipeline/segment_rewriter.h"
#include "query/store_reader.h"

namespace whittle {
namespace {

// Tombstones and segments that become one in a step.
constexpr size_t kMaxGroup = 256;

int64_t NewestOf(const SegmentMeta& meta) { return meta.has_time ? meta.max_time_ns : meta.created_ns; }

bool IsTombstone(const SegmentMeta& meta) { return meta.rows == 0; }

class Retainer {
 public:
  Retainer(const Env* env, Catalog* catalog, WorkerPool* pool, const RetainOptions& options,
           const std::atomic<bool>* stop)
      : env_(env), catalog_(*catalog), options_(options), stop_(stop), manifest_(catalog->manifest()) {
    rewrite_.builder.encode.writer = options.writer;
    if (pool != nullptr) {
      rewrite_.builder.encode.parallel_for = pool->AsParallelFor();
    }
  }

  Result<RetainReport> Run() {
    WHITTLE_RETURN_IF_ERROR(Prepare());
    for (const SegmentMeta& meta : manifest_.segments) report_.bytes_before += meta.file_bytes;
    ChooseByAge();
    ChooseBySize();
    WHITTLE_RETURN_IF_ERROR(JudgeRecords());
    if (options_.dry_run) {
      CountOnly();
      return std::move(report_);
    }
    Overrides overrides;
    if (const auto text = manifest_.published.find(kPublishedOverrides); text != manifest_.published.end()) {
      WHITTLE_ASSIGN_OR_RETURN(overrides, ParseOverrides(text->second, "the store's template overrides"));
    }
    SegmentRewriter rewriter(env_, &manifest_.sources, rewrite_, std::move(overrides));
    WHITTLE_RETURN_IF_ERROR(RemoveWhole(&rewriter));
    WHITTLE_RETURN_IF_ERROR(RemoveParts(&rewriter));
    for (const SegmentMeta& meta : catalog_.manifest().segments) report_.bytes_after += meta.file_bytes;
    return std::move(report_);
  }

 private:
  Status Prepare() {
    if (!options_.age_ns && !options_.size_bytes && options_.filter.empty()) {
      return Status(StatusCode::kUsage, "nothing says what may go: give --age, --size or --filter");
    }
    if (options_.size_bytes && !options_.filter.empty()) {
      return Status(StatusCode::kUsage,
                    "--size removes whole segments, oldest first, and takes no --filter; use --age");
    }
    now_ns_ = options_.now_ns.value_or(env_->clock->WallNs());
    // Both ask the same of every record; the age stands in the filter, so that one pass decides.
    const ParseOptions parse{.now_ns = now_ns_};
    if (!options_.filter.empty()) {
      WHITTLE_ASSIGN_OR_RETURN(filter_, Filter::Parse(options_.filter, parse));
    }
    for (const std::string& hold : options_.holds) {
      WHITTLE_ASSIGN_OR_RETURN(Filter filter, Filter::Parse(hold, parse));
      holds_.push_back(std::move(filter));
    }
    return Status::Ok();
  }

  int64_t Limit() const { return options_.age_ns ? now_ns_ - *options_.age_ns : INT64_MAX; }

  // Segments whose events may all go, as far as time says.
  void ChooseByAge() {
    if (!options_.age_ns && options_.filter.empty()) return;
    for (const SegmentMeta& meta : manifest_.segments) {
      if (IsTombstone(meta)) continue;
      if (!options_.age_ns || NewestOf(meta) < Limit()) chosen_.insert(meta.file_name);
      // With a filter single events go, so a segment that is partly old enough is looked at too.
      if (filter_ && options_.age_ns && meta.has_time && meta.min_time_ns < Limit()) chosen_.insert(meta.file_name);
    }
  }

  // Oldest first. What a tombstone takes is not counted; it is a few hundred bytes.
  void ChooseBySize() {
    if (!options_.size_bytes) return;
    std::vector<const SegmentMeta*> oldest;
    uint64_t bytes = 0;
    for (const SegmentMeta& meta : manifest_.segments) {
      if (chosen_.contains(meta.file_name)) continue;
      bytes += meta.file_bytes;
      if (!IsTombstone(meta)) oldest.push_back(&meta);
    }
    std::sort(oldest.begin(), oldest.end(), [](const SegmentMeta* a, const SegmentMeta* b) {
      return NewestOf(*a) != NewestOf(*b) ? NewestOf(*a) < NewestOf(*b) : a->commit < b->commit;
    });
    for (const SegmentMeta* meta : oldest) {
      if (bytes <= *options_.size_bytes) return;
      chosen_.insert(meta->file_name);
      bytes -= meta->file_bytes;
    }
  }

  // Fills fates_ for chosen segments where not everything goes. Without filter and holds nothing is read.
  Status JudgeRecords() {
    if (!filter_ && holds_.empty()) return Status::Ok();
    WHITTLE_ASSIGN_OR_RETURN(const auto reader, StoreReader::Open(env_, catalog_.layout().dir));
    std::vector<std::string> names;
    for (const SegmentFile& file : reader->segments()) {
      names.push_back(BaseName(file.path));
      if (chosen_.contains(names.back())) fates_[names.back()].assign(file.footer.records, RecordFate::kKept);
    }
    for (const Filter* filter : Filters()) {
      VisitOptions visit;
      visit.order = VisitOptions::Order::kAny;
      visit.demand = {&filter->fields(), false};
      // A hold is asked only about what would go.
      visit.wants_segment = [&](size_t segment) { return chosen_.contains(names[segment]); };
      const bool is_hold = filter != (filter_ ? &*filter_ : &everything_);
      WHITTLE_RETURN_IF_ERROR(reader->Visit(visit, [&](RecordView* record) -> Result<bool> {
        const auto index = record->rows().record;
        if (!index) return true;
        const std::string& name = names[record->origin().segment_index];
        RecordFate& fate = fates_.at(name)[*index];
        if (!is_hold) {
          // The age of a segment was looked at before; with a filter each event's own time counts too.
          const int64_t time = record->time_ns().value_or(NewestOf(*manifest_.FindSegment(name)));
          const bool old = !filter_ || time < Limit();
          if (old && filter->Matches(record)) fate = RecordFate::kExpired;
        } else if (fate == RecordFate::kExpired && filter->Matches(record)) {
          fate = RecordFate::kKept;
        }
        return true;
      }));
    }
    return Status::Ok();
  }

  // The filter first, then the holds: each needs other columns.
  std::vector<const Filter*> Filters() const {
    std::vector<const Filter*> filters{filter_ ? &*filter_ : &everything_};
    for (const Filter& hold : holds_) filters.push_back(&hold);
    return filters;
  }

  enum class Part { kNone, kSome, kAll };
  Part PartOf(const SegmentMeta& meta) const {
    if (!chosen_.contains(meta.file_name)) return Part::kNone;
    const auto found = fates_.find(meta.file_name);
    if (found == fates_.end()) return Part::kAll;
    const auto kept = std::count(found->second.begin(), found->second.end(), RecordFate::kKept);
    if (kept == 0) return Part::kAll;
    return static_cast<size_t>(kept) == found->second.size() ? Part::kNone : Part::kSome;
  }

  void CountOnly() {
    report_.bytes_after = report_.bytes_before;
    for (const SegmentMeta& meta : manifest_.segments) {
      const Part part = IsTombstone(meta) ? Part::kNone : PartOf(meta);
      if (part == Part::kNone) continue;
      const auto fates = fates_.find(meta.file_name);
      report_.expired.records +=
          fates == fates_.end()
              ? meta.records
              : static_cast<uint64_t>(std::count(fates->second.begin(), fates->second.end(), RecordFate::kExpired));
      ++(part == Part::kAll ? report_.segments_expired : report_.segments_rewritten);
    }
  }

  std::string PathOf(const SegmentMeta& meta) const { return catalog_.layout().SegmentPath(meta.file_name); }
  bool Stopped() { return report_.stopped = stop_ != nullptr && stop_->load(); }

  // What goes as a whole, and the tombstones there are, become one tombstone.
  Status RemoveWhole(SegmentRewriter* rewriter) {
    std::vector<SegmentMeta> group;
    size_t going = 0;
    const auto remove = [&]() -> Status {
      if (going > 0) WHITTLE_RETURN_IF_ERROR(Replace(group, rewriter));
      group.clear();
      going = 0;
      return Status::Ok();
    };
    for (const SegmentMeta& meta : manifest_.segments) {
      const bool goes = !IsTombstone(meta) && PartOf(meta) == Part::kAll;
      if (!goes && !(IsTombstone(meta) && !meta.kafka)) continue;
      if (Stopped()) return Status::Ok();
      if (meta.kafka || group.size() == kMaxGroup) WHITTLE_RETURN_IF_ERROR(remove());
      group.push_back(meta);
      going += goes ? 1 : 0;
      report_.segments_expired += goes ? 1 : 0;
      if (meta.kafka) WHITTLE_RETURN_IF_ERROR(remove());
    }
    return remove();
  }

  Status RemoveParts(SegmentRewriter* rewriter) {
    for (const SegmentMeta& meta : manifest_.segments) {
      if (IsTombstone(meta) || PartOf(meta) != Part::kSome) continue;
      if (Stopped()) return Status::Ok();
      WHITTLE_RETURN_IF_ERROR(Replace({meta}, rewriter));
      ++report_.segments_rewritten;
    }
    return Status::Ok();
  }

  Status Replace(const std::vector<SegmentMeta>& group, SegmentRewriter* rewriter) {
    std::vector<OldSegment> old;
    std::vector<std::string> names;
    Tally before, after;
    for (const SegmentMeta& meta : group) {
      OldSegment segment{PathOf(meta), meta, {}};
      if (const auto fates = fates_.find(meta.file_name); fates != fates_.end()) {
        segment.edit.fates = fates->second;
      } else if (!IsTombstone(meta)) {
        segment.edit.fates.assign(meta.records, RecordFate::kExpired);
      }
      segment.edit.leading_lines =
          !IsTombstone(meta) && PartOf(meta) == Part::kAll ? RecordFate::kExpired : RecordFate::kKept;
      names.push_back(meta.file_name);
      before += meta.TotalLedger().expired;
      old.push_back(std::move(segment));
    }
    const auto rewritten = rewriter->Rewrite(std::move(old));
    if (!rewritten.ok() && rewritten.status().code() == StatusCode::kUnsupported) {
      report_.left_alone.push_back(rewritten.status().message());
      return Status::Ok();
    }
    if (!rewritten.ok()) return rewritten.status();
    after = rewritten->meta.TotalLedger().expired;
    after -= before;
    std::vector<SegmentCommit> commits;
    commits.push_back(rewritten->Commit());
    WHITTLE_RETURN_IF_ERROR(catalog_.ReplaceSegments(names, std::move(commits), NoteOf(after)));
    report_.expired += after;
    return Status::Ok();
  }

  ChangeNote NoteOf(const Tally& expired) const {
    std::string policy;
    if (options_.age_ns) policy += " age=" + std::to_string(*options_.age_ns / 1'000'000'000) + "s";
    if (options_.size_bytes) policy += " size=" + std::to_string(*options_.size_bytes);
    if (filter_) policy += " filter=" + options_.filter;
    for (const std::string& hold : options_.holds) policy += " hold=" + hold;
    if (!options_.asked_by.empty()) policy += "; asked by " + options_.asked_by;
    return {
        "retain",
        std::to_string(expired.records) + " events of " + std::to_string(expired.bytes) + " bytes expired:" + policy,
        ""};
  }

  const Env* env_;
  Catalog& catalog_;
  const RetainOptions& options_;
  const std::atomic<bool>* stop_;
  const Manifest manifest_;
  RewriteOptions rewrite_;
  int64_t now_ns_ = 0;
  std::optional<Filter> filter_;
  Filter everything_;
  std::vector<Filter> holds_;
  std::set<std::string> chosen_;                          // segments some of whose events may go
  std::map<std::string, std::vector<RecordFate>> fates_;  // of those that were looked at
  RetainReport report_;
};

}  // namespace

Result<RetainReport> RetainStore(const Env* env, Catalog* catalog, WorkerPool* pool, const RetainOptions& options,
                                 const std::atomic<bool>* stop) {
  return Retainer(env, catalog, pool, options, stop).Run();
}

}  // namespace whittle
