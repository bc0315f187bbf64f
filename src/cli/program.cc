#include "cli/program.h"

#include <algorithm>
#include <cstring>

#include "cli/commands.h"
#include "cli/completions.h"
#include "cli/flag_parser.h"
#include "cli/help.h"
#include "cli/man_page.h"

namespace whittle {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitProblem = 1;
constexpr int kExitUsage = 2;
constexpr size_t kWidestHelp = 110;  // longer lines are hard to read

int Usage(Streams& streams, const std::string& message) {
  streams.err.Write(message + "\n");
  return kExitUsage;
}

int PrintCommandHelp(const CommandSpec& command, Streams& streams) {
  const int columns = streams.out.terminal_columns();
  streams.out.Write(CommandHelp(command, columns > 0 ? std::min<size_t>(columns, kWidestHelp) : 100));
  return kExitOk;
}

// `whittle help [COMMAND]`
int Help(const std::vector<std::string>& words, Streams& streams) {
  if (words.empty()) {
    streams.out.Write(ProgramHelp());
    return kExitOk;
  }
  const Result<CommandMatch> match = MatchCommand(words);
  if (!match.ok()) return Usage(streams, match.status().message());
  return PrintCommandHelp(*match->command, streams);
}

int Completions(const std::vector<std::string>& arguments, Streams& streams) {
  const std::string shell = arguments.size() == 2 ? arguments[1] : "";
  if (shell == "bash") {
    streams.out.Write(BashCompletions());
  } else if (shell == "zsh") {
    streams.out.Write(ZshCompletions());
  } else if (shell == "fish") {
    streams.out.Write(FishCompletions());
  } else {
    return Usage(streams, "whittle --completions: say for which shell: bash, zsh or fish");
  }
  return kExitOk;
}

int Dispatch(const std::vector<std::string>& arguments, Streams& streams) {
  if (arguments.empty()) {
    streams.err.Write(ProgramHelp());
    return kExitUsage;
  }
  const std::string& first = arguments[0];
  if (first == "--help" || first == "-h") return Help({}, streams);
  if (first == "help") return Help({arguments.begin() + 1, arguments.end()}, streams);
  if (first == "--version" || first == "-V") return Dispatch({"version"}, streams);
  if (first == "--man") {
    streams.out.Write(ManPage(WHITTLE_VERSION));
    return kExitOk;
  }
  if (first == "--completions") return Completions(arguments, streams);
  if (first.starts_with("-")) {
    return Usage(streams, "whittle: unknown flag '" + first + "'; a command comes first, see `whittle --help`");
  }
  // `whittle patterns --help` shows what the group has.
  if (IsCommandGroup(first) && arguments.size() == 2 && (arguments[1] == "--help" || arguments[1] == "-h")) {
    for (const CommandSpec& command : Commands()) {
      if (command.name == first || command.name.starts_with(first + " ")) PrintCommandHelp(command, streams);
    }
    return kExitOk;
  }
  const Result<CommandMatch> match = MatchCommand(arguments);
  if (!match.ok()) return Usage(streams, match.status().message());
  const CommandSpec& command = *match->command;
  const Result<ParsedFlags> flags =
      ParseFlags(command, {arguments.begin() + static_cast<std::ptrdiff_t>(match->words), arguments.end()});
  if (!flags.ok()) return Usage(streams, flags.status().message());
  if (flags->help()) return PrintCommandHelp(command, streams);
  return command.run(*flags, streams);
}

}  // namespace

int RunProgram(const std::vector<std::string>& arguments, Streams& streams) {
  int code = Dispatch(arguments, streams);
  streams.out.Flush();
  if (streams.out.error() != 0) {
    streams.err.Write(std::string("whittle: cannot write to standard output: ") + std::strerror(streams.out.error()) +
                      "\n");
    code = std::max(code, kExitProblem);
  }
  return code;
}

}  // namespace whittle
