#include "catalog/rebuild.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "pipeline/verify.h"
#include "source/progress.h"

namespace whittle {

int RunVerify(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  const std::string& store = flags.Text("store");
  const auto report = VerifyStore(env, store, nullptr);
  if (!report.ok()) return Fail(streams, report.status());
  for (const std::string& problem : report->problems) streams.out.Write("broken: " + problem + "\n");
  if (!flags.On("quiet") || !report->problems.empty()) {
    streams.out.Write((report->problems.empty() ? "ok: " : "NOT ok: " + FormatCount(report->problems.size()) + " problems in ") +
                      FormatCount(report->segments) + " segments, " + FormatCount(report->sources) + " sources, " +
                      FormatCount(report->rows) + " lines, " + FormatCount(report->text_bytes) + " bytes\n");
  }
  return report->problems.empty() ? 0 : 1;
}

}  // namespace whittle
