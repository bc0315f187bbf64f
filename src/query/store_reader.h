// StoreReader: reads a store without RocksDB and without disturbing its writer: the published manifest, the segments it
// names, the templates they add up to. Also reads a plain directory of segments, or one segment file. It sees one
// version of the store, the one at Open. Not thread-safe; several readers may read one store.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "env/env.h"
#include "event/shape_stats.h"
#include "expr/filter.h"
#include "format/segment_filter.h"
#include "query/candidate_rows.h"
#include "query/record_view.h"
#include "query/rows_in_time.h"
#include "query/segment_catalog.h"
#include "query/template_set.h"

namespace whittle {

// Decoded segments kept for the next run of rows from the same segment, in bytes of their text. Sources that take turns
// in many segments need more than one; the memory is about twice this.
inline constexpr uint64_t kMaxCachedText = uint64_t{96} << 20;

struct VisitOptions {
  enum class Order : uint8_t {
    kSourcePosition,  // by source name, then position: the order of the original text
    kAny,             // as it is stored: each segment is decoded once
    kSegmentTime,     // each segment once, the one with the earliest event first: nothing in a later one is before that
  };
  const Filter* filter = nullptr;  // nothing: all records
  Order order = Order::kSourcePosition;
  // What the visitor will ask for: whole events and raw bytes, or these fields only.
  FieldDemand demand{nullptr, true};
  // Only events with a time in [min, max]; null ends are open. Besides the filter, to leave segments unread.
  std::optional<int64_t> min_time_ns, max_time_ns;
  // Words that every match has (expr/required_words.h): leaves segments and rows unread. Empty: nothing is known.
  RequiredWordLists words;
  // Leaves out segments (by index into segments()) for which it says no. Optional.
  std::function<bool(size_t segment)> wants_segment;
  // When it becomes true the visit ends early, and the statistics say so.
  const std::atomic<bool>* stop = nullptr;
  // Only records that begin at or after these offsets of their sources, by id; other sources as a whole.
  const std::map<std::string, uint64_t>* from_offsets = nullptr;
};

struct VisitStatistics {
  uint64_t segments = 0;
  uint64_t segments_read = 0;  // whose rows were looked at
  uint64_t bytes_read = 0;     // of segment files
  uint64_t records_read = 0;
  uint64_t records_matched = 0;
  uint64_t runs_covered_twice = 0;  // left out: another segment has the same stretch of the source
  bool stopped = false;             // VisitOptions::stop
};

class StoreReader {
 public:
  static Result<std::unique_ptr<StoreReader>> Open(const Env* env, const std::string& path);
  // Several stores as one: their templates are those of all of it, and what two of them have of one source counts once.
  static Result<std::unique_ptr<StoreReader>> Open(const Env* env, const std::vector<std::string>& paths);

  // Calls `visit` for every record that matches, until it answers false.
  using Visitor = std::function<Result<bool>(RecordView*)>;
  Status Visit(const VisitOptions& options, const Visitor& visit);
  // The original bytes of everything, in order of source and position, in pieces. False, and nothing was handed on,
  // when the lines lie so that Visit is the better way. The statistics count lines as records.
  using RawOutput = std::function<Status(std::string_view)>;
  Result<bool> CopyRaw(const std::atomic<bool>* stop, const RawOutput& output);
  // Hands out whole runs of rows first: whoever can work on columns takes them and answers how many records there were
  // and matched; nothing: the records are visited one by one. Only in the orders by segments; `templates`: the plans of
  // the shapes are to have them.
  struct RunRows {
    SegmentRows* rows = nullptr;
    const ShapePlans* plans = nullptr;
    const SegmentSource* source = nullptr;
    size_t segment_index = 0;
    size_t first_row = 0, end_row = 0;
  };
  struct RunCounts {
    uint64_t records = 0, matched = 0;
  };
  using RunVisitor = std::function<Result<std::optional<RunCounts>>(const RunRows&)>;
  // Before its rows are read, a segment that counts as a whole is offered with what its footer says of each shape;
  // taken or not as runs are. Not offered when another segment has some of its records, or a run of it may begin within
  // one.
  struct SegmentShapes {
    const SegmentReader* reader = nullptr;
    const std::vector<StoredShape>* shapes = nullptr;
    const ShapePlans* plans = nullptr;
    const std::vector<ShapeStats>* stats = nullptr;
  };
  using SegmentVisitor = std::function<Result<std::optional<RunCounts>>(const SegmentShapes&)>;
  struct WholeVisitors {
    SegmentVisitor segment;  // may be empty
    RunVisitor run;          // may be empty
  };
  Status VisitRuns(const VisitOptions& options, bool templates, const WholeVisitors& whole, const Visitor& visit);
  const VisitStatistics& statistics() const { return statistics_; }

