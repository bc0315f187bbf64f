#include "query/store_reader.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace whittle {
namespace {

bool Overlaps(const SegmentFile& segment, const VisitOptions& options) {
  return !(options.min_time_ns && segment.max_time_ns && *segment.max_time_ns < *options.min_time_ns) &&
         !(options.max_time_ns && segment.min_time_ns && *segment.min_time_ns > *options.max_time_ns);
}

bool InTime(const std::optional<int64_t>& time, const VisitOptions& options) {
  if (!options.min_time_ns && !options.max_time_ns) return true;
  return time && (!options.min_time_ns || *time >= *options.min_time_ns) &&
         (!options.max_time_ns || *time <= *options.max_time_ns);
}

// Walks the records of one run and knows where in the source each of them stands, if all columns are loaded.
class RunCursor {
 public:
  RunCursor(SegmentRows* rows, const SourceRun& run, uint64_t first_row, bool positions)
      : rows_(*rows),
        end_(first_row + run.row_count),
        offset_(run.first_offset),
        line_(run.first_line),
        positions_(positions) {
    if (rows_.position() != first_row) rows_.Seek(first_row);
  }
  bool done() const { return rows_.position() >= end_; }
  void Read(RecordRows* record) {
    rows_.ReadRecord(end_, record);
    for (size_t i = 0; i < record->shapes.size(); ++i) {
      const size_t row = record->first_row + i;
      offset_ += rows_.GapBytes(row);
      line_ += rows_.GapLines(row);
      if (i == 0) {
        record_offset_ = offset_;
        record_line_ = line_;
      }
      if (positions_) offset_ += rows_.RowBytes(row, record->shapes[i], record->Slots(i));
      ++line_;
    }
  }
  uint64_t record_offset() const { return positions_ ? record_offset_ : 0; }
  uint64_t record_line() const { return record_line_; }

 private:
  SegmentRows& rows_;
  uint64_t end_;
  uint64_t offset_, line_;
  uint64_t record_offset_ = 0, record_line_ = 0;
  bool positions_;
};

bool Mentions(const std::vector<FieldRef>* fields, Builtin builtin) {
  return fields != nullptr &&
         std::any_of(fields->begin(), fields->end(), [&](const FieldRef& f) { return f.builtin == builtin; });
}

bool NeedsTimes(const VisitOptions& options) {
  return options.demand.everything || options.min_time_ns || options.max_time_ns ||
         Mentions(options.demand.fields, Builtin::kTimestamp) ||
         (options.filter != nullptr && Mentions(&options.filter->fields(), Builtin::kTimestamp));
}

bool Stopped(const VisitOptions& options) {
  return options.stop != nullptr && options.stop->load(std::memory_order_relaxed);
}

bool NeedsPositions(const FieldDemand& demand) {
  return demand.everything || Mentions(demand.fields, Builtin::kSourceOffset);
}

}  // namespace

Result<std::unique_ptr<StoreReader>> StoreReader::Open(const Env* env, const std::string& path) {
  return Open(env, std::vector<std::string>{path});
}

Result<std::unique_ptr<StoreReader>> StoreReader::Open(const Env* env, const std::vector<std::string>& paths) {
  WHITTLE_ASSIGN_OR_RETURN(SegmentList list, ListSegments(env, paths));
  std::unique_ptr<StoreReader> reader(new StoreReader(env, std::move(list)));
  WHITTLE_RETURN_IF_ERROR(reader->FindRuns());
  return reader;
}

Status StoreReader::FindRuns() {
  for (size_t s = 0; s < list_.segments.size(); ++s) {
    const SegmentFooter& footer = list_.segments[s].footer;
    uint64_t row = 0;
    for (const SourceRun& run : footer.runs) {
      if (run.source >= footer.sources.size() || run.row_count > footer.rows - row) {
        return Status(StatusCode::kCorrupt, list_.segments[s].path + ": runs and rows differ");
      }
      runs_.push_back({s, &run, &footer.sources[run.source], row});
      row += run.row_count;
    }
  }
  return Status::Ok();
}

// A renamed file keeps its id: its place is that of its newest name.
std::map<std::string_view, std::string_view> StoreReader::NamesById() const {
  std::map<std::string_view, std::string_view> names;
  for (const Run& run : runs_) names[run.source->id] = run.source->name;
  return names;
}

