#include "cli/commands.h"

namespace whittle {

int RunVersion(const ParsedFlags&, Streams& streams) {
  streams.out.Write("whittle " WHITTLE_VERSION "\ncompiler: " __VERSION__ "\n");
  return 0;
}

}  // namespace whittle
