#include "catalog/rebuild.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "pipeline/compare_originals.h"
#include "pipeline/verify.h"
#include "source/progress.h"

namespace whittle {
namespace {

int Rebuild(const Env* env, const std::string& store, Streams& streams) {
  const auto report = RebuildCatalog(env, store);
  if (!report.ok()) return Fail(streams, report.status());
  if (!report->needed) {
    streams.out.Write("the catalog is there and readable; nothing was rebuilt\n");
    return 0;
  }
  streams.out.Write("rebuilt the catalog from " + FormatCount(report->segments) + " segments with " +
                    FormatCount(report->sources) + " sources\n");
  for (const std::string& what : report->not_restored) streams.out.Write("not restored: " + what + "\n");
  for (const std::string& what : report->survey.unreadable) streams.out.Write("unreadable: " + what + "\n");
  for (const std::string& what : report->survey.conflicting)
    streams.out.Write("left out, covers what a newer segment covers: " + what + "\n");
  return report->survey.unreadable.empty() && report->survey.conflicting.empty() ? 0 : 1;
}

int CompareOriginals(const Env* env, const std::string& store, const std::vector<std::string>& paths,
                     Streams& streams) {
  const auto report = CompareWithOriginals(env, store, paths);
  if (!report.ok()) return Fail(streams, report.status());
  bool all_safe = true;
  for (const OriginalCheck& original : *report) {
    all_safe = all_safe && original.safe_to_delete;
    streams.out.Write((original.safe_to_delete ? "safe to delete: " : "KEEP: ") + original.path +
                      (original.reason.empty() ? "" : " (" + original.reason + ")") + "\n");
  }
  return all_safe ? 0 : 1;
}

}  // namespace

int RunVerify(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  const std::string& store = flags.Text("store");
  if (flags.On("rebuild")) {
    if (const int exit_code = Rebuild(env, store, streams); exit_code != 0) return exit_code;
  }
  const auto report = VerifyStore(env, store, nullptr);
  if (!report.ok()) return Fail(streams, report.status());
  for (const std::string& problem : report->problems) streams.out.Write("broken: " + problem + "\n");
  if (!flags.On("quiet") || !report->problems.empty()) {
    streams.out.Write(
        (report->problems.empty() ? "ok: " : "NOT ok: " + FormatCount(report->problems.size()) + " problems in ") +
        FormatCount(report->segments) + " segments, " + FormatCount(report->sources) + " sources, " +
        FormatCount(report->rows) + " lines, " + FormatCount(report->text_bytes) + " bytes\n");
  }
  int exit_code = report->problems.empty() ? 0 : 1;
  if (flags.Given("against"))
    exit_code = std::max(exit_code, CompareOriginals(env, store, flags.All("against"), streams));
  return exit_code;
}

}  // namespace whittle
