// Rows of the flag table for the commands that print, question and compare events. Constant data; for flag_table.cc
// alone.
#pragma once

#include "cli/flag_table.h"

namespace whittle {

inline constexpr FlagSpec kSamplingFieldsFlag = {
    .name = "sampling-fields",
    .kind = ValueKind::kChoice,
    .argument = "STYLE",
    .default_value = "none",
    .help = "attributes that tell other systems how events were sampled, with NDJSON",
    .choices = "none|otel|honeycomb"};
inline constexpr FlagSpec kCatFlags[] = {
    {.name = "raw", .help = "the original bytes instead of events", .excludes = "format"},
    {.name = "no-separator",
     .help = "with --raw: nothing between Kafka messages, not even a line feed after values that end without one"},
    {.name = "format",
     .kind = ValueKind::kChoice,
     .argument = "FORMAT",
     .default_value = "ndjson",
     .help = "how to print events",
     .choices = "ndjson"},
    kSamplingFieldsFlag,
};
inline constexpr FlagSpec kQueryFlags[] = {
    {.name = "format",
     .kind = ValueKind::kChoice,
     .argument = "FORMAT",
     .default_value = "table",
     .help = "how to print the answer",
     .choices = "table|ndjson|csv"},
    {.name = "unweighted", .help = "count the events that are kept, not those they stand for"},
    kSamplingFieldsFlag,
    {.name = "stats", .help = "say on standard error how much of the store was read for the answer"},
};
inline constexpr FlagSpec kDiffFlags[] = {
    {.name = "store",
     .kind = ValueKind::kDirectory,
     .argument = "DIR",
     .default_value = "whittle.store",
     .help = "the store; given more than once, or a glob in quotes, several are read as one",
     .repeatable = true,
     .default_help = "$WHITTLE_STORE, else ./whittle.store"},
    {.name = "base-store",
     .kind = ValueKind::kDirectory,
     .argument = "DIR",
     .help = "compare --store with this one; repeatable",
     .repeatable = true},
    {.name = "around",
     .kind = ValueKind::kText,
     .argument = "MARK",
     .help = "compare after with before a mark ('deploy', 'deploy v1.2.3') or a time",
     .excludes = "base-store"},
    {.name = "window",
     .kind = ValueKind::kText,
     .argument = "DURATION",
     .default_value = "1h",
     .help = "how long before and after --around"},
    {.name = "by",
     .kind = ValueKind::kChoice,
     .argument = "UNIT",
     .default_value = "event",
     .help = "compare events, or traces with a bad event with those without",
     .choices = "event|trace"},
    {.name = "top",
     .kind = ValueKind::kInteger,
     .argument = "N",
     .default_value = "10",
     .help = "how many differences to print",
     .minimum = 1,
     .maximum = 100'000},
    {.name = "fail-if",
     .kind = ValueKind::kChoice,
     .argument = "WHAT",
     .help = "exit with 1 on any difference, a new template, or a greater share of errors",
     .choices = "any|new|errors"},
    {.name = "now",
     .kind = ValueKind::kText,
     .argument = "TIME",
     .help = "what 'last 2h' counts back from: a time, or data for the newest event",
     .default_help = "the clock"},
    {.name = "unweighted", .help = "compare the events that are kept, not those they stand for"},
};
inline constexpr FlagSpec kMarkFlags[] = {
    {.name = "at", .kind = ValueKind::kText, .argument = "TIME", .help = "when it was", .default_help = "now"},
};
inline constexpr Example kCatExamples[] = {
    {"whittle cat --raw | sha256sum", "the original bytes"},
    {"whittle cat 'severity>=ERROR'", "events that match, as JSON lines"},
};
inline constexpr Example kQueryExamples[] = {
    {"whittle query 'severity>=WARN | count by template'", "the loudest complaints"},
    {"whittle query 'http.response.status_code>=500 | count by url.path'", "where requests fail"},
    {"whittle query 'last 2h | count, p99(duration) by service.name every 5m'", "how two hours went"},
    {"whittle query --store 'stores/*' --follow 'severity>=ERROR'", "errors of all stores as they come"},
};
inline constexpr Example kDiffExamples[] = {
    {"whittle diff 'bad: http.response.status_code>=500'", "what failing requests have in common"},
    {"whittle diff 'bad: severity>=ERROR' --by trace", "which other lines their traces have"},
    {"whittle diff --around deploy --window 30m --fail-if errors", "a canary: exits with 1 when errors grew"},
};
inline constexpr Example kMarkExamples[] = {
    {"whittle mark deploy v1.2.3", "remember this moment"},
};

}  // namespace whittle
