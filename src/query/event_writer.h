// Writes events one after the other in a format, buffered. Flush before the output is looked at.
#pragma once

#include <string>

#include "query/query_engine.h"

namespace whittle {

class EventWriter {
 public:
  EventWriter(OutputFormat format, const Output& output) : format_(format), output_(output) {}
  Status Write(RecordView* record);
  Status Flush();
  uint64_t written() const { return written_; }

 private:
  void AppendLine(const Event& event);
  void AppendCsv(const Event& event);

  OutputFormat format_;
  const Output& output_;
  std::string buffer_;
  uint64_t written_ = 0;
};

}  // namespace whittle
