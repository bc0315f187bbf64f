#include "query/store_reader.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "expr/text_match.h"
#include "query/run_cursor.h"
#include "query/store_overrides.h"

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

// True when the filter asks for nothing but that a record has this word.
bool IsWordAnywhere(const Filter& filter, std::string_view word) {
  return filter.leaf_count() == 1 && filter.leaf(0).any_text &&
         filter.leaf(0).word == LiteralFinder(word, true).needle();
}

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
  return demand.everything ? demand.positions : Mentions(demand.fields, Builtin::kSourceOffset);
}

bool NeedsMessages(const FieldDemand& demand) {
  if (demand.everything || demand.fields == nullptr) return true;
  return std::any_of(demand.fields->begin(), demand.fields->end(), [](const FieldRef& field) {
    return std::any_of(field.names.begin(), field.names.end(),
                       [](const std::string& name) { return name.starts_with(kKafkaPrefix); });
  });
}

}  // namespace

Result<std::unique_ptr<StoreReader>> StoreReader::Open(const Env* env, const std::string& path) {
  return Open(env, std::vector<std::string>{path});
}

Result<std::unique_ptr<StoreReader>> StoreReader::Open(const Env* env, const std::vector<std::string>& paths) {
  WHITTLE_ASSIGN_OR_RETURN(SegmentList list, ListSegments(env, paths));
  std::unique_ptr<StoreReader> reader(new StoreReader(env, std::move(list)));
  reader->paths_ = paths;
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
      Run one{s, &run, &footer.sources[run.source], row, run.first_offset, run.end_offset, 0};
      if (const auto& kafka = list_.segments[s].kafka) {
        one.begin = static_cast<uint64_t>(kafka->first_offset);
        one.end = static_cast<uint64_t>(kafka->end_offset);
      }
      runs_.push_back(one);
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
    return std::tuple(names.at(run.source->id), std::string_view(run.source->id), run.begin, UINT64_MAX - run.end,
                      run.segment, run.first_row);
  };
  std::sort(sorted.begin(), sorted.end(), [&](const Run& a, const Run& b) { return key(a) < key(b); });
  std::vector<Run> kept;
  std::map<std::string_view, uint64_t> covered;  // by source id: the end of what was taken
  for (const Run& run : sorted) {
    if (run.run->row_count == 0) continue;
    auto [end, first] = covered.emplace(run.source->id, 0);
    if (!first && run.end <= end->second) {
      ++statistics_.runs_covered_twice;
      continue;
    }
    kept.push_back(run);
    if (!first && list_.segments[run.segment].kafka) kept.back().from = run.begin < end->second ? end->second : 0;
    end->second = std::max(end->second, run.end);
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
    end = std::max(end, run.end);
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
    const auto folded = LoadFoldedBodies(*reader);
    if (!folded.ok()) return folded.status().WithContext(segment.path);
    set.Add(*shapes, *folded);
  }
  Overrides overrides;
  for (const Snapshot& store : list_.snapshots) {
    const auto& published = store.manifest.published;
    const auto found = published.find(kPublishedOverrides);
    if (found == published.end()) continue;
    WHITTLE_ASSIGN_OR_RETURN(Overrides some, ParseOverrides(found->second, "the store's template overrides"));
    overrides.Add(std::move(some));
  }
  for (const std::string& path : paths_) {
    WHITTLE_ASSIGN_OR_RETURN(Overrides some, ReadStoreOverrides(env_, path));
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
    if (text <= kMaxCachedText) {
      ++it;
      continue;
    }
    CountBytes(&*it);
    it = opened_.erase(it);
  }
  const std::string& path = list_.segments[index].path;
  WHITTLE_ASSIGN_OR_RETURN(auto reader, OpenSegment(env_, path));
  auto rows = SegmentRows::Load(std::move(reader));
  if (!rows.ok()) return rows.status().WithContext(path);
  OpenedSegment opened;
  opened.index = index;
  opened.rows = std::move(rows).value();
  opened_.push_front(std::move(opened));
  ++statistics_.segments_read;
  return &opened_.front();
}

void StoreReader::CountBytes(OpenedSegment* segment) {
  const uint64_t read = segment->rows->reader().bytes_read();
  statistics_.bytes_read += read - std::exchange(segment->bytes_counted, read);
}

Status StoreReader::PlanShapes(bool with_templates, OpenedSegment* segment) {
  if (!segment->plans.empty() && (segment->plans_have_templates || !with_templates)) return Status::Ok();
  segment->plans_have_templates = with_templates;
  WHITTLE_ASSIGN_OR_RETURN(segment->plans, PlansOf(segment->rows->shapes(), with_templates));
  return Status::Ok();
}

