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
// Commands that read several stores as one.
inline constexpr FlagSpec kStoresFlags[] = {
    {.name = "store",
     .kind = ValueKind::kDirectory,
     .argument = "DIR",
     .default_value = "whittle.store",
     .help = "the store; given more than once, or a glob in quotes, several are read as one",
     .repeatable = true,
     .default_help = "$WHITTLE_STORE, else ./whittle.store"},
    {.name = "now",
     .kind = ValueKind::kText,
     .argument = "TIME",
     .help = "what 'last 2h' counts back from: a time, or data for the newest event",
     .default_help = "the clock"},
    {.name = "follow", .help = "print events as they come, until Ctrl-C"},
};

}  // namespace whittle
