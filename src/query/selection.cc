#include "query/selection.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <queue>

#include "base/hash.h"
#include "expr/required_words.h"
#include "expr/time_bounds.h"
#include "query/event_sorter.h"

namespace whittle {
namespace {

Status TooManyPicked(const char* stage) {
  return Status(StatusCode::kLimit, std::string(stage) + " would pick more than " + std::to_string(kMaxPickedEvents) +
                                        " events; filter more");
}

}  // namespace

// Time, then the place in the sources: the same order however the store is cut into segments.
void AppendTimeKey(RecordView* record, std::string* key) {
  AppendOrderedInteger(record->time_ns().value_or(INT64_MIN), key);
  const RecordOrigin& origin = record->origin();
  key->append(origin.source->name).append(1, '\0').append(origin.source->id);
  AppendOrderedInteger(static_cast<int64_t>(origin.line), key);
}

uint64_t EventId(const RecordOrigin& origin) {
  return (Hash64(origin.source->id) ^ origin.line) * 0x9E3779B97F4A7C15ULL;
}

Status Selection::SetFilter(const Expr& expr) {
  WHITTLE_ASSIGN_OR_RETURN(filter_, Filter::Bind(expr));
  const TimeBounds bounds = FindTimeBounds(expr);
  visit_.filter = &filter_;
  visit_.words = RequiredWords(expr);
  visit_.min_time_ns = bounds.min_ns;
  visit_.max_time_ns = bounds.max_ns;
  return Status::Ok();
}

Status Selection::Visit(VisitOptions::Order order, const FieldDemand& demand, const Visitor& visitor,
                        const StoreReader::WholeVisitors& whole) {
  visit_.order = order;
  visit_.demand = demand;
  uint64_t matched = 0;
  Status status;
  if (picked_ == nullptr) {
    const bool templates = NeedsTemplates(demand) || NeedsTemplates({&filter_.fields(), false});
    status = reader_.VisitRuns(visit_, templates, whole, visitor);
    matched = reader_.statistics().records_matched;
  } else {
    status = reader_.Visit(visit_, [&](RecordView* record) -> Result<bool> {
      if (!picked_->contains(EventId(record->origin()))) return true;
      ++matched;
      return visitor(record);
    });
  }
  const VisitStatistics& one = reader_.statistics();
  statistics_.segments = one.segments;
  statistics_.segments_read += one.segments_read;
  statistics_.bytes_read += one.bytes_read;
  statistics_.records_read += one.records_read;
  statistics_.records_matched = matched;
  statistics_.runs_covered_twice = one.runs_covered_twice;
  statistics_.stopped |= one.stopped;
  return status;
}

void Selection::Pick(std::unordered_set<uint64_t> events, std::unordered_set<size_t> segments) {
  picked_ = std::make_unique<std::unordered_set<uint64_t>>(std::move(events));
  visit_.wants_segment = [wanted = std::move(segments)](size_t segment) { return wanted.contains(segment); };
}

Status Selection::KeepFirst(uint64_t count) {
  const std::vector<FieldRef> fields = {ResolveField("timestamp")};
  return KeepFirst(count, VisitOptions::Order::kSegmentTime, {&fields, false}, AppendTimeKey);
}

Status Selection::KeepFirst(uint64_t count, VisitOptions::Order order, const FieldDemand& demand,
                            const AppendKey& append_key) {
  if (count > kMaxPickedEvents) return TooManyPicked("limit");
  struct Candidate {
    std::string key;
    uint64_t id;
    size_t segment;
    bool operator<(const Candidate& other) const { return key < other.key; }
  };
  // Greatest first, so that the last of those kept goes when an earlier one comes.
  std::priority_queue<Candidate> first;
  size_t bytes = 0;
  std::string key;
  const Visitor visitor = [&](RecordView* record) -> Result<bool> {
    if (count == 0) return false;
    key.clear();
    append_key(record, &key);
    if (first.size() == count) {
      if (key >= first.top().key) return true;
      bytes -= first.top().key.size();
      first.pop();
    }
    bytes += key.size();
    if (bytes > kMaxPickedKeyBytes) {
      return Status(StatusCode::kLimit, "what the events are put in order by is more than " +
                                            std::to_string(kMaxPickedKeyBytes >> 20) + " MiB; filter more");
    }
    first.push({key, EventId(record->origin()), record->origin().segment_index});
    return true;
  };
  WHITTLE_RETURN_IF_ERROR(Visit(order, demand, visitor));
  std::unordered_set<uint64_t> events;
  std::unordered_set<size_t> segments;
  for (; !first.empty(); first.pop()) {
    events.insert(first.top().id);
    segments.insert(first.top().segment);
  }
  Pick(std::move(events), std::move(segments));
  return Status::Ok();
}

Status Selection::KeepEvent(const std::string& source, uint64_t line) {
  const std::vector<FieldRef> none;
  std::unordered_set<uint64_t> events;
  std::unordered_set<size_t> segments;
  WHITTLE_RETURN_IF_ERROR(Visit(VisitOptions::Order::kAny, {&none, false}, [&](RecordView* record) -> Result<bool> {
    const RecordOrigin& origin = record->origin();
    const bool here = line >= origin.line && line - origin.line < record->rows().shapes.size();
    if (!here || origin.source->name != source) return true;
    events.insert(EventId(origin));
    segments.insert(origin.segment_index);
    return true;
  }));
  if (events.empty() && !statistics_.stopped) {
    return Status(StatusCode::kNotFound, "no event that matches stands in line " + std::to_string(line) +
                                             " of a source named \"" + source + "\"");
  }
  Pick(std::move(events), std::move(segments));
  return Status::Ok();
}

// Efraimidis and Spirakis, 2006: the greatest log(u)/w of a uniform u per event; u comes from the event's place.
Status Selection::Sample(uint64_t count) {
  if (count > kMaxPickedEvents) return TooManyPicked("sample");
  const auto later = [](const Picked& a, const Picked& b) {
    return std::pair(a.priority, a.id) > std::pair(b.priority, b.id);
  };
  std::priority_queue<Picked, std::vector<Picked>, decltype(later)> best(later);
  const std::vector<FieldRef> none;
  const Visitor visitor = [&](RecordView* record) -> Result<bool> {
    const uint64_t id = EventId(record->origin());
    const uint64_t coin = Hash64(std::string_view(reinterpret_cast<const char*>(&id), sizeof id));
    const double uniform = (static_cast<double>(coin >> 11) + 0.5) / 9007199254740992.0;
    best.push({std::log(uniform) / record->sample_rate(), id});
    if (best.size() > count) best.pop();
    return count > 0;
  };
  WHITTLE_RETURN_IF_ERROR(Visit(VisitOptions::Order::kAny, {&none, false}, visitor));
  auto picked = std::make_unique<std::unordered_set<uint64_t>>();
  for (; !best.empty(); best.pop()) picked->insert(best.top().id);
  picked_ = std::move(picked);
  return Status::Ok();
}

Status Selection::AddNear(uint64_t count) {
  if (count > kMaxPickedEvents) return TooManyPicked("near");
  auto picked = std::make_unique<std::unordered_set<uint64_t>>();
  std::deque<uint64_t> before;
  uint64_t after = 0;
  const SegmentSource* source = nullptr;
  std::string source_id;
  std::vector<FieldRef> fields = filter_.fields();
  fields.push_back(ResolveField("timestamp"));
  fields.back().id = static_cast<uint32_t>(fields.size() - 1);
  VisitOptions all;
  all.order = VisitOptions::Order::kSourcePosition;
  all.demand = {&fields, false};
  all.stop = visit_.stop;
  const auto in_time = [&](const std::optional<int64_t>& time) {
    if (!visit_.min_time_ns && !visit_.max_time_ns) return true;
    return time && time >= visit_.min_time_ns.value_or(INT64_MIN) && time <= visit_.max_time_ns.value_or(INT64_MAX);
  };
  const Visitor visitor = [&](RecordView* record) -> Result<bool> {
    const RecordOrigin& origin = record->origin();
    if (origin.source != source && origin.source->id != source_id) {
      before.clear();
      after = 0;
      source_id = origin.source->id;
    }
    source = origin.source;
    const uint64_t id = EventId(origin);
    const bool match =
        in_time(record->time_ns()) && (picked_ == nullptr || picked_->contains(id)) && filter_.Matches(record);
    if (match) {
      picked->insert(before.begin(), before.end());
      before.clear();
      after = count + 1;
    }
    if (after > 0) {
      picked->insert(id);
      --after;
      if (picked->size() > kMaxPickedEvents) return TooManyPicked("near");
    } else if (count > 0) {
      before.push_back(id);
      if (before.size() > count) before.pop_front();
    }
    return true;
  };
  WHITTLE_RETURN_IF_ERROR(reader_.Visit(all, visitor));
  picked_ = std::move(picked);
  visit_.wants_segment = nullptr;
  filter_ = Filter();
  visit_.min_time_ns = visit_.max_time_ns = std::nullopt;
  near_ = true;
  return Status::Ok();
}

Status Selection::WholeTraces() {
  const std::vector<FieldRef> fields = {ResolveField("trace_id")};
  std::unordered_map<std::string, int64_t> begins;
  const Visitor visitor = [&](RecordView* record) -> Result<bool> {
    const Value* id = record->Lookup(fields[0]);
    if (id == nullptr) return true;
    const int64_t time = record->time_ns().value_or(INT64_MAX);
    const auto [found, is_new] = begins.emplace(id->text, time);
    if (!is_new) found->second = std::min(found->second, time);
    if (begins.size() > kMaxTraces) {
      return Status(StatusCode::kLimit, "the events belong to more than " + std::to_string(kMaxTraces) +
                                            " traces; filter more, or put '| limit N' before '| trace'");
    }
    return true;
  };
  WHITTLE_RETURN_IF_ERROR(Visit(VisitOptions::Order::kAny, {&fields, false}, visitor));
  std::vector<std::pair<int64_t, std::string>> order;
  for (const auto& [id, begin] : begins) order.emplace_back(begin, id);
  std::sort(order.begin(), order.end());
  traces_ = std::make_unique<std::unordered_map<std::string, uint64_t>>();
  Expr expr;
  expr.kind = Expr::Kind::kIn;
  expr.field = FieldName{"trace_id", 1};
  for (const auto& [begin, id] : order) {
    traces_->emplace(id, traces_->size());
    expr.literals.push_back(LiteralText{id, true, 1});
  }
  picked_ = nullptr;
  visit_.wants_segment = nullptr;
  near_ = false;
  return SetFilter(expr);
}

}  // namespace whittle