// Leaves out segments whose filters say that a word is not there. Asked once for each.
Result<bool> StoreReader::MayMatch(const VisitOptions& options, size_t index) {
  if (options.words.empty()) return true;
  if (const auto known = may_match_.find(index); known != may_match_.end()) return known->second;
  const SegmentFile& file = list_.segments[index];
  const auto has_filter = [](const SectionInfo& section) {
    return section.id == static_cast<uint16_t>(SectionId::kFilters);
  };
  bool& answer = may_match_[index] = true;
  if (std::none_of(file.footer.sections.begin(), file.footer.sections.end(), has_filter)) return answer;
  WHITTLE_ASSIGN_OR_RETURN(const auto reader, OpenSegment(env_, file.path));
  const auto bytes = reader->LoadSection(static_cast<uint16_t>(SectionId::kFilters));
  if (!bytes.ok()) return bytes.status().WithContext(file.path);
  statistics_.bytes_read += reader->bytes_read();
  const auto filter = SegmentFilter::Decode(*bytes, file.footer.column_count);
  return answer = !filter || filter->MayContain(options.words);
}

// What one visit needs to know of a segment.
Status StoreReader::Prepare(const VisitOptions& options, OpenedSegment* segment) {
  SegmentRows& rows = *segment->rows;
  const bool filtered = options.filter != nullptr && !options.filter->matches_all();
  const size_t filter_fields = filtered ? options.filter->fields().size() : 0;
  segment->filter_fields = std::make_unique<FieldResolver>(rows.shapes().size(), filter_fields);
  segment->demand_fields = std::make_unique<FieldResolver>(
      rows.shapes().size(), options.demand.fields == nullptr ? 0 : options.demand.fields->size());
  segment->visit = visits_;
  segment->candidates.reset();
  segment->certain_match = false;
  if (options.words.size() != 1) return Status::Ok();
  // The longest word is the rarest.
  std::string_view word;
  for (const std::string& one : options.words[0]) {
    if (IsFilterWord(one) && one.size() > word.size()) word = one;
  }
  const auto bytes = rows.reader().LoadSection(static_cast<uint16_t>(SectionId::kFilters));
  if (word.empty() || !bytes.ok()) return Status::Ok();
  const auto filter = SegmentFilter::Decode(*bytes, rows.footer().column_count);
  if (!filter) return Status::Ok();
  WHITTLE_ASSIGN_OR_RETURN(segment->candidates, FindCandidateRows(rows, *filter, word));
  segment->certain_match = filtered && IsWordAnywhere(*options.filter, word);
  return Status::Ok();
}

// `matches` gets the first rows of the records that match.
Status StoreReader::FindMatches(const VisitOptions& options, const Run& run, RowRange range, OpenedSegment* segment,
                                std::vector<uint32_t>* matches) {
  RecordView view;
  RecordRows record;
  const FieldDemand demand{&options.filter->fields(), false};
  RunCursor cursor(segment->rows.get(), *run.run, run.first_row, NeedsPositions(demand));
  const std::vector<uint32_t>* candidates = segment->candidates ? &segment->candidates->rows : nullptr;
  size_t next = 0;
  if (candidates != nullptr) {
    next = static_cast<size_t>(std::lower_bound(candidates->begin(), candidates->end(), run.first_row) -
                               candidates->begin());
  }
  // One row that has the word is enough, whatever the others of its record have.
  const auto certain = [&] {
    if (!segment->certain_match) return false;
    for (size_t i = next; i < candidates->size() && (*candidates)[i] < segment->rows->position(); ++i) {
      if (segment->candidates->certain[i]) return true;
    }
    return false;
  };
  cursor.SkipTo(range.begin);
  while (segment->rows->position() < range.end && !Stopped(options)) {
    if (candidates != nullptr) {
      const size_t position = segment->rows->position();
      while (next < candidates->size() && (*candidates)[next] < position) ++next;
      if (next == candidates->size() || (*candidates)[next] >= range.end) return Status::Ok();
      size_t begin = (*candidates)[next];
      while (begin > position && !segment->rows->IsRecordStart(begin)) --begin;
      cursor.SkipTo(begin);
    }
    cursor.Read(&record);
    if (cursor.record_offset() < run.from) continue;
    ++statistics_.records_read;
    view.Reset(
        {segment->rows.get(), &segment->plans, run.source, run.segment, cursor.record_offset(), cursor.record_line()},
        &record, segment->filter_fields.get());
    if (InTime(view.time_ns(), options) && (certain() || options.filter->Matches(&view)))
      matches->push_back(static_cast<uint32_t>(record.first_row));
  }
  return Status::Ok();
}

