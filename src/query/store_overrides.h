// The file beside a store's segments in which people correct its templates (docs/templates.md). Readers and the writer
// look at it; `whittle templates` writes it.
#pragma once

#include <string>

#include <whittle/status.h>

#include "env/env.h"
#include "templates/overrides.h"

namespace whittle {

// In the store's directory.
inline constexpr const char* kStoreOverridesFile = "templates.yaml";

std::string StoreOverridesPath(const std::string& store);

// What the file says; nothing when there is none. kConfig with file, line and column when it is wrong.
Result<Overrides> ReadStoreOverrides(const Env* env, const std::string& store);

}  // namespace whittle
