// Answers queries and prints events of one store or several: `cat` and `query` without their flags. Output goes to a
// function in pieces; nothing is printed here. Not thread-safe, like the reader it uses.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "query/result_table.h"
#include "query/sampling_export.h"
#include "query/store_reader.h"

namespace whittle {

// Takes a piece of the output. A Status that is not ok stops the query and is returned; kCancelled for a closed pipe.
using Output = std::function<Status(std::string_view)>;

enum class OutputFormat : uint8_t { kTable, kNdjson, kCsv, kRaw };

struct QueryOptions {
  OutputFormat format = OutputFormat::kTable;              // kRaw: events only
  size_t width = 0;                                        // terminal columns for tables, 0 = unlimited
  bool colour = false;                                     // severities of events in colours of the terminal
  SamplingExport sampling_fields = SamplingExport::kNone;  // attributes added to events in NDJSON
  bool unweighted = false;                                 // count what is kept, not what it stands for
  std::optional<int64_t> now_ns;  // what `last 2h` counts back from; nothing: the newest event of the store
  // Of events that are printed; nothing: by time.
  std::optional<VisitOptions::Order> order;
  bool separate_messages = true;  // kRaw: a line feed after messages that do not end in one
  bool record_by_record = false;  // leave the columns' short cut out: the slow twin tests compare with
  // When it becomes true the query ends with what it has, and the report says so.
  const std::atomic<bool>* stop = nullptr;
  // Only events from these offsets of their sources on, by source id: what came since.
  const std::map<std::string, uint64_t>* from_offsets = nullptr;
};

struct QueryReport {
  uint64_t results = 0;            // events or rows written
  bool estimated = false;          // events stood for others that were not kept
  bool partial = false;            // QueryOptions::stop: some of the answer is missing
  std::vector<std::string> notes;  // for people: names nobody has, values that were no numbers …
  VisitStatistics visited;
};

// Rows that a table holds in memory to sort them or to work on; beyond it the answer is kLimit.
inline constexpr size_t kMaxTableRows = 1'000'000;

// `text` is `FILTER | stage | …`. Events are written as they are found: NDJSON objects, the original bytes, CSV, or one
// line each (time, severity, source, message).
Result<QueryReport> RunQuery(StoreReader* reader, std::string_view text, const QueryOptions& options,
                             const Output& output);

}  // namespace whittle
