// Any bytes as a configuration file: an answer or one error that begins with the name of the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pipeline/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto config = whittle::ParseConfig({reinterpret_cast<const char*>(data), size}, "f");
  if (!config.ok() &&
      (config.status().code() != whittle::StatusCode::kConfig || !config.status().message().starts_with("f:"))) {
    std::abort();
  }
  return 0;
}
