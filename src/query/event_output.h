// EventOutput: prints the events of a selection, or some of their fields, in an order, without holding more than a
// bounded part of them. Not thread-safe; what it refers to must outlive it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "query/event_sorter.h"
#include "query/query_engine.h"
#include "query/selection.h"

namespace whittle {

class EventOutput {
 public:
  EventOutput(StoreReader* reader, Selection* selection, const QueryOptions& options, const Output& output,
              QueryReport* report)
      : reader_(*reader), selection_(*selection), options_(options), output_(output), report_(*report) {}

  // Whole events by time (traces one after the other), or in the order the options or the selection ask for.
  Status WriteEvents(uint64_t limit);
  // Whole events by fields.
  Status WriteSorted(const std::vector<SortKey>& keys, uint64_t limit);
  // `fields` of each event, by `keys`, or by time, as soon as they are known.
  Status WriteFields(const std::vector<FieldName>& fields, const std::vector<SortKey>& keys, uint64_t limit);

 private:
  using Make = std::function<void(RecordView*, std::string*)>;
  Status InTimeOrder(const FieldDemand& demand, uint64_t limit, const Make& make, const EventSorter::Take& take);
  Status InSourceOrder(uint64_t limit);
  // The fields of the keys are `fields` from `first_key` on; `make` needs whole events, or `fields`.
  Status BySortKeys(const std::vector<SortKey>& keys, const std::vector<FieldRef>& fields, size_t first_key,
                    bool whole_events, uint64_t limit, const Make& make, const EventSorter::Take& take);

  StoreReader& reader_;
  Selection& selection_;
  const QueryOptions& options_;
  const Output& output_;
  QueryReport& report_;
};

// `fields` of each event of a selection as a table, by time; kLimit when it is more than a table holds.
Result<ResultTable> SelectFields(Selection* selection, const std::vector<FieldName>& fields);

}  // namespace whittle
