// Writes events one after the other in a format, buffered. Flush before the output is looked at. Not thread-safe.
#pragma once

#include <string>

#include "query/query_engine.h"

namespace whittle {

class EventWriter {
 public:
  EventWriter(const QueryOptions& options, const Output& output) : options_(options), output_(output) {}
  // One event as it will stand in the output: appended to `text`.
  void Render(RecordView* record, std::string* text) const;
  // Rendered events, with the title line of CSV before the first.
  Status Write(std::string_view text);
  // A line between events that do not belong together, where people read.
  Status WriteGap();
  Status Flush();
  uint64_t written() const { return written_; }

 private:
  void AppendLine(const Event& event, std::string* out) const;

  const QueryOptions& options_;
  const Output& output_;
  std::string buffer_;
  uint64_t written_ = 0;
};

}  // namespace whittle
