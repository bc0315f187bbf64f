// quarantine: looks at the messages that could not become records, puts them where they belong, or takes them out.
#include <algorithm>

#include "catalog/store_layout.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/reading.h"
#include "cli/store_change.h"
#include "cli/writing.h"
#include "pipeline/config.h"
#include "pipeline/field_rules.h"
#include "pipeline/quarantine.h"
#include "pipeline/quarantine_replay.h"
#include "render/json_text.h"
#include "render/table.h"
#include "source/progress.h"

namespace whittle {
namespace {

struct Found {
  std::string file;
  QuarantinedMessage message;
};

Result<std::vector<Found>> FindQuarantined(const Env* env, const std::string& store,
                                           const std::vector<std::string>& names) {
  // The directory that the members of a group share is no store and has a quarantine all the same.
  WHITTLE_ASSIGN_OR_RETURN(const bool shared, FileExists(env->files, QuarantineDirectory(store)));
  if (!shared) WHITTLE_RETURN_IF_ERROR(CheckStore(env, store));
  WHITTLE_ASSIGN_OR_RETURN(const auto entries, ListQuarantined(env, store));
  std::vector<Found> found;
  std::vector<bool> seen(names.size());
  for (const QuarantineEntry& entry : entries) {
    WHITTLE_ASSIGN_OR_RETURN(QuarantinedMessage message, ReadQuarantined(env, store, entry.file));
    const auto wanted = std::find(names.begin(), names.end(), message.name());
    if (!names.empty() && wanted == names.end()) continue;
    if (!names.empty()) seen[static_cast<size_t>(wanted - names.begin())] = true;
    found.push_back({entry.file, std::move(message)});
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (!seen[i]) return Status(StatusCode::kNotFound, names[i] + ": is not in the quarantine of " + store);
  }
  return found;
}

std::string StoreFromFlags(const ParsedFlags& flags) { return StoreOf(flags, *ParseConfig("", "")); }

void AppendEntryJson(const QuarantinedMessage& message, std::string* out) {
  const auto text = [out](const char* name, std::string_view value) {
    *out += std::string("\"") + name + "\":";
    AppendJsonString(value, out);
    *out += ',';
  };
  *out += '{';
  text("name", message.name());
  text("cluster", message.cluster);
  text("topic", message.topic);
  text("reason", message.reason);
  if (message.message.key) text("key", *message.message.key);
  *out += "\"partition\":" + std::to_string(message.partition) +
          ",\"offset\":" + std::to_string(message.message.offset) +
          ",\"bytes\":" + std::to_string(message.value.value_or("").size()) +
          ",\"value_kept\":" + (message.value_withheld ? "false" : "true") + "}\n";
}

// The source of the configuration that reads a topic, else one with the defaults; flags win.
Result<KafkaSourcePlan> PlanOfTopic(const ParsedFlags& flags, const Config& config, const std::string& topic) {
  KafkaSource source;
  for (const KafkaSource& one : config.kafka) {
    if (std::find(one.topics.begin(), one.topics.end(), topic) == one.topics.end()) continue;
    source = one;
    break;
  }
  if (flags.Given("max-message")) source.max_message_bytes = static_cast<uint64_t>(flags.Integer("max-message"));
  if (flags.Given("tz")) source.time_zone = flags.Text("tz");
  if (flags.Given("year")) source.time_year = static_cast<int>(flags.Integer("year"));
  WHITTLE_ASSIGN_OR_RETURN(KafkaSourcePlan plan, MakeMessagePlan(source));
  plan.set_resource = [&config](std::vector<Attribute>* resource) { SetResource(config.field_rules, resource); };
  return plan;
}

// What the daemon is to run. How text is read there is for its own configuration; a limit may be lifted for once.
std::vector<std::string> ReplayArguments(const ParsedFlags& flags) {
  std::vector<std::string> arguments{"quarantine", "replay"};
  for (const char* name : {"max-message", "tz", "year"}) {
    if (flags.Given(name)) arguments.push_back("--" + std::string(name) + "=" + flags.Text(name));
  }
  arguments.insert(arguments.end(), flags.positionals().begin(), flags.positionals().end());
  return arguments;
}

Status CheckNotShared(const Env* env, const std::string& store) {
  WHITTLE_ASSIGN_OR_RETURN(const bool there, FileExists(env->files, StoreLayout(store).format));
  WHITTLE_ASSIGN_OR_RETURN(const bool quarantine, FileExists(env->files, QuarantineDirectory(store)));
  if (there || !quarantine) return Status::Ok();
  return Status(StatusCode::kUsage, store +
                                        ": segments that a group shares are never changed; make a store of them "
                                        "first, which takes the quarantine along: whittle merge " +
                                        store + " --to STORE");
}

}  // namespace

int ChangeByReplay(const ParsedFlags& flags, const ChangePlace& place, Streams& streams) {
  ReplayOptions options;
  options.parsing = place.parsing;
  options.asked_by = place.asked_by;
  options.builder = *place.builder;
  options.plan_of = [&](const std::string& topic) { return PlanOfTopic(flags, *place.config, topic); };
  const auto report = ReplayQuarantine(place.env, place.catalog, place.pool, flags.positionals(), options, place.stop);
  if (!report.ok()) return Fail(streams, report.status());
  for (const ReplayReport::Left& left : report->left) {
    streams.err.Write("whittle: " + left.name + ": " + left.why + "\n");
  }
  std::string said = "replayed " + FormatCount(report->replayed) + " messages";
  if (report->stored_before > 0) said += "; " + FormatCount(report->stored_before) + " were stored already";
  if (!report->left.empty()) said += "; " + FormatCount(report->left.size()) + " are left as they are";
  if (report->stopped) said += "; stopped before the end";
  streams.out.Write(said + "\n");
  return report->left.empty() ? 0 : 1;
}

int RunQuarantineReplay(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  const auto reading = PrepareReading(env, flags);
  if (!reading.ok()) return Fail(streams, reading.status());
  const Config& config = (*reading)->config;
  const std::string store = StoreOf(flags, config);
  if (const Status status = CheckNotShared(env, store); !status.ok()) return Fail(streams, status);
  const auto change = [&](const ChangePlace& opened, Streams& to) {
    ParsingOptions parsing;
    parsing.analyzer = (*reading)->analyzer.get();
    parsing.field_rules = config.field_rules;
    parsing.incoming = config.sampling->incoming;
    parsing.use_recipe_cache = !flags.On("no-recipe-cache");
    auto scrubbers = MakeScrubbers(env, config, store);
    if (!scrubbers.ok()) return Fail(to, scrubbers.status());
    parsing.scrubbers = std::move(*scrubbers);
    const auto committer = CommitterOptionsOf(env, flags, config);
    if (!committer.ok()) return Fail(to, committer.status());
    ChangePlace place = opened;
    place.parsing = &parsing;
    place.builder = &committer->builder;
    place.config = &config;
    return ChangeByReplay(flags, place, to);
  };
  return ChangeStore(env, store, flags, ReplayArguments(flags), change, streams);
}

int RunQuarantineList(const ParsedFlags& flags, Streams& streams) {
  const auto found = FindQuarantined(DefaultEnv(), StoreFromFlags(flags), {});
  if (!found.ok()) return Fail(streams, found.status());
  if (flags.Text("format") == "ndjson") {
    for (const Found& entry : *found) {
      std::string line;
      AppendEntryJson(entry.message, &line);
      streams.out.Write(line);
    }
    return 0;
  }
  Table table({{"message", false}, {"bytes", true}, {"why", false}});
  for (const Found& entry : *found) {
    const QuarantinedMessage& message = entry.message;
    table.AddRow({message.name(), FormatCount(message.value.value_or("").size()),
                  message.reason + (message.value_withheld ? "; its value is not kept" : "")});
  }
  streams.out.Write(table.Render(static_cast<size_t>(streams.out.terminal_columns())));
  return 0;
}

int RunQuarantineShow(const ParsedFlags& flags, Streams& streams) {
  const auto found = FindQuarantined(DefaultEnv(), StoreFromFlags(flags), flags.positionals());
  if (!found.ok()) return Fail(streams, found.status());
  for (const Found& entry : *found) {
    if (!entry.message.value) {
      return Fail(streams, Status(StatusCode::kNotFound, entry.message.name() + ": no value is kept of it"));
    }
    streams.out.Write(*entry.message.value);
  }
  return 0;
}

int RunQuarantineDrop(const ParsedFlags& flags, Streams& streams) {
  const Env* env = DefaultEnv();
  const std::string store = StoreFromFlags(flags);
  const auto found = FindQuarantined(env, store, flags.positionals());
  if (!found.ok()) return Fail(streams, found.status());
  for (const Found& entry : *found) {
    const Status removed = RemoveQuarantined(env, store, entry.file);
    if (!removed.ok()) return Fail(streams, removed);
  }
  return 0;
}

}  // namespace whittle
