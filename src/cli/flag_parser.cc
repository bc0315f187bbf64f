#include "cli/flag_parser.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace whittle {
namespace {

std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

// Insertions, deletions, substitutions and swaps of neighbours.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

Status CheckChoice(const FlagSpec& flag, const std::string& value) {
  std::string_view rest = flag.choices;
  std::vector<std::string_view> choices;
  while (!rest.empty()) {
    const size_t bar = std::min(rest.find('|'), rest.size());
    choices.push_back(rest.substr(0, bar));
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return Status::Ok();
  return Status(StatusCode::kUsage, "--" + std::string(flag.name) + " does not know " + Quoted(value) +
                                        "; it is one of " + std::string(flag.choices));
}

Status CheckInteger(const FlagSpec& flag, const std::string& value) {
  long long number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  if (whole && number >= flag.minimum && number <= flag.maximum) return Status::Ok();
  return Status(StatusCode::kUsage, "--" + std::string(flag.name) + " needs a whole number from " +
                                        std::to_string(flag.minimum) + " to " + std::to_string(flag.maximum) +
                                        ", not " + Quoted(value));
}

Status CheckValue(const FlagSpec& flag, const std::string& value) {
  switch (flag.kind) {
    case ValueKind::kChoice:
      return CheckChoice(flag, value);
    case ValueKind::kInteger:
      return CheckInteger(flag, value);
    case ValueKind::kSize: {
      const Result<int64_t> size = ParseByteSize(value);
      return size.ok() ? Status::Ok() : size.status().WithContext("--" + std::string(flag.name));
    }
    case ValueKind::kFile:
    case ValueKind::kDirectory:
      if (value.empty()) return Status(StatusCode::kUsage, "--" + std::string(flag.name) + " needs a path, not ''");
      return Status::Ok();
    case ValueKind::kSwitch:
    case ValueKind::kText:
      return Status::Ok();
  }
  return Status::Ok();
}

const FlagSpec* FindFlag(const CommandSpec& command, std::string_view name) {
  const FlagSpec* found = nullptr;
  ForEachFlag(command, [&](const FlagSpec& flag) {
    if (flag.name == name) found = &flag;
  });
  return found;
}

const FlagSpec* FindShortFlag(const CommandSpec& command, std::string_view name) {
  const FlagSpec* found = nullptr;
  ForEachFlag(command, [&](const FlagSpec& flag) {
    if (!flag.short_name.empty() && flag.short_name == name) found = &flag;
  });
  return found;
}

std::string HelpHint(const CommandSpec& command) { return "see `whittle " + std::string(command.name) + " --help`"; }

// Says what was probably meant by a flag that `command` does not have.
std::string UnknownFlag(const CommandSpec& command, std::string_view written) {
  const std::string_view name = written.substr(0, written.find('='));
  std::string message = "unknown flag " + Quoted(name);
  const std::string_view bare = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  std::vector<std::string_view> own{"help"};
  ForEachFlag(command, [&](const FlagSpec& flag) {
    if (!flag.hidden) own.push_back(flag.name);
  });
  if (const std::string_view near = Nearest(bare, own); !near.empty()) {
    return message + "; did you mean --" + std::string(near) + "?";
  }
  for (const CommandSpec& other : Commands()) {
    bool has = false;
    ForEachFlag(other, [&](const FlagSpec& flag) { has = has || (!flag.hidden && flag.name == bare); });
    if (has) return message + "; it belongs to `whittle " + std::string(other.name) + "`";
  }
  return message + "; " + HelpHint(command);
}

std::string EnvironmentDefault(const FlagSpec& flag) {
  if (flag.name != "store") return std::string(flag.default_value);
  const char* store = std::getenv("WHITTLE_STORE");
  return store != nullptr && *store != '\0' ? store : std::string(flag.default_value);
}

}  // namespace

bool ParsedFlags::Given(std::string_view name) const {
  Spec(name);
  return given_.find(name) != given_.end();
}

const std::string& ParsedFlags::Text(std::string_view name) const {
  static const std::string kNone;
  const std::vector<std::string>& all = All(name);
  return all.empty() ? kNone : all.back();
}

int64_t ParsedFlags::Integer(std::string_view name) const {
  const std::string& text = Text(name);
  if (text.empty()) return 0;
  if (Spec(name).kind == ValueKind::kSize) return ParseByteSize(text).value();
  return std::strtoll(text.c_str(), nullptr, 10);
}

const std::vector<std::string>& ParsedFlags::All(std::string_view name) const {
  Spec(name);
  if (const auto found = given_.find(name); found != given_.end()) return found->second;
  return defaults_.find(name)->second;
}

const std::string& ParsedFlags::positional() const {
  static const std::string kNone;
  return positionals_.empty() ? kNone : positionals_.front();
}

const FlagSpec& ParsedFlags::Spec(std::string_view name) const {
  const FlagSpec* found = FindFlag(*command_, name);
  for (const CommandSpec& other : Commands()) {
    if (found == nullptr) found = FindFlag(other, name);
  }
  assert(found != nullptr && "no command has this flag");
  return *found;
}

// By hand and not with CLI11, whose vectors split a positional such as "[INFO] x]" at commas and whose "--store=" takes
// the next argument: log lines are arguments here and must arrive as they are.
Result<ParsedFlags> ParseFlags(const CommandSpec& command, const std::vector<std::string>& arguments) {
  ParsedFlags parsed;
  parsed.command_ = &command;
  const auto set_default = [&](const FlagSpec& flag) {
    const auto [entry, fresh] = parsed.defaults_.try_emplace(std::string(flag.name));
    if (!fresh) return;
    std::string value = EnvironmentDefault(flag);
    if (!flag.repeatable || !value.empty()) entry->second.push_back(std::move(value));
  };
  ForEachFlag(command, set_default);
  for (const CommandSpec& other : Commands()) ForEachFlag(other, set_default);
  const auto usage = [&](const std::string& message) {
    return Status(StatusCode::kUsage, "whittle " + std::string(command.name) + ": " + message);
  };
  Status problem;  // the first one; --help anywhere is answered all the same
  bool flags_ended = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (flags_ended || argument == "-" || !argument.starts_with('-')) {
      parsed.positionals_.push_back(argument);
      continue;
    }
    if (argument == "--") {
      flags_ended = true;
      continue;
    }
    if (argument == "--help" || argument == "-h") {
      parsed.help_ = true;
      continue;
    }
    const size_t equals = std::min(argument.find('='), argument.size());
    const FlagSpec* flag = argument.starts_with("--") ? FindFlag(command, argument.substr(2, equals - 2))
                                                      : FindShortFlag(command, argument.substr(1));
    if (flag == nullptr) {
      if (problem.ok()) problem = usage(UnknownFlag(command, argument));
      continue;
    }
    Status taken = parsed.Take(*flag, arguments, equals, &i);
    if (problem.ok() && !taken.ok()) problem = usage(taken.message());
  }
  if (parsed.help_) return parsed;
  ForEachFlag(command, [&](const FlagSpec& flag) {
    const bool both = !flag.excludes.empty() && parsed.Given(flag.name) && parsed.Given(flag.excludes);
    if (both && problem.ok()) {
      problem = usage("--" + std::string(flag.name) + " and --" + std::string(flag.excludes) + " exclude each other");
    }
  });
  if (!problem.ok()) return problem;
  const size_t count = parsed.positionals_.size();
  if (count > static_cast<size_t>(command.positional.maximum)) {
    return usage("unexpected argument " + Quoted(parsed.positionals_[command.positional.maximum]) + "; " +
                 HelpHint(command));
  }
  if (count < static_cast<size_t>(command.positional.minimum)) {
    return usage("needs " + std::string(command.positional.name) + "; " + HelpHint(command));
  }
  return parsed;
}

