// Commands that are not built yet. Each line goes when its command gets a file of its own.
#include "cli/commands.h"

namespace whittle {
namespace {

int NotBuiltYet(const ParsedFlags& flags, Streams& streams) {
  streams.err.Write("whittle " + std::string(flags.command().name) + ": not built yet\n");
  return 1;
}

}  // namespace

int RunConvert(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunIngest(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunCat(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunTemplates(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunQuery(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunStats(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunVerify(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunExplain(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunRestore(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunCompact(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunPatternsList(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunPatternsTest(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunConfigCheck(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }
int RunConfigExample(const ParsedFlags& flags, Streams& streams) { return NotBuiltYet(flags, streams); }

}  // namespace whittle
