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

// Red for errors and worse, yellow for warnings, nothing for the rest.
std::string_view ColourOf(int severity) { return severity >= 17 ? "\x1b[31m" : severity >= 13 ? "\x1b[33m" : ""; }

void AppendCsv(const Event& event, std::string* out) {
  AppendCsvRow({event.timestamp_ns ? FormatRfc3339(*event.timestamp_ns) : std::string(), event.severity_text,
                event.source_name, std::to_string(event.source_line),
                event.template_id == 0 ? std::string() : ToHex(event.template_id), event.body},
               out);
}

}  // namespace

// For reading: "2023-01-29T11:18:29.104384446Z WARN  app.log  message", one line an event whatever is in it.
void EventWriter::AppendLine(const Event& event, std::string* out) const {
  if (event.timestamp_ns) {
    AppendRfc3339(*event.timestamp_ns, out);
  } else {
    out->append("-");
  }
  std::string severity(SeverityName(event.severity_number));
  if (severity.empty()) severity = event.severity_text.empty() ? "-" : DisplayText(event.severity_text);
  severity.resize(std::max<size_t>(severity.size(), 5), ' ');
  const std::string_view colour = options_.colour ? ColourOf(event.severity_number) : std::string_view();
  out->append(" ").append(colour).append(severity).append(colour.empty() ? "" : "\x1b[0m");
  out->append(" ").append(DisplayText(event.source_name)).append("  ");
  out->append(DisplayText(event.body)).append("\n");
}

void EventWriter::Render(RecordView* record, std::string* text) const {
  switch (options_.format) {
    case OutputFormat::kRaw:
      record->AppendRaw(text);
      if (options_.separate_messages && record->is_message() && !record->ends_line()) text->push_back('\n');
      break;
    case OutputFormat::kNdjson:
      if (options_.sampling_fields == SamplingExport::kNone) {
        AppendNdjson(record->ToEvent(), text);
      } else {
        Event event = record->ToEvent();
        AddSamplingFields(*record, options_.sampling_fields, &event);
        AppendNdjson(event, text);
      }
      break;
    case OutputFormat::kCsv:
      AppendCsv(record->ToEvent(), text);
      break;
    case OutputFormat::kTable:
      AppendLine(record->ToEvent(), text);
      break;
  }
}

Status EventWriter::Write(std::string_view text) {
  if (options_.format == OutputFormat::kCsv && written_ == 0 && options_.from_offsets == nullptr)
    AppendCsvRow({"timestamp", "severity_text", "source", "line", "template_id", "body"}, &buffer_);
  buffer_.append(text);
  ++written_;
  return buffer_.size() >= kBufferBytes ? Flush() : Status::Ok();
}

Status EventWriter::WriteGap() {
  if (options_.format == OutputFormat::kTable) buffer_.append("--\n");
  return Status::Ok();
}

Status EventWriter::Flush() {
  if (buffer_.empty()) return Status::Ok();
  const Status status = output_(buffer_);
  buffer_.clear();
  return status;
}

}  // namespace whittle
