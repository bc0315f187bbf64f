// Holds files against a store: reads each original again and compares it, byte for byte, with what the store renders of
// it. Finds the source by content and name, so renamed, rotated and compressed copies are recognised.
#pragma once

#include <string>
#include <vector>

#include <whittle/status.h>

#include "env/env.h"

namespace whittle {

struct OriginalCheck {
  std::string path;
  bool safe_to_delete = false;
  std::string reason;  // why not; or what to know
};

// `paths`: files, globs or directories. One entry per file, in the order they would be ingested.
Result<std::vector<OriginalCheck>> CompareWithOriginals(const Env* env, const std::string& store,
                                                        const std::vector<std::string>& paths);

}  // namespace whittle
