#include "cli/compiled_patterns.h"

#ifdef WHITTLE_COMPILED_PATTERNS
// Megabytes of constants: included by the assembler, a C++ array would take the compiler minutes.
__asm__(
    ".section .rodata\n"
    ".balign 64\n"
    "whittle_compiled_patterns_begin:\n"
    ".incbin \"" WHITTLE_COMPILED_PATTERNS
    "\"\n"
    "whittle_compiled_patterns_end:\n"
    ".byte 0\n"
    ".previous\n");
extern "C" {
extern const char whittle_compiled_patterns_begin[];
extern const char whittle_compiled_patterns_end[];
}

namespace whittle {

std::string_view CompiledPatterns() {
  return {whittle_compiled_patterns_begin,
          static_cast<size_t>(whittle_compiled_patterns_end - whittle_compiled_patterns_begin)};
}

}  // namespace whittle
#else

namespace whittle {

std::string_view CompiledPatterns() { return {}; }

}  // namespace whittle
#endif
