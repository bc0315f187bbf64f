// quarantine: looks at the messages that could not become records, and takes them out.
#include <algorithm>

#include "catalog/store_layout.h"
#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/reading.h"
#include "pipeline/config.h"
#include "pipeline/quarantine.h"
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

}  // namespace

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
