// cat and query: the commands that print events and answers.
#include "cli/commands.h"
#include "cli/failure.h"
#include "query/query_engine.h"

namespace whittle {
namespace {

OutputFormat FormatOf(const ParsedFlags& flags) {
  const std::string& format = flags.Text("format");
  return format == "ndjson" ? OutputFormat::kNdjson : format == "csv" ? OutputFormat::kCsv : OutputFormat::kTable;
}

int Answer(const ParsedFlags& flags, const std::string& text, QueryOptions options, Streams& streams) {
  auto reader = StoreReader::Open(DefaultEnv(), flags.Text("store"));
  if (!reader.ok()) return Fail(streams, reader.status());
  options.width = static_cast<size_t>(streams.out.terminal_columns());
  const auto report = RunQuery(reader->get(), text, options, [&](std::string_view piece) {
    streams.out.Write(piece);
    return streams.out.closed() ? Status(StatusCode::kCancelled, "nobody reads the output any more") : Status::Ok();
  });
  if (!report.ok()) return report.status().code() == StatusCode::kCancelled ? 0 : Fail(streams, report.status());
  for (const std::string& note : report->notes) streams.err.Write("whittle: note: " + note + "\n");
  if (report->visited.runs_covered_twice > 0) {
    streams.err.Write("whittle: note: some stretches of a source stand in two segments; each was counted once\n");
  }
  return 0;
}

}  // namespace

int RunCat(const ParsedFlags& flags, Streams& streams) {
  QueryOptions options;
  options.format = flags.On("raw") ? OutputFormat::kRaw : FormatOf(flags);
  return Answer(flags, flags.positional(), options, streams);
}

int RunQuery(const ParsedFlags& flags, Streams& streams) {
  QueryOptions options;
  options.format = FormatOf(flags);
  return Answer(flags, flags.positional(), options, streams);
}

}  // namespace whittle
