// Flags that many commands share. Constant data.
#pragma once

#include "cli/flag_table.h"

namespace whittle {

inline constexpr FlagSpec kStoreFlags[] = {
    {.name = "store",
     .kind = ValueKind::kDirectory,
     .argument = "DIR",
     .default_value = "whittle.store",
     .help = "the store",
     .default_help = "$WHITTLE_STORE, else ./whittle.store"},
};
inline constexpr FlagSpec kTableFormatFlags[] = {
    {.name = "format",
     .kind = ValueKind::kChoice,
     .argument = "FORMAT",
     .default_value = "table",
     .help = "how to print: a table for people or one JSON object per line",
     .choices = "table|ndjson"},
};

}  // namespace whittle
