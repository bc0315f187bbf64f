// The commands that look at the quarantine, as rows of the flag table. Constant data.
#pragma once

#include "cli/commands.h"
#include "cli/flag_table.h"
#include "cli/shared_flags.h"

namespace whittle {

inline constexpr std::span<const FlagSpec> kQuarantineStore[] = {kStoreFlags};
inline constexpr std::span<const FlagSpec> kQuarantineStoreAndTable[] = {kStoreFlags, kTableFormatFlags};
inline constexpr PositionalSpec kQuarantined = {
    .name = "MESSAGE", .minimum = 1, .maximum = 1'000'000, .help = "TOPIC-PARTITION-OFFSET, as the list names them"};

inline constexpr CommandSpec kQuarantineListCommand = {
    .name = "quarantine list",
    .summary = "list messages that could not become events",
    .description = "Prints the Kafka messages that were put aside: too large, with too many lines, or unreadable.",
    .shared = kQuarantineStoreAndTable,
    .run = RunQuarantineList};
inline constexpr CommandSpec kQuarantineShowCommand = {
    .name = "quarantine show",
    .summary = "print the bytes of quarantined messages",
    .description = "Prints the values of quarantined messages as they came.",
    .positional = kQuarantined,
    .shared = kQuarantineStore,
    .run = RunQuarantineShow};
inline constexpr PositionalSpec kReplayed = {
    .name = "MESSAGE", .maximum = 1'000'000, .help = "TOPIC-PARTITION-OFFSET, as the list names them; none: all"};
inline constexpr FlagSpec kReplayFlags[] = {
    {.name = "max-message",
     .kind = ValueKind::kSize,
     .argument = "SIZE",
     .help = "larger messages stay in the quarantine",
     .default_help = "that of the configuration, else 16MiB"},
    {.name = "jobs",
     .kind = ValueKind::kInteger,
     .argument = "N",
     .help = "worker threads",
     .minimum = 1,
     .maximum = 1024,
     .default_help = "the processors this process may use, cgroup limits included"},
    {.name = "memory",
     .kind = ValueKind::kSize,
     .argument = "SIZE",
     .default_value = "512MiB",
     .help = "what the process aims to stay below"},
    {.name = "level",
     .kind = ValueKind::kInteger,
     .argument = "N",
     .help = "zstd level of the segments",
     .minimum = 1,
     .maximum = 19,
     .default_help = "chosen by how much is left to compress"},
};
inline constexpr Example kReplayExamples[] = {
    {"whittle quarantine replay", "everything that can be read with today's limits"},
    {"whittle quarantine replay -c whittle.yaml --max-message 64MiB logs-0-42", "one message that was too large"},
};

inline constexpr CommandSpec kQuarantineDropCommand = {
    .name = "quarantine drop",
    .summary = "take messages out of the quarantine for good",
    .description = "Removes quarantined messages. They stay counted in the ledger.",
    .positional = kQuarantined,
    .shared = kQuarantineStore,
    .run = RunQuarantineDrop};

}  // namespace whittle
