// Restore: writes the text of every source of a store back to a file of its own, byte for byte. Reads a snapshot, so it
// runs beside a writer. A compressed source comes back as its text: the container's own bytes are not kept.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "env/env.h"

namespace whittle {

struct RestoredFile {
  std::string source;  // as the user knows it
  std::string path;
  uint64_t bytes = 0;
  bool complete = true;  // false: parts of the source were sampled out, dropped or expired, and are not in the file
};

// `to` must not exist or be an empty directory. Files are named after their sources; a second source of one name gets
// ".2" and so on.
Result<std::vector<RestoredFile>> RestoreStore(const Env* env, const std::string& store, const std::string& to);

}  // namespace whittle
