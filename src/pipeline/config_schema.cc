#include "pipeline/config_schema.h"

#include <algorithm>

namespace whittle {
namespace {

using enum ConfigType;

constexpr ConfigKey kKeys[] = {
    {.path = "store", .type = kPath, .default_value = "whittle.store", .help = "directory of the store", .flag = "store",
     .example = "/var/lib/whittle"},

    {.path = "sources", .type = kGroups, .help = "what to read, and how"},
    {.path = "sources[].files", .type = kGroup, .help = "files, by name", .one_of = true},
    {.path = "sources[].files.include", .type = kGlobs, .help = "globs of the files to read; ** is any number of directories",
     .example = "[\"/var/log/**/*.log\"]", .required = true},
    {.path = "sources[].files.exclude", .type = kGlobs, .help = "globs of files and directories to leave out",
     .example = "[\"*.tmp\"]"},
    {.path = "sources[].files.start", .type = kChoice, .default_value = "beginning",
     .help = "where to begin in a file that is seen for the first time", .choices = "beginning|end"},
    {.path = "sources[].kafka", .type = kGroup, .help = "topics of a Kafka cluster", .planned = true, .one_of = true},
    {.path = "sources[].kafka.brokers", .type = kTexts, .help = "host:port of some brokers", .planned = true, .required = true},
    {.path = "sources[].kafka.topics", .type = kTexts, .help = "topics to consume", .planned = true, .required = true},
    {.path = "sources[].kafka.group", .type = kText, .default_value = "whittle", .help = "consumer group", .planned = true},
    {.path = "sources[].kafka.sasl", .type = kGroup, .help = "credentials", .planned = true},
    {.path = "sources[].kafka.sasl.username", .type = kText, .help = "user name", .planned = true},
    {.path = "sources[].kafka.sasl.password_file", .type = kPath, .help = "file that holds the password", .planned = true},
    {.path = "sources[].path_fields", .type = kText,
     .help = "layout of the paths, to read attributes and the date from them", .flag = "path-fields",
     .example = "\"{host.name}/{service.name}/%Y-%m-%d.gz\""},
    {.path = "sources[].fields", .type = kTextMap,
     .help = "resource attributes for every event; {basename}, {stem} and {directory} stand for parts of the path",
     .example = "{service.name: \"{stem}\"}"},
    {.path = "sources[].multiline", .type = kChoice, .default_value = "auto",
     .help = "which lines belong together: auto (indentation, stack traces), none, or {start: expression}",
     .choices = "auto|none"},
    {.path = "sources[].multiline.start", .type = kExpression, .help = "a line that matches begins a record",
     .example = "'^\\d{4}-'"},
    {.path = "sources[].time", .type = kGroup, .help = "what lines leave out of their timestamps"},
    {.path = "sources[].time.zone", .type = kText, .default_value = "UTC",
     .help = "zone of timestamps that name none: Europe/Berlin, +02:00", .flag = "tz", .example = "Europe/Berlin"},
    {.path = "sources[].time.year", .type = kText, .default_value = "from-file",
     .help = "year of timestamps that name none: a number, or from-file (the file's date, going on at New Year)",
     .flag = "year"},

    {.path = "patterns", .type = kGroup, .help = "the library of line formats"},
    {.path = "patterns.dirs", .type = kTexts, .help = "directories with further pattern files", .flag = "patterns",
     .example = "[patterns.d]"},
    {.path = "patterns.disable", .type = kTexts, .help = "names of patterns not to use"},

    {.path = "templates", .type = kGroup, .help = "mined message shapes"},
    {.path = "templates.overrides", .type = kPath, .help = "file of corrections: names, merges, frozen templates",
     .example = "templates.yaml"},
    {.path = "templates.max", .type = kInteger, .default_value = "200000",
     .help = "shapes kept in memory; lines of further ones are stored all the same, but found more slowly",
     .minimum = 1000, .maximum = 10'000'000},

    {.path = "enrich", .type = kGroups, .help = "what to change in events before they are stored, in this order"},
    {.path = "enrich[].scrub", .type = kGroup, .help = "values that must never be stored", .one_of = true},
    {.path = "enrich[].scrub.fields", .type = kTexts, .help = "attributes to scrub whole; user.* is all that begin so",
     .example = "[user.email]"},
    {.path = "enrich[].scrub.patterns", .type = kTexts,
     .help = "values to find anywhere: email, card, bearer, password, jwt, aws-key", .example = "[email, card]"},
    {.path = "enrich[].scrub.expressions", .type = kTextMap,
     .help = "names and RE2 expressions of further values; the first group is scrubbed",
     .example = "{ssn: '\\b\\d{3}-\\d{2}-\\d{4}\\b'}"},
    {.path = "enrich[].scrub.with", .type = kChoice, .default_value = "hash",
     .help = "what to put in place: <email:1a2b3c4d5e6f>, equal for equal values, or just <email>",
     .choices = "hash|replace"},
    {.path = "enrich[].scrub.key_file", .type = kPath,
     .help = "file with the key of the hash; without it the store makes its own, and hashes of two stores do not match",
     .example = "/etc/whittle/scrub.key"},
    {.path = "enrich[].set", .type = kTextMap, .help = "resource attributes to set on every event",
     .example = "{deployment.environment.name: prod}", .one_of = true},

    {.path = "correlation", .type = kGroup, .help = "joining events of one request", .planned = true},
    {.path = "correlation.infer", .type = kBool, .default_value = "true", .help = "infer traces that lines do not name",
     .planned = true},
    {.path = "correlation.confidence", .type = kText, .default_value = "0.95", .help = "least confidence of an inferred trace",
     .planned = true},
    {.path = "correlation.memory", .type = kSize, .default_value = "64MiB", .help = "memory for open traces", .planned = true},

    {.path = "sampling", .type = kGroup, .help = "what to keep of much traffic", .planned = true},
    {.path = "sampling.seed", .type = kInteger, .default_value = "1", .help = "of the coin", .maximum = INT64_MAX, .planned = true},
    {.path = "sampling.budget", .type = kGroup, .help = "how much to keep", .planned = true},
    {.path = "sampling.budget.keep", .type = kPercent, .default_value = "100%", .help = "part of the events", .planned = true},
    {.path = "sampling.key", .type = kTexts, .default_value = "[signature, severity, service.name]",
     .help = "expressions whose values share one rate", .planned = true},
    {.path = "sampling.curve", .type = kChoice, .default_value = "log", .help = "how rates follow counts",
     .choices = "log|sqrt|equal|power", .planned = true},
    {.path = "sampling.window", .type = kDuration, .default_value = "30s", .help = "event time that shares rates",
     .planned = true},
    {.path = "sampling.traces", .type = kChoice, .default_value = "shared-coin", .help = "how lines of a trace stay together",
     .choices = "shared-coin|whole|independent", .planned = true},
    {.path = "sampling.rules", .type = kTexts, .help = "exceptions", .planned = true},

    {.path = "segments", .type = kGroup, .help = "the files of the store"},
    {.path = "segments.close_after", .type = kDuration, .default_value = "10s",
     .help = "events of a live source are visible to readers after this time at the latest",
     .minimum = 100'000'000, .maximum = 3'600'000'000'000},
    {.path = "segments.close_size", .type = kSize, .default_value = "64MiB", .help = "text in one segment",
     .minimum = 1 << 20, .maximum = 1 << 30},
    {.path = "segments.level", .type = kInteger, .default_value = "3", .help = "zstd level", .flag = "level", .minimum = 1,
     .maximum = 19},

    {.path = "sinks", .type = kGroups, .help = "where events go besides the store", .planned = true},
    {.path = "sinks[].otlp", .type = kGroup, .help = "an OpenTelemetry collector", .planned = true, .one_of = true},
    {.path = "sinks[].kafka", .type = kGroup, .help = "a Kafka topic", .planned = true, .one_of = true},

    {.path = "retain", .type = kGroup, .help = "when stored events are deleted", .planned = true},
    {.path = "retain.age", .type = kDuration, .help = "oldest events kept", .planned = true},
    {.path = "retain.size", .type = kSize, .help = "largest store", .planned = true},
    {.path = "retain.hold", .type = kTexts, .help = "filters of events never to delete", .planned = true},

    {.path = "metrics", .type = kGroup, .help = "metrics of whittle itself", .planned = true},
    {.path = "metrics.listen", .type = kText, .default_value = "127.0.0.1:9464", .help = "address of the Prometheus endpoint",
     .planned = true},

    {.path = "limits", .type = kGroup, .help = "ceilings"},
    {.path = "limits.memory", .type = kSize, .default_value = "512MiB", .help = "memory of the whole process",
     .flag = "memory", .minimum = 64 << 20, .maximum = 1LL << 40},
};

}  // namespace

std::span<const ConfigKey> ConfigKeys() { return kKeys; }

const ConfigKey* FindConfigKey(std::string_view path) {
  const auto* found = std::find_if(std::begin(kKeys), std::end(kKeys), [&](const ConfigKey& key) { return key.path == path; });
  return found == std::end(kKeys) ? nullptr : found;
}

std::string_view ConfigKeyName(const ConfigKey& key) {
  const size_t dot = key.path.rfind('.');
  return dot == std::string_view::npos ? key.path : key.path.substr(dot + 1);
}

bool IsConfigChild(const ConfigKey& key, std::string_view parent) {
  std::string_view rest = key.path;
  if (!parent.empty()) {
    if (!rest.starts_with(parent) || rest.size() <= parent.size() || rest[parent.size()] != '.') return false;
    rest.remove_prefix(parent.size() + 1);
  }
  return rest.find('.') == std::string_view::npos;
}

}  // namespace whittle
