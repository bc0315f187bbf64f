#include "cli/completions.h"

#include "cli/flag_table.h"

namespace whittle {
namespace {

// First words of commands, each once, in table order.
template <typename Visit>
void ForEachFirstWord(Visit visit) {
  std::string_view last;
  for (const CommandSpec& command : Commands()) {
    const std::string_view word = command.name.substr(0, command.name.find(' '));
    if (command.hidden || word == last) continue;
    last = word;
    visit(command, word);
  }
}

std::string SecondWords(std::string_view group) {
  std::string out;
  for (const CommandSpec& command : Commands()) {
    if (command.hidden || !command.name.starts_with(group) || command.name.size() <= group.size()) continue;
    if (command.name[group.size()] != ' ') continue;
    if (!out.empty()) out += ' ';
    out += command.name.substr(group.size() + 1);
  }
  return out;
}

std::string Choices(const FlagSpec& flag) {
  std::string out(flag.choices);
  for (char& c : out) {
    if (c == '|') c = ' ';
  }
  return out;
}

std::string FlagNames(const CommandSpec& command) {
  std::string out = "--help";
  ForEachFlag(command, [&](const FlagSpec& flag) {
    if (!flag.hidden) out += " --" + std::string(flag.name);
  });
  return out;
}

// Single-quoted for sh and fish.
std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// The text of a zsh _arguments specification: colons and brackets have a meaning there.
std::string ZshText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string ZshAction(ValueKind kind, const std::string& choices) {
  switch (kind) {
    case ValueKind::kChoice:
      return "(" + choices + ")";
    case ValueKind::kFile:
      return "_files";
    case ValueKind::kDirectory:
      return "_files -/";
    default:
      return " ";
  }
}

}  // namespace

std::string BashCompletions() {
  std::string words, groups, cases;
  ForEachFirstWord([&](const CommandSpec&, std::string_view word) {
    words += (words.empty() ? "" : " ") + std::string(word);
    if (!IsCommandGroup(word)) return;
    groups += "    " + std::string(word) + ")\n      if [[ $COMP_CWORD -eq 2 ]]; then COMPREPLY=($(compgen -W \"" +
              SecondWords(word) + "\" -- \"$cur\")); return; fi\n      command=\"$command ${COMP_WORDS[2]}\" ;;\n";
  });
  for (const CommandSpec& command : Commands()) {
    if (command.hidden) continue;
    cases += "    " + Quoted(command.name) + ")\n      flags=\"" + FlagNames(command) + "\"\n      case \"$prev\" in\n";
    ForEachFlag(command, [&](const FlagSpec& flag) {
      if (flag.hidden || flag.kind == ValueKind::kSwitch) return;
      std::string action = "COMPREPLY=(); return";
      if (flag.kind == ValueKind::kChoice) {
        action = "COMPREPLY=($(compgen -W \"" + Choices(flag) + "\" -- \"$cur\")); return";
      } else if (flag.kind == ValueKind::kFile) {
        action = "COMPREPLY=($(compgen -f -- \"$cur\")); return";
      } else if (flag.kind == ValueKind::kDirectory) {
        action = "COMPREPLY=($(compgen -d -- \"$cur\")); return";
      }
      cases += "        --" + std::string(flag.name) + ") " + action + " ;;\n";
    });
    cases += "      esac ;;\n";
  }
  return "# bash completion for whittle\n_whittle() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} flags=\n"
         "  if [[ $COMP_CWORD -eq 1 ]]; then COMPREPLY=($(compgen -W \"" +
         words + " --help --version\" -- \"$cur\")); return; fi\n  case \"$command\" in\n" + groups +
         "  esac\n  case \"$command\" in\n" + cases +
         "  esac\n  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\"))\n"
         "  else COMPREPLY=($(compgen -f -- \"$cur\")); fi\n}\ncomplete -o filenames -F _whittle whittle\n";
}

std::string ZshCompletions() {
  std::string words, cases;
  ForEachFirstWord([&](const CommandSpec& command, std::string_view word) {
    const bool group = IsCommandGroup(word);
    const std::string summary = group ? SecondWords(word) : std::string(command.summary);
    words += "    " + Quoted(std::string(word) + ":" + ZshText(summary)) + "\n";
    if (!group) return;
    cases += "    " + std::string(word) + ")\n      if (( CURRENT == 3 )); then compadd " + SecondWords(word) +
             "; return; fi\n      command=\"$command ${words[3]}\"; shift words; (( CURRENT-- )) ;;\n";
  });
  std::string arguments;
  for (const CommandSpec& command : Commands()) {
    if (command.hidden) continue;
    arguments += "    " + Quoted(command.name) + ")\n      _arguments '--help[show help]'";
    ForEachFlag(command, [&](const FlagSpec& flag) {
      if (flag.hidden) return;
      std::string spec = (flag.repeatable ? "*--" : "--") + std::string(flag.name) + "[" + ZshText(flag.help) + "]";
      if (flag.kind != ValueKind::kSwitch) {
        spec += ":" + std::string(flag.argument) + ":" + ZshAction(flag.kind, Choices(flag));
      }
      arguments += " \\\n        " + Quoted(spec);
    });
    if (command.positional.maximum > 0) {
      const std::string spec = std::string(command.positional.maximum > 1 ? "*" : "1") + ":" +
                               std::string(command.positional.name) + ":" + ZshAction(command.positional.kind, "");
      arguments += " \\\n        " + Quoted(spec);
    }
    arguments += " ;;\n";
  }
  return "#compdef whittle\n# zsh completion for whittle\n_whittle() {\n  local command=${words[2]}\n"
         "  local -a commands=(\n" +
         words +
         "  )\n"
         "  if (( CURRENT == 2 )); then _describe command commands; return; fi\n  case \"$command\" in\n" +
         cases + "  esac\n  shift words; (( CURRENT-- ))\n  case \"$command\" in\n" + arguments +
         "  esac\n}\nif [[ $funcstack[1] == _whittle ]]; then _whittle \"$@\"; else compdef _whittle whittle; fi\n";
}

std::string FishCompletions() {
  std::string out = "# fish completion for whittle\n";
  ForEachFirstWord([&](const CommandSpec& command, std::string_view word) {
    const bool group = IsCommandGroup(word);
    out += "complete -c whittle -f -n __fish_use_subcommand -a " + std::string(word) + " -d " +
           Quoted(group ? SecondWords(word) : std::string(command.summary)) + "\n";
    if (!group) return;
    const std::string second = SecondWords(word);
    out += "complete -c whittle -f -n '__fish_seen_subcommand_from " + std::string(word) +
           "; and not __fish_seen_subcommand_from " + second + "' -a " + Quoted(second) + "\n";
  });
  for (const CommandSpec& command : Commands()) {
    if (command.hidden) continue;
    std::string condition = "__fish_seen_subcommand_from ";
    const size_t space = command.name.find(' ');
    condition += command.name.substr(0, space);
    if (space != command.name.npos) {
      condition += "; and __fish_seen_subcommand_from " + std::string(command.name.substr(space + 1));
    }
    const std::string head = "complete -c whittle -n " + Quoted(condition);
    ForEachFlag(command, [&](const FlagSpec& flag) {
      if (flag.hidden) return;
      out += head + " -l " + std::string(flag.name) + " -d " + Quoted(flag.help);
      if (flag.kind == ValueKind::kChoice) out += " -x -a " + Quoted(Choices(flag));
      if (flag.kind == ValueKind::kDirectory) out += " -x -a '(__fish_complete_directories)'";
      if (flag.kind == ValueKind::kFile) out += " -r -F";
      if (flag.kind == ValueKind::kText || flag.kind == ValueKind::kInteger || flag.kind == ValueKind::kSize)
        out += " -x";
      out += "\n";
    });
    if (command.positional.kind == ValueKind::kFile) out += head + " -F\n";
    if (command.positional.kind == ValueKind::kDirectory) out += head + " -x -a '(__fish_complete_directories)'\n";
  }
  return out;
}

}  // namespace whittle
