// The one table of commands and flags. Parsing (flag_parser.h), --help (help.h), the man page (man_page.h) and the
// shell completions (completions.h) are all made from it, so they cannot disagree. Constant data with static lifetime,
// safe from any thread; using it initialises nothing, which keeps `whittle --help` quick.
//
// To add a flag: one row in flag_table.cc. To add a command: one row there and its function in commands.h.
#pragma once

#include <span>
#include <string_view>

namespace whittle {

class ParsedFlags;
struct Streams;

// What a value may look like; checked while parsing, so that commands never see a value of the wrong kind.
enum class ValueKind {
  kSwitch,  // no value
  kText,
  kInteger,    // a whole number in [minimum, maximum]
  kSize,       // bytes: 512MiB, 64k, 1.5GB
  kChoice,     // one of `choices`
  kFile,       // a path; shells complete files
  kDirectory,  // a path; shells complete directories
};

struct FlagSpec {
  std::string_view name;  // without dashes: "store"
  ValueKind kind = ValueKind::kSwitch;
  std::string_view argument;           // how help calls the value: "DIR"; empty for switches
  std::string_view default_value;      // what ParsedFlags returns when the flag is not given; empty = nothing
  std::string_view help;               // one sentence, no full stop
  std::string_view choices = {};       // kChoice: "table|ndjson"
  long long minimum = 0, maximum = 0;  // kInteger
  bool repeatable = false;
  bool hidden = false;                 // parsed, but shown nowhere
  std::string_view default_help = {};  // the default in words when it is no constant: "$WHITTLE_STORE, else ..."
  std::string_view excludes = {};      // another flag that cannot be given together with this one
  std::string_view short_name = {};    // "c": -c does the same
};

struct PositionalSpec {
  std::string_view name;  // "INPUT"
  int minimum = 0;
  int maximum = 0;  // kMany = any number
  ValueKind kind = ValueKind::kText;
  std::string_view help;
};
inline constexpr int kMany = 1 << 20;  // more than the kernel passes in one argument list

struct Example {
  std::string_view command;
  std::string_view text;
};

// Returns the exit code: 0 fine, 1 a problem in the data it was asked to handle, 2 wrong usage or configuration.
using CommandFunction = int (*)(const ParsedFlags& flags, Streams& streams);

struct CommandSpec {
  std::string_view name;                              // one word, or two for a group: "patterns list"
  std::string_view summary;                           // one line of `whittle --help`
  std::string_view description;                       // paragraphs of `whittle NAME --help` and of the man page
  PositionalSpec positional;                          // maximum 0: none
  std::span<const FlagSpec> flags;                    // its own flags, in the order help shows them
  std::span<const std::span<const FlagSpec>> shared;  // groups of flags it has in common with other commands
  std::span<const Example> examples;
  CommandFunction run = nullptr;
  bool hidden = false;
};

// Every command, in the order help shows them.
std::span<const CommandSpec> Commands();

// Null when there is none with exactly this name.
const CommandSpec* FindCommand(std::string_view name);

// True when commands of two words begin with `word`: "patterns".
bool IsCommandGroup(std::string_view word);

// Calls `visit` for each flag of a command, its own first. `--help` is not among them: every command has it.
template <typename Visit>
void ForEachFlag(const CommandSpec& command, Visit visit) {
  for (const FlagSpec& flag : command.flags) visit(flag);
  for (const auto& group : command.shared) {
    for (const FlagSpec& flag : group) visit(flag);
  }
}

}  // namespace whittle
