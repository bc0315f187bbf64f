// Commands that are not built yet. Each line goes when its command gets a file of its own.
#include "cli/commands.h"

namespace whittle {
namespace {

int NotBuiltYet(const ParsedFlags& flags, Streams& streams) {
  streams.err.Write("whittle " + std::string(flags.command().name) + ": not built yet\n");
  return 1;
}

}  // namespace

int RunCompact(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunConfigCheck(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunConfigExample(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }

}  // namespace whittle
