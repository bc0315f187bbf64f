#include "templates/overrides.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

#include "base/hash.h"

namespace whittle {
namespace {

class OverridesParser {
 public:
  explicit OverridesParser(std::string_view file_name) : file_(file_name) {}

  Result<Overrides> Parse(std::string_view yaml) {
    if (yaml.size() > kMaxOverrideBytes) return Status(StatusCode::kConfig, file_ + ": larger than 16 MiB; split it");
    try {
      WHITTLE_RETURN_IF_ERROR(ParseRoot(YAML::Load(std::string(yaml))));
    } catch (const YAML::Exception& error) {
      return Status(StatusCode::kConfig, Where(error.mark) + error.msg);
    }
    return std::move(out_);
  }

 private:
  std::string Where(const YAML::Mark& mark) const {
    if (mark.is_null()) return file_ + ": ";
    return file_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1) + ": ";
  }
  Status Error(const YAML::Node& node, const std::string& what) const {
    return Status(StatusCode::kConfig, Where(node.Mark()) + what);
  }

  Status ParseRoot(const YAML::Node& root) {
    if (root.IsNull()) return Status::Ok();
    if (!root.IsMap()) return Error(root, "expected a map with the keys name, merge, split, ignore, freeze");
    for (const auto& entry : root) {
      const std::string key = entry.first.as<std::string>();
      const YAML::Node& list = entry.second;
      if (key != "name" && key != "merge" && key != "split" && key != "ignore" && key != "freeze") {
        return Error(entry.first, "unknown key '" + key + "'; write name, merge, split, ignore or freeze");
      }
      if (!list.IsSequence()) return Error(list, "'" + key + "' takes a list; begin each entry with '- '");
      for (const YAML::Node& item : list) {
        if (++entries_ > kMaxOverrideEntries) return Error(item, "more than 10000 entries; split the file");
        WHITTLE_RETURN_IF_ERROR(ParseItem(key, item));
      }
    }
    return Status::Ok();
  }

  Status ParseItem(const std::string& key, const YAML::Node& item) {
    if (key == "name") return ParseName(item);
    if (key == "merge") return ParseMerge(item);
    if (key == "split") return ParseSplit(item);
    TemplateRef ref;
    WHITTLE_RETURN_IF_ERROR(ParseRef(item, &ref));
    if (ref.id != Hash64(ref.spelled)) {
      return Error(item, key + " takes the text of a template, not its id, so that the file alone says what is meant");
    }
    if (key == "ignore") {
      out_.ignore.push_back(std::move(ref));
    } else {
      out_.freeze.push_back(ref.spelled);
    }
    return Status::Ok();
  }

  Status ParseRef(const YAML::Node& node, TemplateRef* out) const {
    if (!node.IsScalar() || node.Scalar().empty())
      return Error(node, "expected the text of a template or its id (16 hex digits)");
    *out = TemplateRef::Parse(node.Scalar());
    return Status::Ok();
  }

  // Refuses keys of `item` other than these and demands all of them.
  Status CheckKeys(const YAML::Node& item, const std::string& first, const std::string& second) const {
    const std::string expected = "{" + first + ": ..., " + second + ": ...}";
    if (!item.IsMap()) return Error(item, "expected " + expected);
    for (const auto& entry : item) {
      const std::string key = entry.first.as<std::string>();
      if (key != first && key != second) return Error(entry.first, "unknown key '" + key + "'; write " + expected);
    }
    for (const std::string& key : {first, second}) {
      if (!item[key]) return Error(item, "'" + key + "' is missing; write " + expected);
    }
    return Status::Ok();
  }

  Status ParseSlot(const YAML::Node& node, uint32_t* slot) const {
    const std::string& text = node.Scalar();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *slot);
    if (!node.IsScalar() || error != std::errc() || end != text.data() + text.size() || *slot == 0 ||
        *slot > kMaxPieces) {
      return Error(node, "expected the number of a slot, counted from 1");
    }
    return Status::Ok();
  }

  Status ParseName(const YAML::Node& item) {
    WHITTLE_RETURN_IF_ERROR(CheckKeys(item, "template", "slots"));
    NameOverride entry;
    WHITTLE_RETURN_IF_ERROR(ParseRef(item["template"], &entry.target));
    const YAML::Node slots = item["slots"];
    if (!slots.IsMap()) return Error(slots, "expected names by slot number: {1: user.name, 2: client.address}");
    for (const auto& slot : slots) {
      uint32_t number = 0;
      WHITTLE_RETURN_IF_ERROR(ParseSlot(slot.first, &number));
      if (!slot.second.IsScalar() || !IsName(slot.second.Scalar())) {
        return Error(slot.second, "expected a name of letters, digits, '_' and '.', 64 at most");
      }
      if (!entry.slots.emplace(number, slot.second.Scalar()).second)
        return Error(slot.first, "this slot is named twice");
    }
    out_.name.push_back(std::move(entry));
    return Status::Ok();
  }

