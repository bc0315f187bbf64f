#include "cli/commands.h"
#include "cli/failure.h"
#include "pipeline/restore.h"
#include "source/progress.h"

namespace whittle {

int RunRestore(const ParsedFlags& flags, Streams& streams) {
  if (!flags.Given("to"))
    return Fail(streams, Status(StatusCode::kUsage, "restore needs --to DIR, a directory to write to"));
  const auto restored = RestoreStore(DefaultEnv(), flags.Text("store"), flags.Text("to"));
  if (!restored.ok()) return Fail(streams, restored.status());
  for (const RestoredFile& file : *restored) {
    if (!flags.On("quiet")) streams.out.Write(file.path + "  " + FormatCount(file.bytes) + " bytes\n");
    if (!file.complete) {
      streams.err.Write("whittle: " + file.path +
                        ": not the whole source: some of its lines were not kept (see whittle stats)\n");
    }
  }
  if (!flags.On("quiet")) {
    streams.out.Write("The text of " + FormatCount(restored->size()) +
                      " sources. The containers of compressed ones (gzip headers and the like) are not kept.\n");
  }
  return 0;
}

}  // namespace whittle
