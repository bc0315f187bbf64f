// merge: one store of several.
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/stores.h"
#include "pipeline/merge.h"
#include "source/progress.h"

namespace whittle {

int RunMerge(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  const auto stores = ExpandStores(env, flags.positionals());
  if (!stores.ok()) return Fail(streams, stores.status());
  if (!flags.Given("to")) return Fail(streams, Status(StatusCode::kUsage, "say where to: whittle merge A B --to C"));
  const auto report = MergeStores(env, *stores, flags.Text("to"), WatchForInterrupt());
  if (!report.ok()) return Fail(streams, report.status());
  streams.out.Write("merged " + FormatCount(report->records) + " events of " + FormatCount(report->stores) +
                    " stores: " + FormatCount(report->segments) + " segments, " + FormatCount(report->bytes) +
                    " bytes\n");
  for (const std::string& path : report->twice)
    streams.err.Write("whittle: note: left out, it is there already: " + path + "\n");
  for (const std::string& problem : report->refused) streams.err.Write("whittle: left out: " + problem + "\n");
  return report->refused.empty() ? 0 : 1;
}

}  // namespace whittle
