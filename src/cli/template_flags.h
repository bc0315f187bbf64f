// The rows of the flag table for correcting and comparing templates. Constant data.
#pragma once

#include "cli/commands.h"
#include "cli/flag_table.h"
#include "cli/shared_flags.h"

namespace whittle {

inline constexpr FlagSpec kReviewFlags[] = {
    {.name = "limit",
     .kind = ValueKind::kInteger,
     .argument = "N",
     .default_value = "20",
     .help = "how many templates, those with the most bytes first",
     .minimum = 1,
     .maximum = 1'000'000},
};
inline constexpr FlagSpec kTemplatesDiffFlags[] = {
    {.name = "all", .help = "list templates that did not change, too"},
    {.name = "now",
     .kind = ValueKind::kText,
     .argument = "TIME",
     .default_value = "clock",
     .help = "what 'last 2h' counts back from: clock, or data for the newest event"},
};
inline constexpr FlagSpec kCorrectionFlags[] = {
    {.name = "config",
     .kind = ValueKind::kFile,
     .argument = "FILE",
     .help = "write to the file that templates.overrides of this configuration names, not to the store's own"},
};

inline constexpr std::span<const FlagSpec> kTemplatesStore[] = {kStoreFlags};
inline constexpr std::span<const FlagSpec> kTemplatesStoreAndTable[] = {kStoreFlags, kTableFormatFlags};

inline constexpr Example kTemplatesDiffExamples[] = {
    {"whittle templates diff before.store after.store", "what a deploy changed"},
    {"whittle templates diff '2024-05-01..2024-05-02' '2024-05-02..2024-05-03'", "two days of one store"},
};
inline constexpr Example kTemplatesNameExamples[] = {
    {"whittle templates name 9f3c 1=job.id 2=job.duration", "by the first digits of the id"},
};

inline constexpr CommandSpec kTemplatesReviewCommand = {
    .name = "templates review",
    .summary = "show the largest templates with an example each, to correct them",
    .description =
        "Prints the templates with the most bytes: an example, the names of the slots, and what was decided "
        "about them already.",
    .flags = kReviewFlags,
    .shared = kTemplatesStoreAndTable,
    .run = RunTemplatesReview};
inline constexpr CommandSpec kTemplatesDiffCommand = {
    .name = "templates diff",
    .summary = "compare the templates of two stores, or of two filters of one store",
    .description =
        "Prints templates that are new in B, gone from it, or a larger or smaller share of it. A and B are two "
        "stores, "
        "or two filters of the store, such as time ranges. Shares count as changed when chance would change some "
        "share of the list that much once in a hundred comparisons (G-test, Bonferroni), and by a quarter at least.",
    .positional = {.name = "SIDE", .minimum = 2, .maximum = 2, .help = "A and then B: stores or filters"},
    .flags = kTemplatesDiffFlags,
    .shared = kTemplatesStoreAndTable,
    .examples = kTemplatesDiffExamples,
    .run = RunTemplatesDiff};
inline constexpr CommandSpec kTemplatesNameCommand = {
    .name = "templates name",
    .summary = "name slots of a template",
    .description =
        "Writes names of slots to the file with corrections. A slot is written as its number or its "
        "present name, a template as its id, the first digits of it, or its text.",
    .positional = {.name = "TEMPLATE SLOT=NAME", .minimum = 2, .maximum = kMany, .help = "a template, then names"},
    .flags = kCorrectionFlags,
    .shared = kTemplatesStore,
    .examples = kTemplatesNameExamples,
    .run = RunTemplatesName};
inline constexpr CommandSpec kTemplatesMergeCommand = {
    .name = "templates merge",
    .summary = "make several templates one",
    .description = "Writes to the file with corrections that these are one template.",
    .positional = {.name = "TEMPLATE", .minimum = 2, .maximum = kMany, .help = "ids or texts of templates"},
    .flags = kCorrectionFlags,
    .shared = kTemplatesStore,
    .run = RunTemplatesMerge};
inline constexpr CommandSpec kTemplatesSplitCommand = {
    .name = "templates split",
    .summary = "make a template for each word in a slot",
    .description = "Writes to the file with corrections that words in this slot make templates of their own.",
    .positional = {.name = "TEMPLATE SLOT", .minimum = 2, .maximum = 2, .help = "a template and one of its slots"},
    .flags = kCorrectionFlags,
    .shared = kTemplatesStore,
    .run = RunTemplatesSplit};
inline constexpr CommandSpec kTemplatesIgnoreCommand = {
    .name = "templates ignore",
    .summary = "drop events of a template from now on, and count them",
    .description =
        "Writes to the file with corrections that events which fit the template's text are not kept. The "
        "ledger counts them as dropped by rule.",
    .positional = {.name = "TEMPLATE", .minimum = 1, .maximum = kMany, .help = "ids or texts of templates"},
    .flags = kCorrectionFlags,
    .shared = kTemplatesStore,
    .run = RunTemplatesIgnore};
inline constexpr CommandSpec kTemplatesFreezeCommand = {
    .name = "templates freeze",
    .summary = "keep a template as it is, whatever else is seen",
    .description =
        "Writes to the file with corrections that what fits the text is this template. The text may be one "
        "that nobody has seen yet, with <*> where a value stands.",
    .positional = {.name = "TEMPLATE", .minimum = 1, .maximum = kMany, .help = "ids or texts of templates"},
    .flags = kCorrectionFlags,
    .shared = kTemplatesStore,
    .run = RunTemplatesFreeze};

}  // namespace whittle
