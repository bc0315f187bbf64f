// Any bytes are refused or parsed, and what was parsed survives being written and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "templates/overrides.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view yaml(reinterpret_cast<const char*>(data), size);
  const auto first = whittle::ParseOverrides(yaml, "fuzz.yaml");
  if (!first.ok()) return 0;
  if (!whittle::ParseOverrides(whittle::FormatOverrides(first.value()), "again.yaml").ok()) std::abort();
  return 0;
}
