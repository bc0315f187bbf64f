// Selection: the events a query is about: those its filter matches, narrowed or widened by the stages that give events
// again: limit, sample, near, trace. Not thread-safe, like the reader it uses; the reader must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <whittle/status.h>

#include "expr/ast.h"
#include "query/store_reader.h"

namespace whittle {

// Events that limit (before another stage), sample and near pick one by one: 8 bytes each and some.
inline constexpr uint64_t kMaxPickedEvents = 2'000'000;
// Of the keys by which events are picked: values may be long.
inline constexpr size_t kMaxPickedKeyBytes = size_t{192} << 20;
// Traces one query follows.
inline constexpr size_t kMaxTraces = 100'000;

// One in a store, the same whenever it is asked.
uint64_t EventId(const RecordOrigin& origin);

// The place of an event among all others by time; texts in that order.
void AppendTimeKey(RecordView* record, std::string* key);

class Selection {
 public:
  explicit Selection(StoreReader* reader) : reader_(*reader) {}

  Status SetFilter(const Expr& expr);
  // Ends visits early when it becomes true.
  void StopOn(const std::atomic<bool>* stop) { visit_.stop = stop; }
  void StartFrom(const std::map<std::string, uint64_t>* offsets) { visit_.from_offsets = offsets; }

  using Visitor = StoreReader::Visitor;
  // `whole` is offered whole segments and runs first (StoreReader::VisitRuns).
  Status Visit(VisitOptions::Order order, const FieldDemand& demand, const Visitor& visitor,
               const StoreReader::WholeVisitors& whole = {});

  // The first `count` in order of time, or of what `append_key` makes of the fields in `demand`: texts in their order,
  // each event's another. Later visits leave segments without any unread.
  Status KeepFirst(uint64_t count);
  using AppendKey = std::function<void(RecordView*, std::string*)>;
  Status KeepFirst(uint64_t count, VisitOptions::Order order, const FieldDemand& demand, const AppendKey& append_key);
  // The one whose lines have `line` of the source of this name; kNotFound when there is none.
  Status KeepEvent(const std::string& source, uint64_t line);
  // `count` at random, an event that stands for n being n times as likely; the same ones each time.
  Status Sample(uint64_t count);
  // Also the `count` events before and after each, in its source.
  Status AddNear(uint64_t count);
  // Also all other events of their traces. Events without a trace go.
  Status WholeTraces();

  const Filter& filter() const { return filter_; }
  bool selects_everything() const {
    return filter_.matches_all() && picked_ == nullptr && !near_ && traces_ == nullptr && !visit_.min_time_ns &&
           !visit_.max_time_ns && visit_.from_offsets == nullptr;
  }
  const VisitOptions& options() const { return visit_; }
  // Set by AddNear: how its events stand in their sources, to tell where one stretch ends.
  bool in_source_order() const { return near_; }
  // Set by WholeTraces: the place of a trace among the others, by its first event that was asked for; null for other
  // selections.
  const std::unordered_map<std::string, uint64_t>* traces() const { return traces_.get(); }
  // Visits so far, added up.
  const VisitStatistics& statistics() const { return statistics_; }

 private:
  struct Picked {
    double priority;
    uint64_t id;
  };

  void Pick(std::unordered_set<uint64_t> events, std::unordered_set<size_t> segments);

  StoreReader& reader_;
  Filter filter_;
  VisitOptions visit_;
  std::unique_ptr<std::unordered_set<uint64_t>> picked_;  // only these
  bool near_ = false;
  std::unique_ptr<std::unordered_map<std::string, uint64_t>> traces_;
  VisitStatistics statistics_;
};

}  // namespace whittle