Status ParsedFlags::Take(const FlagSpec& flag, const std::vector<std::string>& arguments, size_t equals,
                         size_t* index) {
  const std::string& argument = arguments[*index];
  const std::string name(flag.name);
  if (flag.kind == ValueKind::kSwitch) {
    if (equals < argument.size()) return Status(StatusCode::kUsage, "--" + name + " takes no value");
    given_[name] = {""};
    return Status::Ok();
  }
  std::string value;
  if (equals < argument.size()) {
    value = argument.substr(equals + 1);
  } else {
    // "--store --jobs 2" forgot the directory; it does not name one "--jobs".
    const bool missing = *index + 1 >= arguments.size() || (arguments[*index + 1].starts_with("--") &&
                                                            FindFlag(*command_, arguments[*index + 1].substr(2)));
    if (missing) return Status(StatusCode::kUsage, "--" + name + " needs a value");
    value = arguments[++*index];
  }
  WHITTLE_RETURN_IF_ERROR(CheckValue(flag, value));
  std::vector<std::string>& values = given_[name];
  if (!flag.repeatable) values.clear();  // the last one wins, so that scripts can append
  values.push_back(std::move(value));
  return Status::Ok();
}

Result<CommandMatch> MatchCommand(const std::vector<std::string>& arguments) {
  assert(!arguments.empty());
  if (arguments.size() >= 2) {
    if (const CommandSpec* two = FindCommand(arguments[0] + " " + arguments[1])) return CommandMatch{two, 2};
  }
  if (const CommandSpec* one = FindCommand(arguments[0])) return CommandMatch{one, 1};
  std::vector<std::string_view> names;
  const bool group = IsCommandGroup(arguments[0]);
  for (const CommandSpec& command : Commands()) {
    if (command.hidden) continue;
    const std::string_view name = command.name;
    const size_t space = name.find(' ');
    if (group && space != name.npos && name.substr(0, space) == arguments[0]) names.push_back(name.substr(space + 1));
    if (!group) names.push_back(name.substr(0, space));
  }
  if (group) {
    std::string known;
    for (const std::string_view name : names) known += (known.empty() ? "" : ", ") + std::string(name);
    const std::string said = arguments.size() < 2 ? "" : " " + Quoted(arguments[1]) + " is not known;";
    return Status(StatusCode::kUsage, "whittle " + arguments[0] + ":" + said + " say which of: " + known);
  }
  std::string message = "whittle: unknown command " + Quoted(arguments[0]);
  const std::string_view near = Nearest(arguments[0], names);
  message += near.empty() ? "; see `whittle --help`" : "; did you mean " + Quoted(near) + "?";
  return Status(StatusCode::kUsage, message);
}

