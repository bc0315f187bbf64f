// Checks a configuration tree against the table of keys (config_schema.h): unknown keys, wrong types, values out of
// range, keys that this version does not act on. After it, reading the tree cannot fail. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <whittle/status.h>

#include "pipeline/config_schema.h"
#include "pipeline/config_tree.h"

namespace whittle {

Status CheckConfig(const ConfigNode& root, std::string_view file_name);

// A value as its type; nothing when the text does not fit. Durations in nanoseconds, sizes in bytes, percentages as a
// fraction of 1.
std::optional<int64_t> ReadConfigInteger(std::string_view text);
std::optional<bool> ReadConfigBool(std::string_view text);
std::optional<int64_t> ReadConfigDuration(std::string_view text);
std::optional<int64_t> ReadConfigSize(std::string_view text);
std::optional<double> ReadConfigPercent(std::string_view text);

}  // namespace whittle
