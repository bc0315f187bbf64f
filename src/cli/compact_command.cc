// compact: fewer and smaller segments, same content.
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/store_change.h"
#include "pipeline/compact.h"
#include "source/progress.h"

namespace whittle {

int ChangeByCompact(const ParsedFlags& flags, const ChangePlace& place, Streams& streams) {
  CompactOptions options;
  options.max_effort = flags.On("max");
  if (place.new_segment_bytes) options.target_bytes = *place.new_segment_bytes;
  options.asked_by = place.asked_by;
  CompactHooks hooks;
  hooks.stop = place.stop;
  const bool quiet = flags.On("quiet");
  const bool shows_progress = !quiet && streams.err.is_terminal();
  if (shows_progress) {
    hooks.progress = [&](size_t done, size_t total) {
      streams.err.Write("\r\033[Kcompacting " + FormatCount(done) + " of " + FormatCount(total) + " segments");
      streams.err.Flush();
    };
  }
  const auto report = CompactStore(place.env, place.catalog, place.pool, options, hooks);
  if (shows_progress) streams.err.Write("\r\033[K");
  if (!report.ok()) return Fail(streams, report.status());
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

int RunCompact(const ParsedFlags& flags, Streams& streams) {
  const auto change = [&](const ChangePlace& place, Streams& to) { return ChangeByCompact(flags, place, to); };
  return ChangeStore(DefaultEnv(), flags.Text("store"), flags, ArgumentsOf(flags), change, streams);
}

}  // namespace whittle
