// report: what sampling did to a store, exactly, by values of the sampling key: for those who pay and those who audit.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/metric_lines.h"
#include "cli/store_report.h"
#include "pipeline/sampling_config.h"
#include "query/store_ledger.h"
#include "render/json_text.h"
#include "render/table.h"
#include "source/progress.h"

namespace whittle {
namespace {

constexpr double kBytesPerGb = 1e9;
constexpr size_t kByRule = SIZE_MAX;  // in place of the number of a key

struct ReportLine {
  std::vector<std::string> values;
  EventCounts in, kept;
  uint64_t dropped = 0;  // events a rule dropped
};

struct SamplingReport {
  std::vector<std::string> by;
  std::vector<ReportLine> lines;  // largest first
  ReportLine total;
  uint64_t stored_bytes = 0;  // of the store's segments
  std::map<std::string, uint64_t> policies;
  std::vector<MetricLine> metrics;
  Prices prices;
};

Result<std::vector<size_t>> ColumnsOf(const SegmentLedger& ledger, const std::vector<std::string>& by) {
  std::vector<size_t> columns;
  for (const std::string& name : by) {
    const std::string key = name == "template" || name == "template_id" ? "signature" : name;
    const auto found = std::find(ledger.keys().begin(), ledger.keys().end(), key);
    if (found == ledger.keys().end() && name != "rule") {
      return Status(StatusCode::kUsage, fmt::format("--by {}: counted before sampling are rule, {}; for others ask "
                                                    "'whittle query', which estimates",
                                                    name, fmt::join(ledger.keys(), ", ")));
    }
    columns.push_back(name == "rule" ? kByRule : static_cast<size_t>(found - ledger.keys().begin()));
  }
  return columns;
}

std::string ValueOf(const SegmentLedger& ledger, const StratumInfo& info, size_t column) {
  if (column == kByRule) return info.rule == 0 ? "budget" : ledger.rules()[info.rule - 1];
  if (info.other) return "(other)";
  return column < info.values.size() ? info.values[column].value_or("") : "";
}

void Add(const StratumTotal& total, ReportLine* line) {
  line->in += total.in;
  line->kept += total.kept;
  if (total.dropped) line->dropped += total.in.records - total.kept.records;
}

Result<SamplingReport> MakeReport(const StoreLedger& store, std::vector<std::string> by) {
  SamplingReport report;
  report.by = std::move(by);
  WHITTLE_ASSIGN_OR_RETURN(const std::vector<size_t> columns, ColumnsOf(store.ledger, report.by));
  const std::vector<StratumTotal> totals = TotalsByStratum(store.ledger);
  std::map<std::vector<std::string>, ReportLine> lines;
  for (size_t s = 0; s < totals.size(); ++s) {
    if (totals[s].in.records == 0) continue;
    std::vector<std::string> values;
    for (const size_t column : columns) values.push_back(ValueOf(store.ledger, store.ledger.strata()[s], column));
    Add(totals[s], &lines[values]);
    Add(totals[s], &report.total);
  }
  for (auto& [values, line] : lines) {
    line.values = values;
    report.lines.push_back(line);
  }
  std::stable_sort(report.lines.begin(), report.lines.end(),
                   [](const ReportLine& a, const ReportLine& b) { return a.in.bytes > b.in.bytes; });
  report.policies = store.policies;
  report.metrics = MetricLines(store.ledger.metrics());
  return report;
}

// Segments compress all groups together, so a group's part of them is by the text that was kept of it.
double StoredPart(const SamplingReport& report, const ReportLine& line) {
  if (report.total.kept.bytes == 0) return 0;
  return static_cast<double>(report.stored_bytes) * static_cast<double>(line.kept.bytes) /
         static_cast<double>(report.total.kept.bytes);
}

double PriceOf(const Prices& prices, const EventCounts& sent) {
  return prices.ingest_gb * static_cast<double>(sent.bytes) / kBytesPerGb +
         prices.million_events * static_cast<double>(sent.records) / 1e6;
}

std::vector<std::string> Cells(const SamplingReport& report, const ReportLine& line) {
  std::vector<std::string> cells = line.values;
  cells.resize(report.by.size());
  cells.push_back(FormatCount(line.in.records));
  cells.push_back(FormatCount(line.in.bytes));
  cells.push_back(FormatCount(line.kept.records));
  cells.push_back(FormatCount(line.kept.bytes));
  cells.push_back(FormatCount(line.dropped));
  cells.push_back(FormatCount(static_cast<uint64_t>(StoredPart(report, line))));
  if (!report.prices.any()) return cells;
  const double month = report.prices.stored_gb_month * StoredPart(report, line) / kBytesPerGb;
  cells.push_back(fmt::format("{:.2f}", PriceOf(report.prices, line.in)));
  cells.push_back(fmt::format("{:.2f}", PriceOf(report.prices, line.kept)));
  cells.push_back(fmt::format("{:.2f}", month));
  return cells;
}

std::vector<std::string> Titles(const SamplingReport& report) {
  std::vector<std::string> titles = report.by;
  for (const char* title : {"events in", "bytes in", "events kept", "bytes kept", "dropped by rule", "stored, about"})
    titles.emplace_back(title);
  if (report.prices.any())
    for (const char* title : {"cost of all", "cost of kept", "storage a month"}) titles.emplace_back(title);
  return titles;
}

std::vector<std::vector<std::string>> Rows(const SamplingReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const ReportLine& line : report.lines) rows.push_back(Cells(report, line));
  rows.push_back(Cells(report, report.total));
  if (!report.by.empty()) rows.back()[0] = "total";
  return rows;
}

std::string MetricText(const MetricLine& line) {
  return fmt::format("metric {}: {} of {} events{}{} ({}), counted before sampling", line.name,
                     FormatCount(line.events), FormatCount(line.of), line.sum.empty() ? "" : ", ", line.sum, line.when);
}

void WriteTable(const SamplingReport& report, OutputStream* out) {
  std::vector<TableColumn> columns;
  for (const std::string& title : Titles(report)) columns.push_back({title, columns.size() >= report.by.size()});
  Table table(std::move(columns));
  for (auto& row : Rows(report)) table.AddRow(std::move(row));
  out->Write(table.Render(static_cast<size_t>(out->terminal_columns())));
  for (const auto& [policy, events] : report.policies)
    out->Write(fmt::format("\n{} events under the policy: {}\n", FormatCount(events), policy));
  for (const MetricLine& line : report.metrics) out->Write("\n" + MetricText(line) + "\n");
}

// A cell of a Markdown table: no bar, no line end.
std::string MarkdownCell(const std::string& text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return cell;
}

void WriteMarkdown(const SamplingReport& report, OutputStream* out) {
  const auto write = [&](const std::vector<std::string>& cells) {
    std::string line = "|";
    for (const std::string& cell : cells) line += " " + MarkdownCell(cell) + " |";
    out->Write(line + "\n");
  };
  write(Titles(report));
  std::string rule = "|";
  for (size_t i = 0; i < Titles(report).size(); ++i) rule += i < report.by.size() ? " --- |" : " ---: |";
  out->Write(rule + "\n");
  for (const auto& row : Rows(report)) write(row);
  out->Write("\n");
  for (const auto& [policy, events] : report.policies)
    out->Write(fmt::format("- {} events under the policy: `{}`\n", FormatCount(events), policy));
  for (const MetricLine& line : report.metrics) out->Write("- " + MarkdownCell(MetricText(line)) + "\n");
}

void AppendLine(const SamplingReport& report, const ReportLine& line, std::string* json) {
  const auto counts = [&](const char* name, const EventCounts& c) {
    *json += fmt::format("\"{}\":{{\"events\":{},\"lines\":{},\"bytes\":{}}},", name, c.records, c.lines, c.bytes);
  };
  counts("in", line.in);
  counts("kept", line.kept);
  *json += fmt::format("\"dropped_by_rule\":{},\"stored_bytes\":{:.0f}", line.dropped, StoredPart(report, line));
  if (!report.prices.any()) return;
  *json += fmt::format(",\"cost_of_all\":{},\"cost_of_kept\":{},\"storage_a_month\":{}",
                       PriceOf(report.prices, line.in), PriceOf(report.prices, line.kept),
                       report.prices.stored_gb_month * StoredPart(report, line) / kBytesPerGb);
}

void WriteJson(const SamplingReport& report, OutputStream* out) {
  std::string json = "{\"groups\":[";
  for (const ReportLine& line : report.lines) {
    json += json.back() == '[' ? "{\"group\":{" : ",{\"group\":{";
    for (size_t i = 0; i < report.by.size(); ++i) {
      if (i > 0) json += ',';
      AppendJsonString(report.by[i], &json);
      json += ':';
      AppendJsonString(line.values[i], &json);
    }
    json += "},";
    AppendLine(report, line, &json);
    json += '}';
  }
  json += "],\"total\":{";
  AppendLine(report, report.total, &json);
  json += "},\"policies\":[";
  for (const auto& [policy, events] : report.policies) {
    json += json.back() == '[' ? "{\"policy\":" : ",{\"policy\":";
    AppendJsonString(policy, &json);
    json += fmt::format(",\"events\":{}}}", events);
  }
  json += "],\"metrics\":[";
  for (const MetricLine& line : report.metrics) {
    json += json.back() == '[' ? "{\"metric\":" : ",{\"metric\":";
    AppendJsonString(line.name, &json);
    json += fmt::format(",\"events\":{},\"of\":{}", line.events, line.of);
    if (!line.sum.empty()) {
      json += ",\"sum\":";
      AppendJsonString(line.sum, &json);
    }
    json += '}';
  }
  out->Write(json + "]}\n");
}

std::vector<std::string> SplitNames(const std::string& text) {
  std::vector<std::string> names(1);
  for (const char c : text) {
    if (c == ',') {
      names.emplace_back();
    } else if (c != ' ') {
      names.back() += c;
    }
  }
  std::erase(names, "");
  return names;
}

}  // namespace

