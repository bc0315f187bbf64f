#include "pipeline/config_check.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "event/value.h"
#include "expr/suggest.h"

namespace whittle {
namespace {

std::string Quoted(std::string_view text) {
  constexpr size_t kShown = 60;  // enough to recognise it
  return "'" + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "…'" : "'");
}

std::string ListChoices(std::string_view choices) {
  std::string out;
  for (const char c : choices) out += c == '|' ? std::string(", ") : std::string(1, c);
  return out;
}

bool IsChoice(std::string_view choices, std::string_view text) {
  while (!choices.empty()) {
    const size_t bar = std::min(choices.find('|'), choices.size());
    if (choices.substr(0, bar) == text) return true;
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return false;
}

class Checker {
 public:
  explicit Checker(std::string_view file_name) : file_name_(file_name) {}

  // A group of keys below `parent`.
  Status Group(const ConfigNode& node, const std::string& parent) {
    if (node.kind == ConfigNode::Kind::kNull) return CheckPresent({}, node, parent);
    if (node.kind != ConfigNode::Kind::kMap) {
      return Error(node, parent.empty() ? "must be 'key: value' lines"
                                        : Name(parent) + " must be a group of keys, such as " + Example(parent));
    }
    for (const ConfigNode::Entry& entry : node.entries) {
      const std::string path = parent.empty() ? entry.key : parent + "." + entry.key;
      const ConfigKey* key = entry.key.find('.') == std::string::npos ? FindConfigKey(path) : nullptr;
      if (key == nullptr || entry.key.find("[]") != std::string::npos) return Unknown(entry, parent);
      if (key->planned) {
        return ConfigError(file_name_, entry.position,
                           "'" + entry.key + "' is not available in this version of whittle; take it out");
      }
      WHITTLE_RETURN_IF_ERROR(Value(*key, *entry.value, path));
    }
    return CheckPresent(node.entries, node, parent);
  }

 private:
  Status Error(const ConfigNode& node, const std::string& what) const {
    return ConfigError(file_name_, node.position, what);
  }

  static std::string Name(const std::string& path) {
    return "'" + path.substr(path.rfind('.') == std::string::npos ? 0 : path.rfind('.') + 1) + "'";
  }

  // What could stand below `parent`, for a message.
  static std::string Example(const std::string& parent) {
    for (const ConfigKey& key : ConfigKeys()) {
      if (!key.planned && IsConfigChild(key, parent)) return "'" + std::string(ConfigKeyName(key)) + ": …'";
    }
    return "'name: value'";
  }

  Status Unknown(const ConfigNode::Entry& entry, const std::string& parent) const {
    std::vector<std::string_view> names, elsewhere;
    for (const ConfigKey& key : ConfigKeys()) {
      if (IsConfigChild(key, parent)) names.push_back(ConfigKeyName(key));
    }
    std::string hint = DidYouMean(entry.key, names);
    if (hint.empty()) {
      hint = "; known are ";
      for (size_t i = 0; i < names.size(); ++i) hint += (i > 0 ? ", " : "") + std::string(names[i]);
    }
    const std::string where =
        parent.empty() ? "" : " in " + Name(parent.ends_with("[]") ? parent.substr(0, parent.size() - 2) : parent);
    return ConfigError(file_name_, entry.position, "unknown key " + Quoted(entry.key) + where + hint);
  }

  // Required keys, and the one that says what an item of a list is.
  Status CheckPresent(const std::vector<ConfigNode::Entry>& entries, const ConfigNode& node,
                      const std::string& parent) const {
    const auto is_set = [&](const ConfigKey& key) {
      return std::any_of(entries.begin(), entries.end(),
                         [&](const auto& entry) { return entry.key == ConfigKeyName(key); });
    };
    std::string kinds, first;
    size_t chosen = 0;
    for (const ConfigKey& key : ConfigKeys()) {
      if (!IsConfigChild(key, parent)) continue;
      if (key.required && !key.planned && !is_set(key)) {
        return Error(
            node, Name(parent) + " needs '" + std::string(ConfigKeyName(key)) + ": " + std::string(key.example) + "'");
      }
      if (!key.one_of) continue;
      if (is_set(key)) ++chosen;
      if (!key.planned) kinds += (kinds.empty() ? "'" : " or '") + std::string(ConfigKeyName(key)) + ":'";
    }
    if (kinds.empty() || chosen == 1) return Status::Ok();
    const std::string list = Name(parent.substr(0, parent.size() - 2));
    return Error(node, chosen == 0
                           ? "an item of " + list + " needs " + kinds
                           : "an item of " + list + " is one of " + kinds + ", not several; begin another with '- '");
  }

  Status Value(const ConfigKey& key, const ConfigNode& node, const std::string& path) {
    switch (key.type) {
      case ConfigType::kGroup:
        return Group(node, path);
      case ConfigType::kGroups:
        return Groups(node, path);
      case ConfigType::kTexts:
      case ConfigType::kGlobs:
        return Texts(node, path);
      case ConfigType::kTextMap:
        return TextMap(node, path);
      case ConfigType::kChoice:
        // A choice with keys below it may also be a group: multiline: {start: …}.
        if (node.kind == ConfigNode::Kind::kMap && HasChildren(path)) return NotEmpty(node, path);
        break;
      default:
        break;
    }
    if (node.kind != ConfigNode::Kind::kText) return Error(node, Name(path) + " needs one value: " + Wanted(key));
    if (!Fits(key, node.text)) return Error(node, Name(path) + " needs " + Wanted(key) + ", not " + Quoted(node.text));
    if (key.type == ConfigType::kExpression) {
      const Status status = CheckConfigExpression(node.text);
      if (!status.ok()) return Error(node, Name(path) + ": " + status.message());
    }
    return Status::Ok();
  }

  static bool HasChildren(const std::string& path) {
    const auto keys = ConfigKeys();
    return std::any_of(keys.begin(), keys.end(), [&](const ConfigKey& key) { return IsConfigChild(key, path); });
  }

  Status NotEmpty(const ConfigNode& node, const std::string& path) {
    if (node.entries.empty()) return Error(node, Name(path) + " needs " + Example(path) + " in it");
    return Group(node, path);
  }

  Status Groups(const ConfigNode& node, const std::string& path) {
    if (node.kind == ConfigNode::Kind::kNull) return Status::Ok();
    if (node.kind != ConfigNode::Kind::kList)
      return Error(node, Name(path) + " must be a list: begin each item with '- '");
    for (const auto& item : node.items) WHITTLE_RETURN_IF_ERROR(Group(*item, path + "[]"));
    return Status::Ok();
  }

  Status Texts(const ConfigNode& node, const std::string& path) const {
    if (node.kind == ConfigNode::Kind::kNull || node.kind == ConfigNode::Kind::kText) return Status::Ok();
    if (node.kind != ConfigNode::Kind::kList) return Error(node, Name(path) + " must be a list: [a, b]");
    for (const auto& item : node.items) {
      if (item->kind != ConfigNode::Kind::kText || item->text.empty())
        return Error(*item, "an item of " + Name(path) + " must be text");
    }
    return Status::Ok();
  }

  Status TextMap(const ConfigNode& node, const std::string& path) const {
    if (node.kind == ConfigNode::Kind::kNull) return Status::Ok();
    if (node.kind != ConfigNode::Kind::kMap)
      return Error(node, Name(path) + " must be names with values: {name: value}");
    for (const ConfigNode::Entry& entry : node.entries) {
      if (entry.key.empty()) return ConfigError(file_name_, entry.position, "a name in " + Name(path) + " is empty");
      if (entry.value->kind != ConfigNode::Kind::kText) {
        return Error(*entry.value, "the value of " + Quoted(entry.key) + " in " + Name(path) + " must be text");
      }
    }
    return Status::Ok();
  }

  static bool InRange(const ConfigKey& key, std::optional<int64_t> value) {
    if (!value) return false;
    return (key.minimum == 0 && key.maximum == 0) || (*value >= key.minimum && *value <= key.maximum);
  }

  static bool Fits(const ConfigKey& key, std::string_view text) {
    switch (key.type) {
      case ConfigType::kInteger:
        return InRange(key, ReadConfigInteger(text));
      case ConfigType::kBool:
        return ReadConfigBool(text).has_value();
      case ConfigType::kDuration:
        return InRange(key, ReadConfigDuration(text));
      case ConfigType::kSize:
        return InRange(key, ReadConfigSize(text));
      case ConfigType::kPercent:
        return ReadConfigPercent(text).has_value();
      case ConfigType::kChoice:
        return IsChoice(key.choices, text);
      default:
        return !text.empty();
    }
  }

  // What a value of this key looks like: "a size from 1MiB to 1GiB".
  static std::string Wanted(const ConfigKey& key) {
    const bool bounded = key.minimum != 0 || key.maximum != 0;
    const auto range = [&](auto format) {
      return bounded ? " from " + format(key.minimum) + " to " + format(key.maximum) : std::string();
    };
    switch (key.type) {
      case ConfigType::kInteger:
        return "a whole number" + range([](long long n) { return std::to_string(n); });
      case ConfigType::kBool:
        return "true or false";
      case ConfigType::kDuration:
        return "a duration such as 10s or 1h30m" + range(DurationText);
      case ConfigType::kSize:
        return "a size such as 64MiB" + range(SizeText);
      case ConfigType::kPercent:
        return "a percentage such as 10%";
      case ConfigType::kChoice:
        return "one of " + ListChoices(key.choices);
      case ConfigType::kPath:
        return "a path";
      case ConfigType::kExpression:
        return "a regular expression";
      default:
        return "text";
    }
  }

  static std::string DurationText(long long ns) {
    if (ns % 1'000'000'000 != 0) return std::to_string(ns / 1'000'000) + "ms";
    return std::to_string(ns / 1'000'000'000) + "s";
  }
  static std::string SizeText(long long bytes) { return std::to_string(bytes >> 20) + "MiB"; }

  static Status CheckConfigExpression(const std::string& text) {
    RE2::Options options(RE2::Quiet);
    options.set_encoding(RE2::Options::EncodingLatin1);
    const RE2 expression(text, options);
    return expression.ok() ? Status::Ok()
                           : Status(StatusCode::kConfig, Quoted(text) + " is no expression: " + expression.error());
  }

  std::string_view file_name_;
};

std::optional<int64_t> AsType(ValueType type, std::string_view text) {
  const Value value = ParseValue(type, text);
  return value.type == type && value.integer >= 0 ? std::optional<int64_t>(value.integer) : std::nullopt;
}

}  // namespace

Status CheckConfig(const ConfigNode& root, std::string_view file_name) { return Checker(file_name).Group(root, ""); }

std::optional<int64_t> ReadConfigInteger(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> ReadConfigBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::optional<int64_t> ReadConfigDuration(std::string_view text) { return AsType(ValueType::kDuration, text); }

std::optional<int64_t> ReadConfigSize(std::string_view text) {
  if (const auto bytes = ReadConfigInteger(text)) return *bytes >= 0 ? bytes : std::nullopt;
  return AsType(ValueType::kSize, text);
}

std::optional<double> ReadConfigPercent(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  double value = 0;
  const char* last = text.data() + text.size() - 1;
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last || !(value >= 0 && value <= 100)) return std::nullopt;
  return value / 100;
}

}  // namespace whittle
