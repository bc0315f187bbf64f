// The one table of configuration keys. Checking a file, its defaults, the commented example, the JSON Schema and the
// reference in docs/configuration.md are all made from it, so they cannot disagree. Constant data, safe from any
// thread.
//
// To add a key: one row in config_schema.cc (config_sink_keys.h for sinks), one line where config.cc reads it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace whittle {

enum class ConfigType {
  kGroup,   // keys below it
  kGroups,  // a list of groups; its rows' paths go on with "[]."
  kText,
  kPath,        // a file or directory
  kExpression,  // RE2
  kInteger,     // within [minimum, maximum]
  kBool,
  kDuration,  // "10s", "1h30m"
  kSize,      // "64MiB", "1.5 GB"
  kPercent,   // "10%"
  kChoice,    // one of `choices`
  kTexts,     // a list of texts, or one text
  kGlobs,     // a list of globs, or one
  kTextMap,   // names, free to choose, and a text for each
};

struct ConfigKey {
  std::string_view path;  // "sources[].files.include"
  ConfigType type = ConfigType::kText;
  std::string_view default_value;  // as written in the file; empty: none
  std::string_view help;           // one sentence, no full stop
  std::string_view flag = {};      // the command line flag that says the same, without dashes
  std::string_view example = {};   // what the commented example shows instead of the default
  std::string_view choices = {};   // kChoice: "beginning|end"
  long long minimum = 0, maximum = 0;
  bool planned = false;      // known, but this version does not act on it: setting it is refused
  bool required = false;     // must stand where its group stands
  bool alternative = false;  // excludes the keys before it, so the example only mentions it
  bool one_of = false;       // in a list of groups: of the keys with this mark, each item has exactly one
};

std::span<const ConfigKey> ConfigKeys();
const ConfigKey* FindConfigKey(std::string_view path);  // nullptr: no such key

// The last part of the path: "include".
std::string_view ConfigKeyName(const ConfigKey& key);
// True when `key` stands directly below `parent` ("" for the top level).
bool IsConfigChild(const ConfigKey& key, std::string_view parent);

// A file with every key, its default and what it is for, commented out.
std::string ConfigExample();
// JSON Schema (draft 2020-12) for editors.
std::string ConfigJsonSchema();
// The keys as Markdown tables, for docs/configuration.md.
std::string ConfigReference();

}  // namespace whittle