  static bool IsName(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    });
  }

  Status ParseMerge(const YAML::Node& item) {
    if (!item.IsSequence() || item.size() < 2)
      return Error(item, "expected a list of two or more templates: [text or id, text or id]");
    MergeOverride entry;
    for (const YAML::Node& node : item) {
      WHITTLE_RETURN_IF_ERROR(ParseRef(node, &entry.templates.emplace_back()));
    }
    out_.merge.push_back(std::move(entry));
    return Status::Ok();
  }

  Status ParseSplit(const YAML::Node& item) {
    WHITTLE_RETURN_IF_ERROR(CheckKeys(item, "template", "slot"));
    SplitOverride entry;
    WHITTLE_RETURN_IF_ERROR(ParseRef(item["template"], &entry.target));
    WHITTLE_RETURN_IF_ERROR(ParseSlot(item["slot"], &entry.slot));
    out_.split.push_back(std::move(entry));
    return Status::Ok();
  }

  std::string file_;
  Overrides out_;
  size_t entries_ = 0;
};

}  // namespace

TemplateRef TemplateRef::Parse(std::string_view spelled) {
  TemplateRef ref;
  ref.spelled = std::string(spelled);
  const bool is_id = spelled.size() == 16 && spelled.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!is_id || std::from_chars(spelled.data(), spelled.data() + spelled.size(), ref.id, 16).ec != std::errc())
    ref.id = Hash64(spelled);
  return ref;
}

void Overrides::Add(Overrides other) {
  const auto append = [](auto* all, auto* more) { std::move(more->begin(), more->end(), std::back_inserter(*all)); };
  append(&name, &other.name);
  append(&merge, &other.merge);
  append(&split, &other.split);
  append(&ignore, &other.ignore);
  append(&freeze, &other.freeze);
}

bool Overrides::IsIgnored(uint64_t template_id) const {
  return std::any_of(ignore.begin(), ignore.end(),
                     [template_id](const TemplateRef& ref) { return ref.id == template_id; });
}

void Overrides::ApplyNames(Template* one) const {
  for (const NameOverride& entry : name) {
    if (entry.target.id != one->id) continue;
    for (const auto& [number, wanted] : entry.slots) {
      if (number > one->slots.size()) continue;
      std::set<std::string> used;
      for (size_t i = 0; i < one->slots.size(); ++i) {
        if (i + 1 != number) used.insert(one->slots[i].name);
      }
      std::string unique = wanted;
      for (int n = 2; used.count(unique) != 0; ++n) unique = wanted + "_" + std::to_string(n);
      one->slots[number - 1].name = unique;
    }
  }
}

Result<Overrides> ParseOverrides(std::string_view yaml, std::string_view file_name) {
  return OverridesParser(file_name).Parse(yaml);
}

std::string FormatOverrides(const Overrides& overrides) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  if (!overrides.name.empty()) {
    out << YAML::Key << "name" << YAML::Value << YAML::BeginSeq;
    for (const NameOverride& entry : overrides.name) {
      out << YAML::BeginMap << YAML::Key << "template" << YAML::Value << YAML::DoubleQuoted << entry.target.spelled;
      out << YAML::Key << "slots" << YAML::Value << YAML::Flow << YAML::BeginMap;
      for (const auto& [number, slot] : entry.slots) out << YAML::Key << number << YAML::Value << slot;
      out << YAML::EndMap << YAML::EndMap;
    }
    out << YAML::EndSeq;
  }
  if (!overrides.merge.empty()) {
    out << YAML::Key << "merge" << YAML::Value << YAML::BeginSeq;
    for (const MergeOverride& entry : overrides.merge) {
      out << YAML::BeginSeq;
      for (const TemplateRef& ref : entry.templates) out << YAML::DoubleQuoted << ref.spelled;
      out << YAML::EndSeq;
    }
    out << YAML::EndSeq;
  }
  if (!overrides.split.empty()) {
    out << YAML::Key << "split" << YAML::Value << YAML::BeginSeq;
    for (const SplitOverride& entry : overrides.split) {
      out << YAML::BeginMap << YAML::Key << "template" << YAML::Value << YAML::DoubleQuoted << entry.target.spelled;
      out << YAML::Key << "slot" << YAML::Value << entry.slot << YAML::EndMap;
    }
    out << YAML::EndSeq;
  }
  if (!overrides.ignore.empty()) {
    out << YAML::Key << "ignore" << YAML::Value << YAML::BeginSeq;
    for (const TemplateRef& ref : overrides.ignore) out << YAML::DoubleQuoted << ref.spelled;
    out << YAML::EndSeq;
  }
  if (!overrides.freeze.empty()) {
    out << YAML::Key << "freeze" << YAML::Value << YAML::BeginSeq;
    for (const std::string& text : overrides.freeze) out << YAML::DoubleQuoted << text;
    out << YAML::EndSeq;
  }
  out << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace whittle
