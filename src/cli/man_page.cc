#include "cli/man_page.h"

#include "cli/flag_table.h"
#include "cli/help.h"

namespace whittle {
namespace {

// Text as roff takes it literally: backslashes, hyphens that must stay hyphens, and control characters at line starts.
std::string Roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) {
      out += std::string("\\&") + c;
    } else {
      out += c;
    }
  }
  for (size_t at = 0; (at = out.find("\n\n", at)) != out.npos; at += 5) out.replace(at, 2, "\n.PP\n");
  return out;
}

std::string FlagEntry(const FlagSpec& flag) {
  std::string out = ".TP\n\\fB" + Roff(LongAndShort(flag)) + "\\fR";
  if (!flag.argument.empty()) out += " \\fI" + Roff(flag.argument) + "\\fR";
  std::string help(flag.help);
  if (const std::string fallback = DefaultText(flag); !fallback.empty()) help += " (" + fallback + ")";
  return out + "\n" + Roff(help) + ".\n";
}

std::string CommandSection(const CommandSpec& command) {
  std::string out = ".SS \"" + Roff(UsageLine(command)) + "\"\n" + Roff(command.description) + "\n";
  if (command.positional.maximum > 0) {
    out += ".TP\n\\fI" + Roff(command.positional.name) + "\\fR\n" + Roff(command.positional.help) + ".\n";
  }
  ForEachFlag(command, [&](const FlagSpec& flag) {
    if (!flag.hidden) out += FlagEntry(flag);
  });
  return out;
}

}  // namespace

std::string ManPage(const std::string& version) {
  std::string out = ".TH WHITTLE 1 \"\" \"whittle " + Roff(version) + "\" \"User Commands\"\n";
  out += ".SH NAME\nwhittle \\- " + Roff(kTagline) + "\n";
  out += ".SH SYNOPSIS\n.B whittle\n\\fICOMMAND\\fR [\\fIFLAGS\\fR] [\\fIARGUMENTS\\fR]\n";
  out +=
      ".SH DESCRIPTION\nwhittle reads logs of any kind, turns each line into a structured, typed event, and keeps the "
      "events in a store of compressed columns. Every line that is kept renders back to its original bytes.\n";
  out += ".SH COMMANDS\n";
  for (const CommandSpec& command : Commands()) {
    if (!command.hidden) out += CommandSection(command);
  }
  out += ".SH ENVIRONMENT\n.TP\n.B WHITTLE_STORE\nThe store when \\fB\\-\\-store\\fR is not given.\n";
  out +=
      ".SH \"EXIT STATUS\"\n.TP\n.B 0\nFine.\n.TP\n.B 1\nA problem in the data: a file that cannot be read, a store "
      "that is broken.\n.TP\n.B 2\nWrong usage or configuration.\n";
  out += ".SH EXAMPLES\n";
  for (const CommandSpec& command : Commands()) {
    for (const Example& example : command.examples) {
      out += ".TP\n\\fB" + Roff(example.command) + "\\fR\n" + Roff(example.text) + ".\n";
    }
  }
  return out;
}

}  // namespace whittle
