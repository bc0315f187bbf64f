#include "query/event_writer.h"

#include <algorithm>

#include "base/hash.h"
#include "base/rfc3339.h"
#include "event/severity.h"
#include "render/display_width.h"
#include "render/ndjson.h"
#include "render/table.h"

namespace whittle {
namespace {

// Output is handed on in pieces of about this size.
constexpr size_t kBufferBytes = 64 * 1024;

}  // namespace

// For reading: "2023-01-29T11:18:29.104384446Z WARN  app.log  message", one line an event whatever is in it.
void EventWriter::AppendLine(const Event& event) {
  if (event.timestamp_ns) {
    AppendRfc3339(*event.timestamp_ns, &buffer_);
  } else {
    buffer_.append("-");
  }
  std::string severity(SeverityName(event.severity_number));
  if (severity.empty()) severity = event.severity_text.empty() ? "-" : DisplayText(event.severity_text);
  severity.resize(std::max<size_t>(severity.size(), 5), ' ');
  buffer_.append(" ").append(severity).append(" ").append(DisplayText(event.source_name)).append("  ");
  buffer_.append(DisplayText(event.body)).append("\n");
}

void EventWriter::AppendCsv(const Event& event) {
  if (written_ == 0) AppendCsvRow({"timestamp", "severity_text", "source", "line", "template_id", "body"}, &buffer_);
  AppendCsvRow({event.timestamp_ns ? FormatRfc3339(*event.timestamp_ns) : std::string(), event.severity_text,
                event.source_name, std::to_string(event.source_line),
                event.template_id == 0 ? std::string() : ToHex(event.template_id), event.body},
               &buffer_);
}

Status EventWriter::Write(RecordView* record) {
  switch (format_) {
    case OutputFormat::kRaw:
      record->AppendRaw(&buffer_);
      break;
    case OutputFormat::kNdjson:
      AppendNdjson(record->ToEvent(), &buffer_);
      break;
    case OutputFormat::kCsv:
      AppendCsv(record->ToEvent());
      break;
    case OutputFormat::kTable:
      AppendLine(record->ToEvent());
      break;
  }
  ++written_;
  return buffer_.size() >= kBufferBytes ? Flush() : Status::Ok();
}

Status EventWriter::Flush() {
  if (buffer_.empty()) return Status::Ok();
  const Status status = output_(buffer_);
  buffer_.clear();
  return status;
}

}  // namespace whittle
