// The rows of the flag table for the commands that write a store. Constant data; for flag_table.cc alone.
#pragma once

#include "cli/flag_table.h"

namespace whittle {

inline constexpr FlagSpec kSamplingFlags[] = {
    {.name = "keep",
     .kind = ValueKind::kText,
     .argument = "PERCENT",
     .help = "keep about so much of the events, such as 10%; exact counts of all of them stay",
     .default_help = "everything"},
    {.name = "keep-errors", .help = "keep every event of severity error or worse, before --keep"},
    {.name = "policy",
     .kind = ValueKind::kFile,
     .argument = "FILE",
     .help = "sampling policy, in place of the configuration's; --keep and --keep-errors change it"},
};
inline constexpr FlagSpec kIngestFlags[] = {
    {.name = "jobs",
     .kind = ValueKind::kInteger,
     .argument = "N",
     .help = "worker threads; the result is the same for any number",
     .minimum = 1,
     .maximum = 1024,
     .default_help = "the processors this process may use, cgroup limits included"},
    {.name = "tee", .help = "copy the input to standard output, unchanged; the report goes to standard error"},
    {.name = "fail-fast", .help = "stop at the first file that cannot be read"},
    {.name = "retry-failed", .help = "read the files that failed before again, even unchanged"},
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
    {.name = "quiet", .help = "no progress and no report, only errors"},
};
inline constexpr FlagSpec kRunFlags[] = {
    {.name = "tail",
     .kind = ValueKind::kFile,
     .argument = "GLOB",
     .help = "follow these files instead of those of the configuration; ** is any number of directories; repeatable",
     .repeatable = true},
    {.name = "exclude",
     .kind = ValueKind::kText,
     .argument = "GLOB",
     .help = "files and directories not to follow; repeatable",
     .repeatable = true},
    {.name = "kafka",
     .kind = ValueKind::kText,
     .argument = "BROKERS/TOPICS",
     .help = "read these topics instead of the sources of the configuration: b1:9092,b2:9092/logs,audit; repeatable",
     .repeatable = true},
    {.name = "group",
     .kind = ValueKind::kText,
     .argument = "NAME",
     .help = "consumer group of --kafka",
     .default_help = "whittle"},
    {.name = "shared-segments",
     .kind = ValueKind::kDirectory,
     .argument = "DIR",
     .help = "where all members of a Kafka group store what they read, so that every message is there once; the same "
             "directory for all of them"},
    {.name = "start",
     .kind = ValueKind::kChoice,
     .argument = "WHERE",
     .help = "where to begin in files that stand there already, and partitions, that are not known yet",
     .choices = "beginning|end",
     .default_help = "beginning"},
    {.name = "max-age",
     .kind = ValueKind::kText,
     .argument = "DURATION",
     .help = "leave out unknown files that were not written for longer than this: 7d"},
    {.name = "idle",
     .kind = ValueKind::kText,
     .argument = "DURATION",
     .help = "a record, or a line without its end, is complete when nothing was added for this long",
     .default_help = "2s"},
    {.name = "close-after",
     .kind = ValueKind::kText,
     .argument = "DURATION",
     .help = "events are visible to readers after this time at the latest",
     .default_help = "10s"},
    {.name = "drain",
     .kind = ValueKind::kText,
     .argument = "DURATION",
     .help = "how long a shutdown may take to store what has been written",
     .default_help = "10s"},
    {.name = "metrics",
     .kind = ValueKind::kText,
     .argument = "ADDRESS",
     .help = "serve /metrics (Prometheus) and /healthz there, such as 127.0.0.1:9464",
     .default_help = "nowhere"},
    {.name = "poll", .help = "look at the files from time to time instead of being notified; for network file systems"},
    {.name = "jobs",
     .kind = ValueKind::kInteger,
     .argument = "N",
     .help = "worker threads; the result is the same for any number",
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
    {.name = "quiet", .help = "only errors and warnings"},
};

inline constexpr Example kRunExamples[] = {
    {"whittle run --tail '/var/log/app/*.log'", "follow files, through rotation"},
    {"whittle run -c whittle.yaml", "what a service does; SIGHUP reads the file again"},
};

inline constexpr std::string_view kRunDescription =
    "Follows files as they grow, through rotation by renaming, truncation and compression, and stores every line "
    "exactly once: a segment and how far it reads are committed together, so kill -9 or a power cut loses and "
    "doubles nothing. Events can be queried while it runs, at the latest 10 s after they were written.\n\n"
    "SIGTERM and Ctrl-C store what has been written and end. SIGHUP reads the configuration again; a bad one is "
    "reported and the one in force kept. When the store cannot be written (disk full), it says so once, waits and "
    "goes on from where the store stands.";

}  // namespace whittle