Result<int64_t> ParseByteSize(std::string_view text) {
  const auto wrong = [written = text] {
    return Status(StatusCode::kUsage, "needs a size such as 512MiB or 64k, not " + Quoted(written));
  };
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  if (digits == 0 || text[0] == '.') return wrong();
  const double number = std::strtod(std::string(text.substr(0, digits)).c_str(), nullptr);
  text.remove_prefix(digits);
  while (text.starts_with(' ')) text.remove_prefix(1);
  std::string unit(text);
  for (char& c : unit) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  const std::string_view letters = "kmgt";
  double factor = 1;
  if (!unit.empty() && unit != "b") {
    const size_t power = letters.find(unit[0]);
    if (power == letters.npos) return wrong();
    const std::string rest = unit.substr(1);
    if (rest != "" && rest != "b" && rest != "ib") return wrong();
    factor = std::pow(rest == "b" ? 1000.0 : 1024.0, static_cast<double>(power + 1));
  }
  const double bytes = number * factor;
  if (!(bytes >= 0 && bytes < 9e18)) return wrong();
  return static_cast<int64_t>(bytes);
}

std::string_view Nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr size_t kLongestWord = 64;  // keeps the quadratic comparison small; no name is that long
  if (word.empty() || word.size() > kLongestWord) return {};
  std::string_view best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    size_t distance = EditDistance(word, candidate);
    // An unfinished word ("temp") means what it begins.
    if (word.size() >= 3 && candidate.substr(0, word.size()) == word) distance = 1;
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace whittle
