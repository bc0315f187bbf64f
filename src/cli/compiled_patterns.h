// The built-in patterns as the build compiled them, part of the program: PatternOptions::compiled. Constant data; empty
// where the build could not make it (cross-compiling), the pattern files are read then.
#pragma once

#include <string_view>

namespace whittle {

std::string_view CompiledPatterns();

}  // namespace whittle