int RunReport(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  const auto reader = StoreReader::Open(env, flags.Text("store"));
  if (!reader.ok()) return Fail(streams, reader.status());
  const auto ledger = ReadStoreLedger(env, (*reader)->segments());
  if (!ledger.ok()) return Fail(streams, ledger.status());
  if (ledger->ledger.strata().empty()) {
    return Fail(streams, Status(StatusCode::kUsage,
                                "nothing in this store was sampled, so nothing was counted by stratum; 'whittle stats' "
                                "has its totals, 'whittle query' counts by any field"));
  }
  auto report = MakeReport(*ledger, SplitNames(flags.Text("by")));
  if (!report.ok()) return Fail(streams, report.status());
  report->stored_bytes = MeasureStore(env, flags.Text("store")).segments;
  if (flags.Given("policy")) {
    auto file = LoadPolicyFile(env->files, flags.Text("policy"));
    if (!file.ok()) return Fail(streams, file.status());
    report->prices = file->prices;
  }
  const std::string& format = flags.Text("format");
  if (format == "json") {
    WriteJson(*report, &streams.out);
  } else if (format == "md") {
    WriteMarkdown(*report, &streams.out);
  } else {
    WriteTable(*report, &streams.out);
  }
  if (ledger->segments_without > 0) {
    streams.err.Write(fmt::format("note: {} segments were written without sampling and are not in the report\n",
                                  ledger->segments_without));
  }
  return 0;
}

}  // namespace whittle
