#include "cli/flag_table.h"

#include "cli/commands.h"
#include "cli/quarantine_flags.h"
#include "cli/query_flags.h"
#include "cli/sampling_flags.h"
#include "cli/shared_flags.h"
#include "cli/template_flags.h"
#include "cli/writing_flags.h"

namespace whittle {
namespace {

using enum ValueKind;

// How lines are understood: the same for everything that reads raw text.
constexpr FlagSpec kReadingFlags[] = {
    {.name = "config",
     .kind = kFile,
     .argument = "FILE",
     .help = "configuration file; flags win over it",
     .short_name = "c"},
    {.name = "patterns",
     .kind = kDirectory,
     .argument = "DIR",
     .help = "load the patterns of DIR too, may be given more than once",
     .repeatable = true},
    {.name = "tz",
     .kind = kText,
     .argument = "ZONE",
     .default_value = "UTC",
     .help = "zone of timestamps that name none: Europe/Berlin, +02:00"},
    {.name = "year",
     .kind = kInteger,
     .argument = "YEAR",
     .help = "year of timestamps that name none",
     .minimum = 1970,
     .maximum = 2262,
     .default_help = "from the file's date, going on at New Year"},
    {.name = "path-fields",
     .kind = kText,
     .argument = "LAYOUT",
     .help = "read fields from file paths: '{host.name}/{service.name}/%Y-%m-%d.gz'"},
    {.name = "source-name",
     .kind = kText,
     .argument = "NAME",
     .help = "name of standard input as a source",
     .default_help = "a random run id"},
    {.name = "no-patterns", .help = "use no line formats at all: headers, JSON, pairs and templates only"},
    {.name = "no-recipe-cache", .help = "analyse every line from scratch", .hidden = true},
};

constexpr FlagSpec kConvertFlags[] = {
    {.name = "to",
     .kind = kChoice,
     .argument = "FORMAT",
     .default_value = "ndjson",
     .help = "what to write: one JSON object per event",
     .choices = "ndjson"},
    {.name = "quiet", .help = "no messages but errors"},
};
constexpr FlagSpec kVerifyFlags[] = {
    {.name = "against",
     .kind = kFile,
     .argument = "PATH",
     .help = "read the originals at PATH again, compare, and list the files that are safe to delete; repeatable",
     .repeatable = true},
    {.name = "rebuild", .help = "make a lost or damaged catalog anew from the segments; says what cannot be restored"},
    {.name = "quiet", .help = "print only what is broken"},
};
constexpr FlagSpec kExplainFlags[] = {
    {.name = "source", .kind = kText, .argument = "NAME", .help = "explain a stored line of this source"},
    {.name = "line",
     .kind = kInteger,
     .argument = "N",
     .help = "number of the stored line, from 1",
     .minimum = 1,
     .maximum = 9'000'000'000'000'000},
};
constexpr FlagSpec kRestoreFlags[] = {
    {.name = "to", .kind = kDirectory, .argument = "DIR", .help = "where to write; must not exist or be empty"},
    {.name = "quiet", .help = "print only errors"},
};

constexpr FlagSpec kRetainFlags[] = {
    {.name = "age", .kind = kText, .argument = "DURATION", .help = "events older than this go, segment by segment"},
    {.name = "size",
     .kind = kSize,
     .argument = "SIZE",
     .help = "the oldest segments go until all take no more than this"},
    {.name = "filter", .kind = kText, .argument = "FILTER", .help = "only events that match go, each by its own age"},
    {.name = "hold",
     .kind = kText,
     .argument = "FILTER",
     .help = "events that match never go; repeatable",
     .repeatable = true},
    {.name = "dry-run", .help = "only say how many events would go"},
    {.name = "config",
     .kind = kFile,
     .argument = "FILE",
     .help = "take age, size, filter and holds from `retain:` of this file"},
    {.name = "jobs",
     .kind = kInteger,
     .argument = "N",
     .help = "worker threads; the result is the same for any number",
     .minimum = 1,
     .maximum = 1024,
     .default_help = "the processors this process may use, cgroup limits included"},
    {.name = "quiet", .help = "print only errors"},
};
constexpr FlagSpec kCompactFlags[] = {
    {.name = "max", .help = "compress everything as hard as possible: for data that is seldom read; slow"},
    {.name = "jobs",
     .kind = kInteger,
     .argument = "N",
     .help = "worker threads; the result is the same for any number",
     .minimum = 1,
     .maximum = 1024,
     .default_help = "the processors this process may use, cgroup limits included"},
    {.name = "quiet", .help = "print only errors"},
};

constexpr FlagSpec kMergeFlags[] = {
    {.name = "to", .kind = kDirectory, .argument = "DIR", .help = "the store to make"},
};

constexpr std::span<const FlagSpec> kStore[] = {kStoreFlags};
constexpr std::span<const FlagSpec> kStores[] = {kStoresFlags};
constexpr std::span<const FlagSpec> kStoreAndTable[] = {kStoreFlags, kTableFormatFlags};
constexpr std::span<const FlagSpec> kTable[] = {kTableFormatFlags};
constexpr std::span<const FlagSpec> kReading[] = {kReadingFlags};
constexpr std::span<const FlagSpec> kStoreAndReading[] = {kStoreFlags, kReadingFlags};
constexpr std::span<const FlagSpec> kStoreReadingAndSampling[] = {kSamplingFlags, kStoreFlags, kReadingFlags};
constexpr FlagSpec kPatternsFlags[] = {kReadingFlags[1]};

constexpr PositionalSpec kInput = {
    .name = "INPUT",
    .maximum = kMany,
    .kind = kFile,
    .help =
        "files, directories or globs; - or nothing is standard input. gzip, zstd, xz and bzip2 are told by content"};
constexpr PositionalSpec kFilter = {
    .name = "FILTER", .maximum = 1, .help = "which events: 'severity>=ERROR and client.address=10.0.0.1'"};

constexpr Example kConvertExamples[] = {
    {"app 2>&1 | whittle convert", "events as JSON lines, as they come"},
};
constexpr Example kIngestExamples[] = {
    {"app 2>&1 | whittle ingest --tee", "keep a program's output while still seeing it"},
    {"whittle ingest archive/ --jobs 8", "read a directory of plain and compressed logs"},
    {"whittle ingest app.log --keep 10% --keep-errors", "store a tenth and every error, with exact counts of all"},
};
constexpr Example kMergeExamples[] = {
    {"whittle merge 'stores/*' --to all.store", "one store of many"},
};
constexpr Example kVerifyExamples[] = {
    {"whittle verify --against archive/", "prove that the originals can go"},
};
constexpr Example kRetainExamples[] = {
    {"whittle retain --age 30d --hold 'severity>=ERROR'", "a month of everything, errors for good"},
    {"whittle retain --age 7d --filter 'severity<=DEBUG'", "debug messages only for a week"},
    {"whittle retain --size 500GiB --dry-run", "how much would go"},
};
constexpr Example kExplainExamples[] = {
    {"whittle explain '2024-05-01 10:00:00 ERROR [main] took 35 ms'", "how a line is understood"},
    {"whittle explain --source app.log --line 17", "the same for a stored line, and where it went"},
};

constexpr CommandSpec kCommands[] = {
    {.name = "convert",
     .summary = "turn raw logs into JSON events on standard output",
     .description = "Reads logs and writes one JSON object per event as the lines come. Keeps nothing.",
     .positional = kInput,
     .flags = kConvertFlags,
     .shared = kReading,
     .examples = kConvertExamples,
     .run = RunConvert},
    {.name = "ingest",
     .summary = "read logs into a store",
     .description =
         "Reads logs into a store and ends with a report. What was read before is not read twice: an unchanged file "
         "does nothing, a grown one goes on where it was left, a rotated or compressed copy is known by its "
         "content.\n\n"
         "Ctrl-C finishes and commits what was read. Standard input cannot be resumed: what is committed is safe. A "
         "file "
         "that cannot be read never stops the others; it is listed at the end and the exit code is 1.",
     .positional = kInput,
     .flags = kIngestFlags,
     .shared = kStoreReadingAndSampling,
     .examples = kIngestExamples,
     .run = RunIngest},
    {.name = "run",
     .summary = "follow sources into a store until it is told to stop",
     .description = kRunDescription,
     .flags = kRunFlags,
     .shared = kStoreReadingAndSampling,
     .examples = kRunExamples,
     .run = RunRun},
    {.name = "top",
     .summary = "watch a running daemon: sources, rates, lag, templates, sampling, memory",
     .description =
         "Shows what `whittle run` does, as it serves it with --metrics, and what its store says: what sampling kept, "
         "and the templates of the newest events. Until Ctrl-C.",
     .flags = kTopFlags,
     .shared = kStore,
     .run = RunTop},
    {.name = "cat",
     .summary = "print what a store keeps, as events or as the original bytes",
     .description = "Prints all kept events, or those that match, in order of source and position.",
     .positional = kFilter,
     .flags = kCatFlags,
     .shared = kStores,
     .examples = kCatExamples,
     .run = RunCat},
    {.name = "templates",
     .summary = "list the message templates of a store",
     .description = "Prints each template with its id, count, bytes, when it was first and last seen, and its fields.",
     .shared = kStoreAndTable,
     .run = RunTemplates},
    kTemplatesReviewCommand,
    kTemplatesDiffCommand,
    kTemplatesNameCommand,
    kTemplatesMergeCommand,
    kTemplatesSplitCommand,
    kTemplatesIgnoreCommand,
    kTemplatesFreezeCommand,
    {.name = "query",
     .summary = "ask anything: filter, count, rank, draw, follow traces",
     .description =
         "Answers 'FILTER | stage | stage …'. Filters: words and \"phrases\", field:value, = != < <= > >= with units, "
         "in (a, b), * wildcards, ~ /regex/, exists FIELD, CIDR, last 2h, 2024-05-01..2024-05-02, and or not ( ). "
         "Stages: "
         "count, sum, avg, min, max, p50, p99, distinct, rate, each by FIELDS every 1m; sort, top, limit, select, "
         "facets, "
         "fields, histogram, heatmap, sample, near, trace, rollup trace. Without a stage it prints the events, by "
         "time. "
         "A query may begin with a stage: 'count by severity'. docs/query.md has the whole language.\n\n"
         "Events that were sampled count with their rate: estimates carry ± at 95%, or low and high in ndjson and csv. "
         "Ctrl-C prints the answer so far, says that it is partial, and exits with 130.",
     .positional = {.name = "QUERY", .minimum = 1, .maximum = 1, .help = "FILTER | stage | stage …"},
     .flags = kQueryFlags,
     .shared = kStores,
     .examples = kQueryExamples,
     .run = RunQuery},
    {.name = "diff",
     .summary = "rank what is different about the bad events",
     .description =
         "Compares bad events with a base (everything else, when no base is given) and prints the fields and values "
         "that "
         "are distributed most differently, with both shares at 95% and the filter that narrows to each. Differences "
         "that chance explains are left out (G-test, false discoveries at most 5%), identifiers too; \"field missing\" "
         "counts as a value. New and vanished templates come first when times or stores are compared.\n\n"
         "The sides are filters ('bad: FILTER' 'base: FILTER'), two stores (--store, --base-store), or before and "
         "after "
         "a moment (--around).",
     .positional = {.name = "SIDE", .maximum = 2, .help = "'bad: FILTER' and 'base: FILTER'"},
     .flags = kDiffFlags,
     .shared = kTable,
     .examples = kDiffExamples,
     .run = RunDiff},
    {.name = "mark",
     .summary = "name a moment in a store, to compare around it",
     .description = "Remembers a moment under a name and a version. Without a name it lists the marks.",
     .positional = {.name = "NAME", .maximum = 2, .help = "the name, and a version"},
     .flags = kMarkFlags,
     .shared = kStore,
     .examples = kMarkExamples,
     .run = RunMark},
    {.name = "merge",
     .summary = "make one store of several",
     .description =
         "Copies the segments of stores into a new one. What two of them have of one source is taken once. The old "
         "stores stay as they are.",
     .positional =
         {.name = "STORE", .minimum = 1, .maximum = kMany, .kind = kDirectory, .help = "stores, or globs of them"},
     .flags = kMergeFlags,
     .examples = kMergeExamples,
     .run = RunMerge},
    {.name = "stats",
     .summary = "show the ledger: what came in and where it went",
     .description =
         "Prints lines and bytes in, kept and elsewhere, per source, and what each part of the store weighs.",
     .shared = kStoreAndTable,
     .run = RunStats},
    {.name = "verify",
     .summary = "prove that a store is whole",
     .description =
         "Checks every checksum, that the ledger adds up, that frontiers cover what was read, and that every "
         "line renders to its original bytes. Exits with 1 and says what is broken when something is.",
     .flags = kVerifyFlags,
     .shared = kStore,
     .examples = kVerifyExamples,
     .run = RunVerify},
    {.name = "plan",
     .summary = "show what sampling policies would keep of a store, and what it would blur",
     .description =
         "Runs policies over the events of a store as if they came now and prints, side by side, what each would keep "
         "and take on disk, how sure counts would still be, which strata would have no survivor, and by stratum. "
         "Nothing is dropped.",
     .flags = kPlanFlags,
     .shared = kStoreAndTable,
     .examples = kPlanExamples,
     .run = RunPlan},
    {.name = "report",
     .summary = "report what sampling kept of a store, by group, with its cost",
     .description =
         "Prints, exactly and by values of the sampling key, what came in, what was kept and about what it takes on "
         "disk; with the prices of a policy file also what it costs. Ends with the policies that were in force.",
     .flags = kReportFlags,
     .shared = kStore,
     .examples = kReportExamples,
     .run = RunReport},
    {.name = "thin",
     .summary = "sample a store after the fact, into another store",
     .description = "Writes what a policy keeps of a store into a new one, with exact counts of everything. The old "
                    "store stays as "
                    "it is; it has to be one that still has all its events.",
     .flags = kThinFlags,
     .shared = kStore,
     .examples = kThinExamples,
     .run = RunThin},
    {.name = "compact",
     .summary = "make small segments large, or all of them as small as possible",
     .description =
         "Merges small segments into large ones; with --max also compresses everything anew, as hard as possible. What "
         "the store answers stays the same, readers are not disturbed, and every new segment is proven to give the "
         "same lines before the old ones go. A daemon that has the store open does it.",
     .flags = kCompactFlags,
     .shared = kStore,
     .run = RunCompact},
    {.name = "retain",
     .summary = "delete old events, and keep account of them",
     .description =
         "Deletes what is too old or too much. What went stays in the ledger as expired and in the journal with the "
         "reason, is not read again, and readers are not disturbed. Flags win over the configuration. A daemon that "
         "has "
         "the store open does it.",
     .flags = kRetainFlags,
     .shared = kStore,
     .examples = kRetainExamples,
     .run = RunRetain},
    {.name = "explain",
     .summary = "show how a line is understood, and why",
     .description =
         "Says which framing, envelope, header, pattern, template and fields a line gets. The line is given, "
         "read from standard input (-), or named by --source and --line in a store.",
     .positional = {.name = "LINE", .maximum = 1, .help = "the line itself, or - for standard input"},
     .flags = kExplainFlags,
     .shared = kStoreAndReading,
     .examples = kExplainExamples,
     .run = RunExplain},
    {.name = "restore",
     .summary = "write every source back to a file, byte for byte",
     .description = "Writes one file per source: its text. The bytes of a compressed container are not kept.",
     .flags = kRestoreFlags,
     .shared = kStore,
     .run = RunRestore},
    kQuarantineListCommand,
    kQuarantineShowCommand,
    {.name = "quarantine replay",
     .summary = "read quarantined messages again and store them where they belong",
     .description =
         "Puts quarantined messages through the pipeline again, with the configuration and the limits of now. What can "
         "be "
         "read becomes an event at its offset, counts as kept in place of quarantined, and leaves the quarantine; what "
         "cannot stays there, with the reason, and the exit code is 1. Stopped at any moment, nothing is lost and "
         "nothing is stored twice. A daemon that has the store open does it, by its own configuration.",
     .positional = kReplayed,
     .flags = kReplayFlags,
     .shared = kStoreAndReading,
     .examples = kReplayExamples,
     .run = RunQuarantineReplay},
    kQuarantineDropCommand,
    {.name = "patterns list",
     .summary = "list the patterns in force",
     .description = "Prints each pattern with what it recognises and where it comes from.",
     .flags = kPatternsFlags,
     .shared = kTable,
     .run = RunPatternsList},
    {.name = "patterns test",
     .summary = "run the samples inside pattern files",
     .description =
         "Runs the samples of the pattern files of DIR, or of all patterns in force. Exits with 1 when one fails.",
     .positional = {.name = "DIR", .maximum = kMany, .kind = kDirectory, .help = "directories of pattern files"},
     .run = RunPatternsTest},
    {.name = "config check",
     .summary = "check a configuration file",
     .description = "Reads a configuration file and says what is wrong with it, by line and column. Exits with 2 then.",
     .positional = {.name = "FILE", .minimum = 1, .maximum = 1, .kind = kFile, .help = "the configuration file"},
     .run = RunConfigCheck},
    {.name = "config example",
     .summary = "print a configuration file with every option explained",
     .description = "Prints a complete configuration file with the defaults.",
     .run = RunConfigExample},
    {.name = "config schema",
     .summary = "print a JSON Schema of the configuration, for editors",
     .description = "Prints a JSON Schema (draft 2020-12), made from the table that files are checked with.",
     .run = RunConfigSchema},
    {.name = "version",
     .summary = "print the version",
     .description = "Prints the version, the segment format it writes, and the compiler.",
     .run = RunVersion},
};

}  // namespace

std::span<const CommandSpec> Commands() { return kCommands; }

const CommandSpec* FindCommand(std::string_view name) {
  for (const CommandSpec& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

bool IsCommandGroup(std::string_view word) {
  for (const CommandSpec& command : kCommands) {
    if (command.name.size() > word.size() && command.name.starts_with(word) && command.name[word.size()] == ' ')
      return true;
  }
  return false;
}

}  // namespace whittle
