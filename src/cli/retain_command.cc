// retain: old events go, the account of them stays.
#include "catalog/catalog.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/reading.h"
#include "pipeline/config_check.h"
#include "pipeline/retain.h"
#include "source/progress.h"

namespace whittle {
namespace {

Result<RetainOptions> OptionsFrom(const ParsedFlags& flags, const Config& config) {
  RetainOptions options = config.retain;
  if (flags.Given("age")) {
    options.age_ns = ReadConfigDuration(flags.Text("age"));
    if (!options.age_ns) {
      return Status(StatusCode::kUsage, "--age needs a duration such as 30d or 12h, not '" + flags.Text("age") + "'");
    }
  }
  if (flags.Given("size")) options.size_bytes = static_cast<uint64_t>(flags.Integer("size"));
  for (const std::string& hold : flags.All("hold")) options.holds.push_back(hold);
  if (flags.Given("filter")) options.filter = flags.Text("filter");
  options.dry_run = flags.On("dry-run");
  return options;
}

}  // namespace

int RunRetain(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  auto config = flags.Given("config") ? LoadConfig(env->files, flags.Text("config")) : ParseConfig("", "");
  if (!config.ok()) return Fail(streams, Status(StatusCode::kConfig, config.status().message()));
  const auto options = OptionsFrom(flags, *config);
  if (!options.ok()) return Fail(streams, options.status());
  CatalogOptions catalog_options;
  catalog_options.create = false;
  auto catalog = Catalog::Open(env, StoreOf(flags, *config), catalog_options);
  if (!catalog.ok()) return Fail(streams, catalog.status());
  const int jobs = flags.Given("jobs") ? static_cast<int>(flags.Integer("jobs")) : env->host->UsableProcessors();
  WorkerPool pool(static_cast<size_t>(jobs - 1));
  const auto report = RetainStore(env, catalog->get(), &pool, *options, WatchForInterrupt());
  if (!report.ok()) return Fail(streams, report.status());
  if (const Status closed = (*catalog)->Close(); !closed.ok()) return Fail(streams, closed);
  for (const std::string& what : report->left_alone) streams.err.Write("whittle: left as it is: " + what + "\n");
  if (flags.On("quiet")) return 0;
  if (options->dry_run) {
    streams.out.Write("would expire " + FormatCount(report->expired.records) +
                      " events: " + FormatCount(report->segments_expired) + " segments whole, " +
                      FormatCount(report->segments_rewritten) + " in part\n");
    return 0;
  }
  streams.out.Write("expired " + FormatCount(report->expired.records) + " events of " +
                    FormatCount(report->expired.bytes) + " bytes: " + FormatCount(report->segments_expired) +
                    " segments whole, " + FormatCount(report->segments_rewritten) + " in part; segments take " +
                    FormatCount(report->bytes_after) + " bytes, " + FormatCount(report->bytes_before) + " before\n");
  if (report->stopped) streams.out.Write("stopped before the end; what went is committed\n");
  return 0;
}

}  // namespace whittle