// Also leaves out runs whose stretch of the source another run covers: left-overs of a compaction in a plain directory.
std::vector<StoreReader::Run> StoreReader::OrderedRuns(const VisitOptions& options) {
  std::vector<Run> sorted = runs_;
  const auto names = NamesById();
  const auto key = [&](const Run& run) {
    return std::tuple(names.at(run.source->id), std::string_view(run.source->id), run.run->first_offset,
                      UINT64_MAX - run.run->end_offset, run.segment, run.first_row);
  };
  std::sort(sorted.begin(), sorted.end(), [&](const Run& a, const Run& b) { return key(a) < key(b); });
  std::vector<Run> kept;
  std::map<std::string_view, uint64_t> covered;  // by source id: the end of what was taken
  for (const Run& run : sorted) {
    if (run.run->row_count == 0) continue;
    auto [end, first] = covered.emplace(run.source->id, 0);
    if (!first && run.run->end_offset <= end->second) {
      ++statistics_.runs_covered_twice;
      continue;
    }
    end->second = std::max(end->second, run.run->end_offset);
    kept.push_back(run);
  }
  if (options.order == VisitOptions::Order::kAny) {
    std::sort(kept.begin(), kept.end(), [](const Run& a, const Run& b) {
      return std::tuple(a.segment, a.first_row) < std::tuple(b.segment, b.first_row);
    });
  }
  if (options.order == VisitOptions::Order::kSegmentTime) {
    std::stable_sort(kept.begin(), kept.end(), [&](const Run& a, const Run& b) {
      const auto begin = [&](const Run& run) { return list_.segments[run.segment].min_time_ns.value_or(INT64_MIN); };
      return std::tuple(begin(a), a.segment, a.first_row) < std::tuple(begin(b), b.segment, b.first_row);
    });
  }
  return kept;
}

std::map<std::string, uint64_t> StoreReader::CoveredOffsets() const {
  std::map<std::string, uint64_t> covered;
  for (const Run& run : runs_) {
    uint64_t& end = covered[run.source->id];
    end = std::max(end, run.run->end_offset);
  }
  return covered;
}

std::optional<int64_t> StoreReader::newest_time_ns() const {
  std::optional<int64_t> newest;
  for (const SegmentFile& segment : list_.segments) {
    if (segment.max_time_ns) newest = std::max(newest.value_or(*segment.max_time_ns), *segment.max_time_ns);
  }
  return newest;
}

Result<const TemplateSet*> StoreReader::Templates() {
  if (templates_) return &*templates_;
  TemplateSet set;
  for (const SegmentFile& segment : list_.segments) {
    WHITTLE_ASSIGN_OR_RETURN(const auto reader, OpenSegment(env_, segment.path));
    WHITTLE_ASSIGN_OR_RETURN(const std::vector<StoredShape>* shapes, reader->Shapes());
    set.Add(*shapes);
  }
  Overrides overrides;
  for (const Snapshot& store : list_.snapshots) {
    const auto& published = store.manifest.published;
    const auto found = published.find(kPublishedOverrides);
    if (found == published.end()) continue;
    WHITTLE_ASSIGN_OR_RETURN(Overrides some, ParseOverrides(found->second, "the store's template overrides"));
    overrides.Add(std::move(some));
  }
  set.Finish(overrides);
  templates_ = std::move(set);
  return &*templates_;
}

Result<StoreReader::OpenedSegment*> StoreReader::Opened(size_t index) {
  const auto found =
      std::find_if(opened_.begin(), opened_.end(), [&](const OpenedSegment& s) { return s.index == index; });
  if (found != opened_.end()) {
    opened_.splice(opened_.begin(), opened_, found);
    return &opened_.front();
  }
  uint64_t text = list_.segments[index].footer.text_bytes;
  for (auto it = opened_.begin(); it != opened_.end();) {
    text += list_.segments[it->index].footer.text_bytes;
    it = text > kMaxCachedText ? opened_.erase(it) : std::next(it);
  }
  WHITTLE_ASSIGN_OR_RETURN(const TemplateSet* templates, Templates());
  const std::string& path = list_.segments[index].path;
  WHITTLE_ASSIGN_OR_RETURN(auto reader, OpenSegment(env_, path));
  auto rows = SegmentRows::Load(std::move(reader));
  if (!rows.ok()) return rows.status().WithContext(path);
  OpenedSegment opened;
  opened.index = index;
  opened.rows = std::move(rows).value();
  for (const StoredShape& stored : opened.rows->shapes()) opened.plans.push_back(templates->Plan(*stored.shape));
  opened_.push_front(std::move(opened));
  ++statistics_.segments_read;
  return &opened_.front();
}

