// Rows of the flag table for the commands about sampling. Constant data; for flag_table.cc alone.
#pragma once

#include "cli/flag_table.h"

namespace whittle {

// Of --keep-per-window: more than any window has, and exact as a double.
inline constexpr int64_t kMostPerWindow = 1'000'000'000'000;

inline constexpr FlagSpec kPlanFlags[] = {
    {.name = "policy",
     .kind = ValueKind::kFile,
     .argument = "FILE",
     .help = "sampling policy; several are compared",
     .repeatable = true},
    {.name = "keep", .kind = ValueKind::kText, .argument = "PERCENT", .help = "budget of every policy, such as 10%"},
    {.name = "keep-per-window",
     .kind = ValueKind::kInteger,
     .argument = "N",
     .help = "budget of every policy, as a limit: events of every window at most",
     .minimum = 2,
     .maximum = kMostPerWindow},
    {.name = "keep-errors", .help = "keep every event of severity error or worse, before the budget"},
};
inline constexpr FlagSpec kThinFlags[] = {
    {.name = "to",
     .kind = ValueKind::kDirectory,
     .argument = "DIR",
     .help = "the new store; must not exist or be empty"},
    {.name = "policy", .kind = ValueKind::kFile, .argument = "FILE", .help = "sampling policy", .repeatable = true},
    {.name = "keep", .kind = ValueKind::kText, .argument = "PERCENT", .help = "budget, such as 10%"},
    {.name = "keep-per-window",
     .kind = ValueKind::kInteger,
     .argument = "N",
     .help = "budget, as a limit: events of every window at most",
     .minimum = 2,
     .maximum = kMostPerWindow},
    {.name = "keep-errors", .help = "keep every event of severity error or worse, before the budget"},
};
inline constexpr FlagSpec kReportFlags[] = {
    {.name = "by",
     .kind = ValueKind::kText,
     .argument = "KEYS",
     .default_value = "signature",
     .help = "sampling keys, rule or template_id, separated by commas"},
    {.name = "format",
     .kind = ValueKind::kChoice,
     .argument = "FORMAT",
     .default_value = "table",
     .help = "table, Markdown or JSON",
     .choices = "table|md|json"},
    {.name = "policy", .kind = ValueKind::kFile, .argument = "FILE", .help = "policy file with prices"},
};
inline constexpr Example kReportExamples[] = {
    {"whittle report --by severity,rule --format md", "what each rule kept of each severity, as a Markdown table"},
};
inline constexpr Example kPlanExamples[] = {
    {"whittle plan --keep 10% --keep-errors", "what a tenth and all errors would keep of the store"},
};
inline constexpr Example kThinExamples[] = {
    {"whittle thin --store full.store --to thin.store --keep 5%", "a store of a twentieth of the events"},
};

}  // namespace whittle
