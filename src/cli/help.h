// The text of --help, from the flag table. Pure functions.
#pragma once

#include <string>

#include "cli/flag_table.h"

namespace whittle {

// `whittle --help`: what it is, the commands with one line each.
std::string ProgramHelp();

// `whittle COMMAND --help`: usage, description, arguments, flags, examples, exit codes. Lines fit `columns`.
std::string CommandHelp(const CommandSpec& command, size_t columns = 100);

// "whittle ingest [FLAGS] [INPUT...]"
std::string UsageLine(const CommandSpec& command);

// "default: 512MiB" or empty.
std::string DefaultText(const FlagSpec& flag);

// "-c, --config", or just "--store".
std::string LongAndShort(const FlagSpec& flag);

// Breaks `text` at blanks so that no line is longer than `columns`, each line indented by `indent`; paragraphs are
// separated by an empty line.
std::string Wrap(std::string_view text, size_t indent, size_t columns);

inline constexpr std::string_view kTagline = "carves structured events out of raw logs and cuts what they cost to keep";

}  // namespace whittle