Status StoreReader::FindMatches(const VisitOptions& options, const Run& run, OpenedSegment* segment,
                                std::vector<bool>* matches) {
  RecordView view;
  RecordRows rows;
  const FieldDemand demand{&options.filter->fields(), false};
  RunCursor cursor(segment->rows.get(), *run.run, run.first_row, NeedsPositions(demand));
  while (!cursor.done() && !Stopped(options)) {
    cursor.Read(&rows);
    ++statistics_.records_read;
    view.Reset(
        {segment->rows.get(), &segment->plans, run.source, run.segment, cursor.record_offset(), cursor.record_line()},
        &rows, segment->filter_fields.get());
    matches->push_back(InTime(view.time_ns(), options) && options.filter->Matches(&view));
  }
  matches->resize(run.run->row_count, false);
  return Status::Ok();
}

Result<bool> StoreReader::VisitRun(const VisitOptions& options, const Run& run, const Visitor& visit) {
  WHITTLE_ASSIGN_OR_RETURN(OpenedSegment * segment, Opened(run.segment));
  SegmentRows& rows = *segment->rows;
  const bool filtered = options.filter != nullptr && !options.filter->matches_all();
  if (segment->visit != visits_) {
    const size_t filter_fields = filtered ? options.filter->fields().size() : 0;
    segment->filter_fields = std::make_unique<FieldResolver>(rows.shapes().size(), filter_fields);
    segment->demand_fields = std::make_unique<FieldResolver>(
        rows.shapes().size(), options.demand.fields == nullptr ? 0 : options.demand.fields->size());
    segment->visit = visits_;
  }
  std::vector<bool> matches;
  if (NeedsTimes(options)) WHITTLE_RETURN_IF_ERROR(rows.LoadTimes().WithContext(list_.segments[run.segment].path));
  if (filtered) {
    const FieldDemand demand{&options.filter->fields(), false};
    WHITTLE_RETURN_IF_ERROR(
        rows.LoadColumns(NeededColumns(rows, *templates_, demand)).WithContext(list_.segments[run.segment].path));
    rows.Seek(run.first_row);
  }
  if (rows.position() != run.first_row) rows.Seek(run.first_row);
  const SegmentRows::Mark mark = rows.Save();
  if (filtered) {
    WHITTLE_RETURN_IF_ERROR(FindMatches(options, run, segment, &matches));
    if (std::find(matches.begin(), matches.end(), true) == matches.end()) return true;
    rows.Restore(mark);
  }
  uint64_t from_offset = 0;
  if (options.from_offsets != nullptr) {
    const auto found = options.from_offsets->find(run.source->id);
    from_offset = found == options.from_offsets->end() ? 0 : found->second;
  }
  // Where a record stands is known when all lines before it are.
  const FieldDemand demand = from_offset > run.run->first_offset ? FieldDemand{nullptr, true} : options.demand;
  WHITTLE_RETURN_IF_ERROR(
      rows.LoadColumns(NeededColumns(rows, *templates_, demand)).WithContext(list_.segments[run.segment].path));
  RecordView view;
  RecordRows record;
  RunCursor cursor(&rows, *run.run, run.first_row, NeedsPositions(demand));
  for (size_t i = 0; !cursor.done(); ++i) {
    if (Stopped(options)) {
      statistics_.stopped = true;
      return false;
    }
    cursor.Read(&record);
    if (from_offset > run.run->first_offset && cursor.record_offset() < from_offset) continue;
    if (filtered) {
      if (!matches[i]) continue;
    } else {
      ++statistics_.records_read;
    }
    view.Reset({&rows, &segment->plans, run.source, run.segment, cursor.record_offset(), cursor.record_line()}, &record,
               segment->demand_fields.get());
    if (!filtered && !InTime(view.time_ns(), options)) continue;
    ++statistics_.records_matched;
    WHITTLE_ASSIGN_OR_RETURN(const bool go_on, visit(&view));
    if (!go_on) return false;
  }
  return true;
}

Status StoreReader::Visit(const VisitOptions& options, const Visitor& visit) {
  statistics_ = {};
  statistics_.segments = list_.segments.size();
  ++visits_;
  WHITTLE_ASSIGN_OR_RETURN(const TemplateSet* templates, Templates());
  (void)templates;
  for (const Run& run : OrderedRuns(options)) {
    if (Stopped(options)) {
      statistics_.stopped = true;
      break;
    }
    if (!Overlaps(list_.segments[run.segment], options)) continue;
    if (options.wants_segment && !options.wants_segment(run.segment)) continue;
    if (options.from_offsets != nullptr) {
      const auto found = options.from_offsets->find(run.source->id);
      if (found != options.from_offsets->end() && run.run->end_offset <= found->second) continue;
    }
    WHITTLE_ASSIGN_OR_RETURN(const bool go_on, VisitRun(options, run, visit));
    if (!go_on) break;
  }
  return Status::Ok();
}

}  // namespace whittle
