// The stores a reading command was asked to read: --store, given once or more, each a directory or a glob.
#pragma once

#include <string>
#include <vector>

#include <whittle/status.h>

#include "cli/flag_parser.h"
#include "env/env.h"

namespace whittle {

// A glob that names an existing directory is that directory; else it stands for every store that it matches, in order
// of their names. kUsage when it matches none.
Result<std::vector<std::string>> StoresOf(const Env* env, const ParsedFlags& flags);
Result<std::vector<std::string>> ExpandStores(const Env* env, const std::vector<std::string>& given);

}  // namespace whittle
