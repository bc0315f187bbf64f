// compact: fewer and smaller segments, same content.
#include "catalog/catalog.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "pipeline/compact.h"
#include "source/progress.h"

namespace whittle {

int RunCompact(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  CatalogOptions catalog_options;
  catalog_options.create = false;
  auto catalog = Catalog::Open(env, flags.Text("store"), catalog_options);
  if (!catalog.ok()) return Fail(streams, catalog.status());
  const int jobs = flags.Given("jobs") ? static_cast<int>(flags.Integer("jobs")) : env->host->UsableProcessors();
  WorkerPool pool(static_cast<size_t>(jobs - 1));
  CompactOptions options;
  options.max_effort = flags.On("max");
  CompactHooks hooks;
  hooks.stop = WatchForInterrupt();
  const bool quiet = flags.On("quiet");
  const bool shows_progress = !quiet && streams.err.is_terminal();
  if (shows_progress) {
    hooks.progress = [&](size_t done, size_t total) {
      streams.err.Write("\r\033[Kcompacting " + FormatCount(done) + " of " + FormatCount(total) + " segments");
      streams.err.Flush();
    };
  }
  const auto report = CompactStore(env, catalog->get(), &pool, options, hooks);
  if (shows_progress) streams.err.Write("\r\033[K");
  if (!report.ok()) return Fail(streams, report.status());
  if (const Status closed = (*catalog)->Close(); !closed.ok()) return Fail(streams, closed);
  for (const std::string& what : report->left_alone) streams.err.Write("whittle: left as it is: " + what + "\n");
  if (quiet) return 0;
  if (report->rewritten == 0) {
    streams.out.Write("nothing to compact: " + FormatCount(report->segments_before) + " segments of " +
                      FormatCount(report->bytes_before) + " bytes\n");
    return 0;
  }
  streams.out.Write("rewrote " + FormatCount(report->rewritten) + " segments: " + FormatCount(report->segments_before) +
                    " of " + FormatCount(report->bytes_before) + " bytes became " +
                    FormatCount(report->segments_after) + " of " + FormatCount(report->bytes_after) + "\n");
  if (report->stopped) streams.out.Write("stopped before the end; what was compacted is committed\n");
  return 0;
}

}  // namespace whittle