  const std::vector<SegmentFile>& segments() const { return list_.segments; }
  // Of the store that is read; null for a directory of segments and for several stores.
  const Manifest* manifest() const { return list_.snapshots.size() == 1 ? &list_.snapshots[0].manifest : nullptr; }
  const std::vector<Snapshot>& snapshots() const { return list_.snapshots; }
  const Env* env() const { return env_; }
  // How far the segments cover each source, by id.
  std::map<std::string, uint64_t> CoveredOffsets() const;
  // Of all event times; nothing in a store without any.
  std::optional<int64_t> newest_time_ns() const;

  // The templates of everything in the store. Computed at the first call.
  Result<const TemplateSet*> Templates();

 private:
  struct Run {
    size_t segment = 0;
    const SourceRun* run = nullptr;
    const SegmentSource* source = nullptr;
    uint64_t first_row = 0;
    RowRange rows() const { return {first_row, first_row + run->row_count}; }
    // What it covers of its source: bytes, or offsets of a Kafka partition.
    uint64_t begin = 0, end = 0;
    uint64_t from = 0;  // records before it are in another run: two members of a group read the same messages
  };
  struct OpenedSegment {
    size_t index = 0;
    std::unique_ptr<SegmentRows> rows;
    ShapePlans plans;
    bool plans_have_templates = false;
    std::optional<SegmentFilter> filter;
    std::unique_ptr<FieldResolver> filter_fields, demand_fields;
    uint64_t visit = 0;                       // the resolvers and candidates belong to this call of Visit
    uint64_t bytes_counted = 0;               // of what was read of its file
    std::optional<CandidateRows> candidates;  // of records that may match; nothing: all may
    bool certain_match = false;               // the certain ones do
  };

  StoreReader(const Env* env, SegmentList list) : env_(env), list_(std::move(list)) {}
  Status FindRuns();
  std::map<std::string_view, std::string_view> NamesById() const;
  std::vector<Run> OrderedRuns(const VisitOptions& options);
  Result<OpenedSegment*> Opened(size_t segment);
  void CountBytes(OpenedSegment* segment);
  Result<bool> MayMatch(const VisitOptions& options, size_t segment);
  Status PlanShapes(bool with_templates, OpenedSegment* segment);
  Status Prepare(const VisitOptions& options, OpenedSegment* segment);
  static std::vector<uint32_t> RowsToRead(const OpenedSegment& segment);
  Result<bool> OfferRun(const VisitOptions& options, const Run& run, RowRange range, bool templates,
                        const RunVisitor& visit_run);
  Result<bool> OfferSegment(const VisitOptions& options, const std::vector<Run>& runs, size_t first, bool templates,
                            const SegmentVisitor& visit_segment);
  Result<ShapePlans> PlansOf(const std::vector<StoredShape>& shapes, bool with_templates);
  Result<bool> VisitRun(const VisitOptions& options, const Run& run, RowRange range, const Visitor& visit);
  Status FindMatches(const VisitOptions& options, const Run& run, RowRange range, OpenedSegment* segment,
                     std::vector<uint32_t>* matches);
  std::vector<bool> ShapesOf(const SegmentRows& rows, const std::vector<uint32_t>& records, size_t end_row) const;

  const Env* env_;
  SegmentList list_;
  std::vector<std::string> paths_;
  std::vector<Run> runs_;  // in the order they are stored
  std::optional<TemplateSet> templates_;
  std::list<OpenedSegment> opened_;  // most recently used first
  VisitStatistics statistics_;
  uint64_t visits_ = 0;
  std::map<size_t, bool> may_match_;  // of this call of Visit
};

}  // namespace whittle
