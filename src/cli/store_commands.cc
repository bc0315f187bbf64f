// templates and stats: what a store holds and where everything went.
#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/rfc3339.h"
#include "catalog/rebuild.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/metric_lines.h"
#include "cli/store_report.h"
#include "query/store_ledger.h"
#include "query/template_stats.h"
#include "render/json_text.h"
#include "render/table.h"
#include "source/progress.h"

namespace whittle {
namespace {

std::string OptionalTime(const std::optional<int64_t>& time_ns) { return time_ns ? FormatRfc3339(*time_ns) : ""; }

std::string FieldNames(const Template& mined) {
  std::string names;
  for (const TemplateSlot& slot : mined.slots) names += (names.empty() ? "" : " ") + slot.name;
  return names;
}

void AppendTemplateJson(const TemplateUse& use, std::string* out) {
  *out += "{\"template_id\":\"" + ToHex(use.mined.id) +
          fmt::format("\",\"count\":{},\"bytes\":{}", use.stats.records, use.stats.bytes);
  if (use.stats.first_ns)
    *out += ",\"first_seen\":\"" + FormatRfc3339(*use.stats.first_ns) + "\",\"last_seen\":\"" +
            FormatRfc3339(*use.stats.last_ns) + "\"";
  *out += ",\"template\":";
  AppendJsonString(use.mined.text, out);
  *out += ",\"fields\":[";
  for (size_t i = 0; i < use.mined.slots.size(); ++i) {
    *out += i == 0 ? "{\"name\":" : ",{\"name\":";
    AppendJsonString(use.mined.slots[i].name, out);
    *out += ",\"type\":\"" + std::string(ValueTypeName(use.mined.slots[i].type)) + "\"}";
  }
  *out += "]}\n";
}

void AppendTallyJson(std::string_view name, const Tally& tally, std::string* out) {
  *out += fmt::format(",\"{}\":{{\"lines\":{},\"records\":{},\"bytes\":{}}}", name, tally.lines, tally.records,
                      tally.bytes);
}

void AppendLedgerJson(const Ledger& ledger, std::string* out) {
  AppendTallyJson("in", ledger.in, out);
  AppendTallyJson("kept", ledger.kept, out);
  AppendTallyJson("sampled_out", ledger.sampled_out, out);
  AppendTallyJson("quarantined", ledger.quarantined, out);
  AppendTallyJson("dropped_by_rule", ledger.dropped_by_rule, out);
  AppendTallyJson("expired", ledger.expired, out);
}

std::vector<std::string> LedgerCells(const std::string& name, const Ledger& ledger) {
  const uint64_t elsewhere =
      ledger.sampled_out.lines + ledger.quarantined.lines + ledger.dropped_by_rule.lines + ledger.expired.lines;
  return {name,
          FormatCount(ledger.in.lines),
          FormatCount(ledger.in.bytes),
          FormatCount(ledger.kept.records),
          FormatCount(ledger.kept.lines),
          FormatCount(elsewhere)};
}

std::string SourceName(const SourceState& source) { return source.names.empty() ? source.id : source.name(); }

// Lines that were stored without being understood: a limit was met or no analysis fits.
uint64_t WholeRows(const Manifest& manifest) {
  uint64_t rows = 0;
  for (const SegmentMeta& segment : manifest.segments) rows += segment.whole_rows;
  return rows;
}

uint64_t RefusedIds(const Manifest& manifest) {
  uint64_t ids = 0;
  for (const SegmentMeta& segment : manifest.segments) ids += segment.refused_ids;
  return ids;
}

void WriteStatsTable(const Manifest& manifest, const StoreBytes& bytes, OutputStream* out) {
  Table table({{"source", false},
               {"lines in", true},
               {"bytes in", true},
               {"events", true},
               {"lines kept", true},
               {"lines elsewhere", true}});
  for (const auto& [id, source] : manifest.sources) table.AddRow(LedgerCells(SourceName(source), source.ledger));
  table.AddRow(LedgerCells("total", manifest.TotalLedger()));
  out->Write(table.Render(static_cast<size_t>(out->terminal_columns())));
  if (const uint64_t whole = WholeRows(manifest); whole > 0) {
    out->Write(fmt::format("\nraw lane: {} lines kept whole, without fields or a template of their own\n",
                           FormatCount(whole)));
  }
  if (const uint64_t refused = RefusedIds(manifest); refused > 0) {
    out->Write(
        fmt::format("\nrefused: {} trace or span ids that are none: all zeros, too short, too long or other bytes\n",
                    FormatCount(refused)));
  }
  for (const auto& [id, source] : manifest.sources) {
    if (!source.failure.empty()) out->Write("failed: " + SourceName(source) + ": " + source.failure + "\n");
  }
  out->Write(fmt::format("\nstored {} bytes: segments {} in {} files, catalog {}, manifest and locks {}\n",
                         FormatCount(bytes.total()), FormatCount(bytes.segments), FormatCount(manifest.segments.size()),
                         FormatCount(bytes.catalog), FormatCount(bytes.other)));
}

void WriteStatsJson(const Manifest& manifest, const StoreBytes& bytes, OutputStream* out) {
  std::string line;
  for (const auto& [id, source] : manifest.sources) {
    line = "{\"source\":";
    AppendJsonString(SourceName(source), &line);
    line += ",\"source_id\":\"" + id + "\"";
    AppendLedgerJson(source.ledger, &line);
    if (!source.failure.empty()) {
      line += ",\"failure\":";
      AppendJsonString(source.failure, &line);
    }
    out->Write(line + "}\n");
  }
  line = "{\"total\":true";
  AppendLedgerJson(manifest.TotalLedger(), &line);
  line += fmt::format(",\"raw_lane_lines\":{},\"refused_ids\":{}", WholeRows(manifest), RefusedIds(manifest));
  line +=
      fmt::format(",\"stored_bytes\":{{\"total\":{},\"segments\":{},\"catalog\":{},\"other\":{}}},\"segments\":{}}}\n",
                  bytes.total(), bytes.segments, bytes.catalog, bytes.other, manifest.segments.size());
  out->Write(line);
}

// Per stratum of the sampling key and rule that decided, largest first: strata without a survivor too.
struct StratumLine {
  std::string stratum, rule, form;
  StratumTotal total;
};

std::vector<StratumLine> StratumLines(const SegmentLedger& ledger) {
  std::vector<StratumLine> lines;
  const std::vector<StratumTotal> totals = TotalsByStratum(ledger);
  for (size_t i = 0; i < totals.size(); ++i) {
    const uint32_t rule = ledger.strata()[i].rule;
    lines.push_back({StratumText(ledger, i), rule == 0 ? "budget" : ledger.rules()[rule - 1],
                     totals[i].kept.records == 0 ? ledger.strata()[i].form : std::string(), totals[i]});
  }
  std::sort(lines.begin(), lines.end(), [](const StratumLine& a, const StratumLine& b) {
    return std::tie(b.total.in.records, a.stratum, a.rule) < std::tie(a.total.in.records, b.stratum, b.rule);
  });
  return lines;
}

void AppendCountsJson(std::string_view name, const EventCounts& counts, std::string* out) {
  AppendTallyJson(name, {counts.lines, counts.records, counts.bytes}, out);
}

EventCounts Rest(const StratumTotal& total) {
  return {total.in.records - total.kept.records, total.in.lines - total.kept.lines, total.in.bytes - total.kept.bytes};
}

void WriteStrataJson(const SegmentLedger& ledger, OutputStream* out) {
  for (const StratumLine& line : StratumLines(ledger)) {
    std::string json = "{\"stratum\":";
    AppendJsonString(line.stratum, &json);
    json += ",\"rule\":";
    AppendJsonString(line.rule, &json);
    if (!line.form.empty()) {
      json += ",\"form\":";
      AppendJsonString(line.form, &json);
    }
    AppendCountsJson("in", line.total.in, &json);
    AppendCountsJson("kept", line.total.kept, &json);
    if (line.total.more_in > 0) json += fmt::format(",\"stands_for\":{}", line.total.stands_for());
    AppendCountsJson(line.total.dropped ? "dropped_by_rule" : "sampled_out", Rest(line.total), &json);
    out->Write(json + "}\n");
  }
}

void WriteStrataTable(const SegmentLedger& ledger, OutputStream* out) {
  constexpr size_t kShown = 40;
  const std::vector<StratumLine> lines = StratumLines(ledger);
  out->Write(
      fmt::format("\nBy stratum and rule, exact ({} strata, {} without a survivor; --format ndjson has all):\n",
                  FormatCount(lines.size()),
                  FormatCount(static_cast<uint64_t>(std::count_if(lines.begin(), lines.end(), [](const auto& line) {
                    return line.total.kept.records == 0 && line.total.in.records > 0;
                  })))));
  const bool came_sampled = std::any_of(lines.begin(), lines.end(), [](const auto& l) { return l.total.more_in > 0; });
  std::vector<TableColumn> columns{{"events in", true}, {"kept", true}, {"sampled out", true}, {"dropped", true}};
  if (came_sampled) columns.insert(columns.begin() + 1, {"stand for", true});
  columns.insert(columns.end(), {{"rule", false}, {"stratum", false}});
  Table table(std::move(columns));
  for (size_t i = 0; i < std::min(lines.size(), kShown); ++i) {
    const StratumTotal& total = lines[i].total;
    const uint64_t rest = total.in.records - total.kept.records;
    std::vector<std::string> cells{FormatCount(total.in.records),
                                   FormatCount(total.kept.records),
                                   FormatCount(total.dropped ? 0 : rest),
                                   FormatCount(total.dropped ? rest : 0),
                                   lines[i].rule,
                                   lines[i].stratum};
    if (came_sampled) cells.insert(cells.begin() + 1, fmt::format("{:.0f}", total.stands_for()));
    table.AddRow(std::move(cells));
  }
  out->Write(table.Render(static_cast<size_t>(out->terminal_columns())));
}

void WriteMetricsJson(const MetricLedger& metrics, OutputStream* out) {
  for (size_t m = 0; m < metrics.definitions().size(); ++m) {
    const MetricDefinition& definition = metrics.definitions()[m];
    const MetricCell total = metrics.Total(m);
    std::string json = "{\"metric\":";
    AppendJsonString(definition.name, &json);
    json += ",\"when\":";
    AppendJsonString(definition.when, &json);
    json += fmt::format(",\"events\":{},\"of\":{}", total.events, metrics.seen(m));
    if (!definition.sum.empty()) {
      json += ",\"field\":";
      AppendJsonString(definition.sum, &json);
      json += fmt::format(",\"values\":{},\"sum\":{},\"unit\":\"{}\"", total.values, MetricSum(total),
                          MetricUnitName(total.unit));
    }
    json += fmt::format(",\"window_s\":{},\"windows\":[", static_cast<double>(metrics.window_ns()) / 1e9);
    bool first = true;
    for (const auto& [window, cells] : metrics.windows()) {
      if (cells[m].events == 0) continue;
      json += first ? "{" : ",{";
      first = false;
      if (window != INT64_MIN) json += "\"begin\":\"" + FormatRfc3339(window * metrics.window_ns()) + "\",";
      json += fmt::format("\"events\":{}", cells[m].events);
      if (!definition.sum.empty())
        json += fmt::format(",\"values\":{},\"sum\":{}", cells[m].values, MetricSum(cells[m]));
      json += "}";
    }
    out->Write(json + "]}\n");
  }
}

void WriteMetricsTable(const MetricLedger& metrics, OutputStream* out) {
  out->Write("\nMetrics, exact, counted before sampling (--format ndjson has them by window):\n");
  Table table({{"events", true}, {"of", true}, {"sum", true}, {"metric", false}, {"when", false}});
  for (const MetricLine& line : MetricLines(metrics)) {
    table.AddRow({FormatCount(line.events), FormatCount(line.of), line.sum, line.name, line.when});
  }
  out->Write(table.Render(static_cast<size_t>(out->terminal_columns())));
}

}  // namespace

int RunTemplates(const ParsedFlags& flags, Streams& streams) {
  auto reader = StoreReader::Open(DefaultEnv(), flags.Text("store"));
  if (!reader.ok()) return Fail(streams, reader.status());
  const auto uses = CountTemplates(DefaultEnv(), reader->get());
  if (!uses.ok()) return Fail(streams, uses.status());
  if (flags.Text("format") == "ndjson") {
    std::string line;
    for (const TemplateUse& use : *uses) {
      line.clear();
      AppendTemplateJson(use, &line);
      streams.out.Write(line);
    }
    return 0;
  }
  Table table({{"id", false},
               {"count", true},
               {"bytes", true},
               {"first seen", false},
               {"last seen", false},
               {"template", false},
               {"fields", false}});
  for (const TemplateUse& use : *uses) {
    table.AddRow({ToHex(use.mined.id), FormatCount(use.stats.records), FormatCount(use.stats.bytes),
                  OptionalTime(use.stats.first_ns), OptionalTime(use.stats.last_ns), use.mined.text,
                  FieldNames(use.mined)});
  }
  streams.out.Write(table.Render(static_cast<size_t>(streams.out.terminal_columns())));
  return 0;
}

int RunStats(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  const auto snapshot = TakeSnapshotOfAny(env, flags.Text("store"));
  if (!snapshot.ok()) return Fail(streams, snapshot.status());
  const Manifest* const manifest = &snapshot->manifest;
  StoreBytes bytes = MeasureStore(env, flags.Text("store"));
  if (snapshot->segments_dir == snapshot->dir) std::swap(bytes.segments, bytes.other);  // nothing but segments
  const auto reader = StoreReader::Open(env, flags.Text("store"));
  if (!reader.ok()) return Fail(streams, reader.status());
  const auto ledger = ReadStoreLedger(env, (*reader)->segments());
  if (!ledger.ok()) return Fail(streams, ledger.status());
  const bool sampled = !ledger->ledger.strata().empty();
  if (flags.Text("format") == "ndjson") {
    WriteStatsJson(*manifest, bytes, &streams.out);
    if (sampled) WriteStrataJson(ledger->ledger, &streams.out);
    WriteMetricsJson(ledger->ledger.metrics(), &streams.out);
  } else {
    WriteStatsTable(*manifest, bytes, &streams.out);
    if (sampled) WriteStrataTable(ledger->ledger, &streams.out);
    if (!ledger->ledger.metrics().definitions().empty()) WriteMetricsTable(ledger->ledger.metrics(), &streams.out);
  }
  return 0;
}

}  // namespace whittle
