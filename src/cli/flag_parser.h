// Reads a command line against the flag table. Pure: no output, no environment except $WHITTLE_STORE. The result owns
// its strings; `command` points into the table.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "cli/flag_table.h"

namespace whittle {

// The flags of one command. A flag that only other commands have reads as not given, so that code shared by commands
// may ask for any; a name that is in no command's table is a bug and asserts.
class ParsedFlags {
 public:
  // True when the flag stands on the command line.
  bool Given(std::string_view name) const;
  // A switch.
  bool On(std::string_view name) const { return Given(name); }
  // The value given last, else the default.
  const std::string& Text(std::string_view name) const;
  // kInteger and kSize (bytes). A flag that is not given and has no default reads as 0.
  int64_t Integer(std::string_view name) const;
  // All values of a repeatable flag, in order.
  const std::vector<std::string>& All(std::string_view name) const;
  const std::vector<std::string>& positionals() const { return positionals_; }
  // The only or first positional, else empty.
  const std::string& positional() const;
  const CommandSpec& command() const { return *command_; }
  bool help() const { return help_; }  // --help or -h was asked for; nothing else was checked then

 private:
  friend Result<ParsedFlags> ParseFlags(const CommandSpec& command, const std::vector<std::string>& arguments);
  const FlagSpec& Spec(std::string_view name) const;
  // Takes the flag at arguments[*index], whose name ends at `equals`, and its value, which may be the next argument.
  Status Take(const FlagSpec& flag, const std::vector<std::string>& arguments, size_t equals, size_t* index);

  const CommandSpec* command_ = nullptr;
  std::map<std::string, std::vector<std::string>, std::less<>> given_;
  std::map<std::string, std::vector<std::string>, std::less<>> defaults_;
  std::vector<std::string> positionals_;
  bool help_ = false;
};

// `arguments` without the program and the command's own words. Errors are kUsage, one line, with a suggestion.
Result<ParsedFlags> ParseFlags(const CommandSpec& command, const std::vector<std::string>& arguments);

// The command that the leading words of `arguments` name, and how many words that took.
struct CommandMatch {
  const CommandSpec* command = nullptr;
  size_t words = 0;
};
Result<CommandMatch> MatchCommand(const std::vector<std::string>& arguments);

// "512MiB", "64k", "1.5 GB": binary units for ...iB and bare letters, decimal for ...B. Bare numbers are bytes.
Result<int64_t> ParseByteSize(std::string_view text);

// The candidate nearest to `word`, or empty when none is near enough to be what was meant.
std::string_view Nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace whittle