// Candidates of which only the whole record tells whether it matches.
std::vector<uint32_t> StoreReader::RowsToRead(const OpenedSegment& segment) {
  if (!segment.certain_match) return segment.candidates->rows;
  std::vector<uint32_t> rows;
  for (size_t i = 0; i < segment.candidates->rows.size(); ++i) {
    if (!segment.candidates->certain[i]) rows.push_back(segment.candidates->rows[i]);
  }
  return rows;
}

// The shapes of records that begin at, or have a line at, these rows.
std::vector<bool> StoreReader::ShapesOf(const SegmentRows& rows, const std::vector<uint32_t>& records,
                                        size_t end_row) const {
  std::vector<bool> shapes(rows.shapes().size(), false);
  for (const uint32_t row : records) {
    size_t begin = row;
    while (begin > 0 && !rows.IsRecordStart(begin)) --begin;
    shapes[rows.RowShape(begin)] = true;
    for (size_t i = begin + 1; i < end_row && !rows.IsRecordStart(i); ++i) shapes[rows.RowShape(i)] = true;
  }
  return shapes;
}

Result<bool> StoreReader::VisitRun(const VisitOptions& options, const Run& run, RowRange range, const Visitor& visit) {
  WHITTLE_ASSIGN_OR_RETURN(OpenedSegment * segment, Opened(run.segment));
  SegmentRows& rows = *segment->rows;
  const std::string& path = list_.segments[run.segment].path;
  const size_t end_row = run.rows().end;
  const bool filtered = options.filter != nullptr && !options.filter->matches_all();
  if (segment->visit != visits_) WHITTLE_RETURN_IF_ERROR(Prepare(options, segment).WithContext(path));
  const bool timed = options.min_time_ns || options.max_time_ns ||
                     (filtered && Mentions(&options.filter->fields(), Builtin::kTimestamp));
  range = WholeRecords(rows, run.rows(), range);
  std::vector<uint32_t> matches;
  if (rows.is_kafka() &&
      (NeedsMessages(options.demand) || (filtered && NeedsMessages({&options.filter->fields(), false})))) {
    WHITTLE_RETURN_IF_ERROR(rows.LoadMessages().WithContext(path));
  }
  if (filtered) {
    const FieldDemand demand{&options.filter->fields(), false};
    if (segment->candidates && segment->candidates->rows.empty()) return true;
    WHITTLE_RETURN_IF_ERROR(PlanShapes(NeedsTemplates(demand), segment));
    if (timed) WHITTLE_RETURN_IF_ERROR(rows.LoadTimes().WithContext(path));
    std::vector<bool> shapes;
    if (segment->candidates) shapes = ShapesOf(rows, RowsToRead(*segment), rows.row_count());
    const std::vector<bool> columns =
        NeededColumns(rows, segment->plans, demand, segment->candidates ? &shapes : nullptr);
    WHITTLE_RETURN_IF_ERROR(rows.LoadColumns(columns).WithContext(path));
    rows.Seek(run.first_row);
    const SegmentRows::Mark mark = rows.Save();
    WHITTLE_RETURN_IF_ERROR(FindMatches(options, run, range, segment, &matches));
    if (matches.empty()) return true;
    rows.Restore(mark);
  }
  uint64_t from_offset = run.from;
  if (options.from_offsets != nullptr) {
    const auto found = options.from_offsets->find(run.source->id);
    from_offset = std::max(from_offset, found == options.from_offsets->end() ? 0 : found->second);
  }
  // Where a record stands is known when all lines before it are.
  const bool late_start = from_offset > run.begin;
  const FieldDemand demand = late_start && !rows.is_kafka() ? FieldDemand{nullptr, true} : options.demand;
  WHITTLE_RETURN_IF_ERROR(PlanShapes(NeedsTemplates(demand), segment));
  if (timed || NeedsTimes(options)) WHITTLE_RETURN_IF_ERROR(rows.LoadTimes().WithContext(path));
  // Of many short runs each would bring in other columns, and start over for them.
  constexpr size_t kFewRuns = 16;
  const bool selective = filtered && rows.footer().runs.size() <= kFewRuns;
  std::vector<bool> shapes;
  if (selective) shapes = ShapesOf(rows, matches, end_row);
  WHITTLE_RETURN_IF_ERROR(
      rows.LoadColumns(NeededColumns(rows, segment->plans, demand, selective ? &shapes : nullptr)).WithContext(path));
  rows.Seek(run.first_row);
  RecordView view;
  RecordRows record;
  RunCursor cursor(&rows, *run.run, run.first_row, NeedsPositions(demand));
  if (!filtered) cursor.SkipTo(range.begin);
  for (size_t i = 0; filtered ? i < matches.size() : rows.position() < range.end; ++i) {
    if (Stopped(options)) {
      statistics_.stopped = true;
      return false;
    }
    if (filtered) cursor.SkipTo(matches[i]);
    cursor.Read(&record);
    if (late_start && cursor.record_offset() < from_offset) continue;
    if (!filtered) ++statistics_.records_read;
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
  return VisitRuns(options, false, {}, visit);
}

Result<bool> StoreReader::OfferRun(const VisitOptions& options, const Run& run, RowRange range, bool templates,
                                   const RunVisitor& visit_run) {
  if (visit_run == nullptr || options.from_offsets != nullptr || run.from != 0) return false;
  WHITTLE_ASSIGN_OR_RETURN(OpenedSegment * segment, Opened(run.segment));
  const std::string& path = list_.segments[run.segment].path;
  if (segment->visit != visits_) WHITTLE_RETURN_IF_ERROR(Prepare(options, segment).WithContext(path));
  if (segment->candidates) return false;  // few: one by one is quicker
  WHITTLE_RETURN_IF_ERROR(PlanShapes(templates, segment));
  if (NeedsTimes(options)) WHITTLE_RETURN_IF_ERROR(segment->rows->LoadTimes().WithContext(path));
  range = WholeRecords(*segment->rows, run.rows(), range);
  auto counts = visit_run({segment->rows.get(), &segment->plans, run.source, run.segment, range.begin, range.end});
  // The limits of an answer are not a segment's fault.
  if (!counts.ok())
    return counts.status().code() == StatusCode::kLimit ? counts.status() : counts.status().WithContext(path);
  if (!*counts) return false;
  statistics_.records_read += (*counts)->records;
  statistics_.records_matched += (*counts)->matched;
  return true;
}

Status StoreReader::VisitRuns(const VisitOptions& options, bool templates, const WholeVisitors& whole,
                              const Visitor& visit) {
  statistics_ = {};
  statistics_.segments = list_.segments.size();
  ++visits_;
  may_match_.clear();
  const std::vector<Run> runs = OrderedRuns(options);
  size_t offered = SIZE_MAX;  // the segment that was offered as a whole last
  bool offer_taken = false;
  std::map<size_t, std::vector<uint64_t>> group_ends;  // by segment
  for (size_t i = 0; i < runs.size(); ++i) {
    const Run& run = runs[i];
    if (offer_taken && run.segment == offered) continue;
    if (Stopped(options)) {
      statistics_.stopped = true;
      break;
    }
    const SegmentFile& file = list_.segments[run.segment];
    if (!Overlaps(file, options)) continue;
    std::vector<uint64_t>& ends = group_ends[run.segment];
    if (ends.empty()) ends = EndsOf(file.footer.row_groups);
    const RowRange range =
        RowsInTime(file.footer.row_groups, ends, run.rows(), options.min_time_ns, options.max_time_ns);
    if (range.empty()) continue;
    if (options.wants_segment && !options.wants_segment(run.segment)) continue;
    WHITTLE_ASSIGN_OR_RETURN(const bool may_match, MayMatch(options, run.segment));
    if (!may_match) continue;
    if (options.from_offsets != nullptr) {
      const auto found = options.from_offsets->find(run.source->id);
      if (found != options.from_offsets->end() && run.end <= found->second) continue;
    }
    if (run.segment != std::exchange(offered, run.segment)) {
      WHITTLE_ASSIGN_OR_RETURN(offer_taken, OfferSegment(options, runs, i, templates, whole.segment));
      if (offer_taken) continue;
    }
    WHITTLE_ASSIGN_OR_RETURN(const bool taken, OfferRun(options, run, range, templates, whole.run));
    if (taken) continue;
    WHITTLE_ASSIGN_OR_RETURN(const bool go_on, VisitRun(options, run, range, visit));
    if (!go_on) break;
  }
  for (OpenedSegment& segment : opened_) CountBytes(&segment);
  return Status::Ok();
}

}  // namespace whittle
