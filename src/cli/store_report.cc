#include "cli/store_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "catalog/store_layout.h"
#include "query/query_engine.h"
#include "query/template_stats.h"
#include "render/table.h"
#include "source/progress.h"

namespace whittle {
namespace {

constexpr size_t kTopTemplates = 10;

uint64_t DirectoryBytes(FileSystem* files, const std::string& dir) {
  uint64_t bytes = 0;
  const auto entries = files->List(dir);
  if (!entries.ok()) return 0;
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = JoinPath(dir, entry.name);
    if (entry.type == FileType::kDirectory) {
      bytes += DirectoryBytes(files, path);
    } else if (const auto info = files->StatLink(path); info.ok()) {
      bytes += info->size;
    }
  }
  return bytes;
}

void WriteCounts(const IngestReport& report, OutputStream* out) {
  out->Write(fmt::format("read       {} lines, {} bytes from {} {}", FormatCount(report.lines),
                         FormatCount(report.text_bytes), FormatCount(report.inputs),
                         report.inputs == 1 ? "input" : "inputs"));
  if (report.unchanged > 0) out->Write(fmt::format(" ({} unchanged, not read again)", FormatCount(report.unchanged)));
  if (report.continued > 0) out->Write(fmt::format(" ({} continued)", FormatCount(report.continued)));
  out->Write(fmt::format("\nevents     {}\n", FormatCount(report.records)));
  const Ledger& ledger = report.ledger;
  if (ledger.kept != ledger.in) {
    out->Write(fmt::format("kept       {} events ({:.1f}%); {} sampled out", FormatCount(ledger.kept.records),
                           100.0 * static_cast<double>(ledger.kept.records) /
                               static_cast<double>(std::max<uint64_t>(1, ledger.in.records)),
                           FormatCount(ledger.sampled_out.records)));
    if (ledger.dropped_by_rule.records > 0)
      out->Write(fmt::format(", {} dropped by rule", FormatCount(ledger.dropped_by_rule.records)));
    out->Write("; exact counts of all are stored\n");
  }
  if (report.guessed_times > 0) {
    out->Write(
        fmt::format("times      {} with zone, year or the whole time filled in\n", FormatCount(report.guessed_times)));
  }
  if (report.raw_lane_rows > 0)
    out->Write(fmt::format("raw lane   {} lines kept whole\n", FormatCount(report.raw_lane_rows)));
  if (report.refused_ids > 0) {
    out->Write(fmt::format("refused    {} trace or span ids: all zeros, too short, too long or other bytes\n",
                           FormatCount(report.refused_ids)));
  }
  if (report.rates.records > 0) {
    out->Write(fmt::format("rates      {} events came sampled and stand for {:.0f}\n",
                           FormatCount(report.rates.records), report.rates.stand_for));
  }
  if (report.rates.refused > 0) {
    out->Write(fmt::format("refused    {} sampling rates: no number from 1 to a million, or a threshold that is none\n",
                           FormatCount(report.rates.refused)));
  }
  if (report.stopped) out->Write("stopped    as asked; everything that was read is committed\n");
}

Status WriteStore(const Env* env, const std::string& store, const IngestReport& report, OutputStream* out) {
  WHITTLE_ASSIGN_OR_RETURN(const auto reader, StoreReader::Open(env, store));
  std::vector<TemplateUse> uses;
  if (report.templates) {
    uses = *report.templates;
  } else {
    WHITTLE_ASSIGN_OR_RETURN(uses, CountTemplates(env, reader.get()));
  }
  uint64_t text = 0;
  for (const SegmentFile& segment : reader->segments()) text += segment.footer.text_bytes;
  const uint64_t stored = MeasureStore(env, store).total();
  out->Write(fmt::format("templates  {} in the store\nstored     {} bytes for {} bytes of text",
                         FormatCount(uses.size()), FormatCount(stored), FormatCount(text)));
  if (stored > 0) out->Write(fmt::format(", {:.1f} to 1", static_cast<double>(text) / static_cast<double>(stored)));
  out->Write("\n");
  if (uses.empty()) return Status::Ok();
  out->Write("\nThe largest templates:\n");
  Table table({{"count", true}, {"bytes", true}, {"template", false}});
  for (size_t i = 0; i < std::min(uses.size(), kTopTemplates); ++i) {
    table.AddRow({FormatCount(uses[i].stats.records), FormatCount(uses[i].stats.bytes), uses[i].mined.text});
  }
  constexpr size_t kReportColumns = 120;
  out->Write(table.Render(out->terminal_columns() > 0 ? static_cast<size_t>(out->terminal_columns()) : kReportColumns));
  return Status::Ok();
}

}  // namespace

StoreBytes MeasureStore(const Env* env, const std::string& store) {
  const StoreLayout layout(store);
  StoreBytes bytes;
  bytes.segments = DirectoryBytes(env->files, layout.segments);
  bytes.catalog = DirectoryBytes(env->files, layout.catalog);
  bytes.other = DirectoryBytes(env->files, store) - bytes.segments - bytes.catalog;
  return bytes;
}

void WriteIngestReport(const Env* env, const std::string& store, const IngestReport& report, OutputStream* out) {
  WriteCounts(report, out);
  if (const Status status = WriteStore(env, store, report, out); !status.ok())
    out->Write("store      " + status.message() + "\n");
}

}  // namespace whittle
