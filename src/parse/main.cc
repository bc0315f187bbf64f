// whittle_compile_patterns: run by the build, writes the compiled form of the built-in patterns to the file it is
// given.
#include <cstdio>

#include "env/env.h"
#include "env/file_system.h"
#include "parse/pattern_set.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: whittle_compile_patterns FILE\n");
    return 2;
  }
  const auto bytes = whittle::PatternSet::CompileBuiltin();
  whittle::Status status = bytes.status();
  if (status.ok()) status = whittle::WriteFileAtomically(whittle::DefaultEnv()->files, argv[1], *bytes);
  if (!status.ok()) std::fprintf(stderr, "whittle_compile_patterns: %s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
