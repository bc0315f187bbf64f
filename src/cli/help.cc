#include "cli/help.h"

#include <algorithm>

namespace whittle {
namespace {

constexpr size_t kSmallestColumns = 40;  // narrower terminals get broken lines rather than one word a line
constexpr size_t kFlagColumn = 24;       // flags are left of it, what they do right of it

std::string Padded(std::string text, size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

// "  name      help", the help wrapped and aligned; on a line of its own when the name is too long.
std::string Entry(const std::string& name, const std::string& help, size_t name_width, size_t columns) {
  const size_t indent = name_width + 4;
  std::string wrapped = Wrap(help, indent, columns);
  const std::string head = "  " + name;
  if (head.size() + 2 > indent) return head + "\n" + wrapped;
  return Padded(head, indent) + wrapped.substr(indent);
}

std::string FlagHelp(const FlagSpec& flag) {
  std::string help(flag.help);
  const std::string fallback = DefaultText(flag);
  if (flag.kind == ValueKind::kChoice && flag.choices.find('|') != flag.choices.npos) {
    std::string choices(flag.choices);
    for (size_t bar = 0; (bar = choices.find('|', bar)) != choices.npos; bar += 2) choices.replace(bar, 1, ", ");
    help += " (" + choices + ")";
  }
  return fallback.empty() ? help : help + " [" + fallback + "]";
}

}  // namespace

std::string Wrap(std::string_view text, size_t indent, size_t columns) {
  columns = std::max(columns, kSmallestColumns + indent);
  std::string out;
  while (!text.empty()) {
    const size_t paragraph_end = std::min(text.find("\n\n"), text.size());
    std::string_view paragraph = text.substr(0, paragraph_end);
    text.remove_prefix(std::min(paragraph_end + 2, text.size()));
    size_t column = 0;
    while (!paragraph.empty()) {
      const size_t word_end = std::min(paragraph.find(' '), paragraph.size());
      const std::string_view word = paragraph.substr(0, word_end);
      paragraph.remove_prefix(std::min(word_end + 1, paragraph.size()));
      if (column > 0 && column + 1 + word.size() > columns) {
        out += '\n';
        column = 0;
      }
      if (column == 0) {
        out.append(indent, ' ');
        column = indent;
      } else {
        out += ' ';
        ++column;
      }
      out += word;
      column += word.size();
    }
    out += text.empty() ? "\n" : "\n\n";
  }
  return out;
}

std::string DefaultText(const FlagSpec& flag) {
  if (!flag.default_help.empty()) return "default: " + std::string(flag.default_help);
  if (!flag.default_value.empty()) return "default: " + std::string(flag.default_value);
  return "";
}

std::string UsageLine(const CommandSpec& command) {
  std::string usage = "whittle " + std::string(command.name);
  if (!command.flags.empty() || !command.shared.empty()) usage += " [FLAGS]";
  if (command.positional.maximum > 0) {
    std::string name(command.positional.name);
    if (command.positional.maximum > 1) name += "...";
    usage += command.positional.minimum > 0 ? " " + name : " [" + name + "]";
  }
  return usage;
}

std::string ProgramHelp() {
  std::string out =
      "whittle " + std::string(kTagline) + ".\n\nUsage: whittle COMMAND [FLAGS] [ARGUMENTS]\n\nCommands:\n";
  constexpr size_t kNameWidth = 15;
  for (const CommandSpec& command : Commands()) {
    if (command.hidden) continue;
    out += "  " + Padded(std::string(command.name), kNameWidth) + " " + std::string(command.summary) + "\n";
  }
  out +=
      "\nThe store is --store, else $WHITTLE_STORE, else ./whittle.store.\n"
      "`whittle COMMAND --help` explains a command and its flags.\n";
  return out;
}

std::string LongAndShort(const FlagSpec& flag) {
  const std::string name = "--" + std::string(flag.name);
  return flag.short_name.empty() ? name : "-" + std::string(flag.short_name) + ", " + name;
}

std::string CommandHelp(const CommandSpec& command, size_t columns) {
  std::string out = "Usage: " + UsageLine(command) + "\n\n" + Wrap(command.description, 0, columns);
  if (command.positional.maximum > 0) {
    out += "\nArguments:\n" +
           Entry(std::string(command.positional.name), std::string(command.positional.help), kFlagColumn - 4, columns);
  }
  out += "\nFlags:\n";
  ForEachFlag(command, [&](const FlagSpec& flag) {
    if (flag.hidden) return;
    std::string name = LongAndShort(flag);
    if (!flag.argument.empty()) name += " " + std::string(flag.argument);
    out += Entry(name, FlagHelp(flag), kFlagColumn - 4, columns);
  });
  out += Entry("-h, --help", "this text", kFlagColumn - 4, columns);
  if (!command.examples.empty()) out += "\nExamples:\n";
  for (const Example& example : command.examples) {
    out += "  " + std::string(example.command) + "\n" + Wrap(example.text, 6, columns);
  }
  return out;
}

}  // namespace whittle
