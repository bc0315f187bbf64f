#include "cli/store_report.h"

#include <fmt/format.h>

#include "source/progress.h"

namespace whittle {
namespace {

// Bytes of all files of the store.
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

}  // namespace

void WriteIngestReport(const Env* env, const std::string& store, const IngestReport& report, OutputStream* out) {
  out->Write(fmt::format("read      {} lines, {} bytes from {} inputs", FormatCount(report.lines), FormatCount(report.text_bytes),
                         FormatCount(report.inputs)));
  if (report.unchanged > 0) out->Write(fmt::format(" ({} unchanged, not read again)", FormatCount(report.unchanged)));
  if (report.continued > 0) out->Write(fmt::format(" ({} continued)", FormatCount(report.continued)));
  out->Write(fmt::format("\nevents    {}\n", FormatCount(report.records)));
  if (report.guessed_times > 0) out->Write(fmt::format("times     {} guessed (no year, zone or time in the line)\n", FormatCount(report.guessed_times)));
  if (report.raw_lane_rows > 0) out->Write(fmt::format("raw lane  {} lines kept whole\n", FormatCount(report.raw_lane_rows)));
  const auto manifest = ReadManifest(env, store);
  if (manifest.ok()) {
    const uint64_t stored = DirectoryBytes(env->files, store);
    const uint64_t text = manifest->TotalLedger().kept.bytes;
    out->Write(fmt::format("store     {} bytes for {} bytes of text", FormatCount(stored), FormatCount(text)));
    if (text > 0 && stored > 0) out->Write(fmt::format(", {:.1f} to 1", static_cast<double>(text) / static_cast<double>(stored)));
    out->Write("\n");
  }
  if (report.stopped) out->Write("stopped   as asked; everything read is committed\n");
}

}  // namespace whittle
