// What is written from the table of configuration keys: the commented example, the JSON Schema and the reference.
#include <algorithm>
#include <string>
#include <vector>

#include "pipeline/config_schema.h"

namespace whittle {
namespace {

std::vector<const ConfigKey*> ChildrenOf(const std::string& parent) {
  std::vector<const ConfigKey*> children;
  for (const ConfigKey& key : ConfigKeys()) {
    if (IsConfigChild(key, parent)) children.push_back(&key);
  }
  return children;
}

// --- the example

// Breaks `text` at spaces into comment lines of at most 100 columns.
void AppendComment(const std::string& indent, std::string text, std::string* out) {
  constexpr size_t kColumns = 100;
  while (!text.empty()) {
    const size_t room = kColumns - indent.size();
    size_t end = text.size();
    if (end > room) {
      end = text.rfind(' ', room);
      if (end == std::string::npos || end == 0) end = text.size();
    }
    *out += indent + "# " + text.substr(0, end) + "\n";
    text.erase(0, std::min(text.size(), end + 1));
  }
}

// Lines of settings begin with '#' and no space, so that deleting it switches them on; comments begin with "# ".
void AppendExample(const std::string& parent, size_t depth, std::string* out) {
  const std::string indent(2 * depth, ' ');
  bool first_of_item = parent.ends_with("[]");
  for (const ConfigKey* key : ChildrenOf(parent)) {
    if (key->planned) continue;
    // Two kinds of item are two items.
    const bool new_item = parent.ends_with("[]") && (first_of_item || key->one_of);
    first_of_item = false;
    std::string help(key->help);
    if (!key->flag.empty()) help += "; the flag --" + std::string(key->flag) + " says the same and wins";
    if (depth == 0) *out += "\n";
    if (key->alternative) {
      AppendComment(
          indent, "or " + std::string(ConfigKeyName(*key)) + ": " + std::string(key->example) + ", " + help + ".", out);
      continue;
    }
    AppendComment(depth == 0 ? "" : indent, help + ".", out);
    std::string lead = "#" + indent;
    if (new_item) lead.replace(lead.size() - 2, 2, "- ");
    const std::string name = lead + std::string(ConfigKeyName(*key)) + ":";
    const std::string value(key->example.empty() ? key->default_value : key->example);
    if (key->type == ConfigType::kGroup) {
      *out += name + "\n";
      AppendExample(std::string(key->path), depth + 1, out);
    } else if (key->type == ConfigType::kGroups) {
      *out += name + "\n";
      AppendExample(std::string(key->path) + "[]", depth + 2, out);
    } else {
      *out += name + (value.empty() ? " []" : " " + value) + "\n";
    }
  }
}

// --- the JSON Schema

std::string JsonText(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string ChoicesAsJson(std::string_view choices) {
  std::string out = "[";
  while (!choices.empty()) {
    const size_t bar = std::min(choices.find('|'), choices.size());
    out += (out.size() > 1 ? ", " : "") + JsonText(choices.substr(0, bar));
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return out + "]";
}

std::string SchemaOf(const ConfigKey& key, size_t depth);

// "type": "object" with the keys below `parent`.
std::string ObjectSchema(const std::string& parent, size_t depth) {
  const std::string indent(2 * depth, ' ');
  std::string properties, required, one_of;
  for (const ConfigKey* key : ChildrenOf(parent)) {
    const std::string name = JsonText(ConfigKeyName(*key));
    properties += (properties.empty() ? "\n" : ",\n") + indent + "    " + name + ": " + SchemaOf(*key, depth + 2);
    if (key->required) required += (required.empty() ? "" : ", ") + name;
    if (key->one_of) one_of += (one_of.empty() ? "" : ", ") + std::string("{\"required\": [") + name + "]}";
  }
  std::string out = "\"type\": [\"object\", \"null\"],\n" + indent + "  \"additionalProperties\": false";
  if (!required.empty()) out += ",\n" + indent + "  \"required\": [" + required + "]";
  if (!one_of.empty()) out += ",\n" + indent + "  \"oneOf\": [" + one_of + "]";
  return out + ",\n" + indent + "  \"properties\": {" + properties + "\n" + indent + "  }\n" + indent;
}

std::string TypeSchema(const ConfigKey& key, size_t depth) {
  const std::string indent(2 * depth, ' ');
  const std::string path(key.path);
  switch (key.type) {
    case ConfigType::kGroup:
      return ObjectSchema(path, depth);
    case ConfigType::kGroups:
      return "\"type\": [\"array\", \"null\"],\n" + indent + "  \"items\": {" + ObjectSchema(path + "[]", depth + 1) +
             "  }\n" + indent;
    case ConfigType::kInteger:
      return "\"type\": \"integer\", \"minimum\": " + std::to_string(key.minimum) +
             ", \"maximum\": " + std::to_string(key.maximum);
    case ConfigType::kBool:
      return "\"type\": \"boolean\"";
    case ConfigType::kDuration:
      return R"("type": "string", "pattern": "^[0-9.]+ *[a-z]+")";
    case ConfigType::kSize:
      return R"("type": ["string", "integer"], "pattern": "^[0-9.]+ *[A-Za-z]*$")";
    case ConfigType::kPercent:
      return R"("type": "string", "pattern": "^[0-9.]+%$")";
    case ConfigType::kTexts:
    case ConfigType::kGlobs:
      return R"("type": ["array", "string", "null"], "items": {"type": ["string", "number"]})";
    case ConfigType::kTextMap:
      return R"("type": ["object", "null"], "additionalProperties": {"type": ["string", "number", "boolean"]})";
    case ConfigType::kChoice:
      if (!ChildrenOf(path).empty()) {
        return "\"anyOf\": [{\"enum\": " + ChoicesAsJson(key.choices) + "}, {" + ObjectSchema(path, depth) + "}]";
      }
      return "\"enum\": " + ChoicesAsJson(key.choices);
    default:
      return R"("type": ["string", "number"])";
  }
}

std::string SchemaOf(const ConfigKey& key, size_t depth) {
  if (key.planned) {
    return "{\"description\": " + JsonText(std::string(key.help) + " (not available in this version)") +
           ", \"not\": {}}";
  }
  std::string out = "{\"description\": " + JsonText(key.help) + ", ";
  if (!key.default_value.empty() && key.type != ConfigType::kInteger)
    out += "\"default\": " + JsonText(key.default_value) + ", ";
  if (key.type == ConfigType::kInteger && !key.default_value.empty()) {
    out += "\"default\": " + std::string(key.default_value) + ", ";
  }
  return out + TypeSchema(key, depth) + "}";
}

// --- the reference

std::string_view TypeName(ConfigType type) {
  switch (type) {
    case ConfigType::kGroup:
      return "group";
    case ConfigType::kGroups:
      return "list of groups";
    case ConfigType::kText:
      return "text";
    case ConfigType::kPath:
      return "path";
    case ConfigType::kExpression:
      return "RE2 expression";
    case ConfigType::kInteger:
      return "whole number";
    case ConfigType::kBool:
      return "true or false";
    case ConfigType::kDuration:
      return "duration";
    case ConfigType::kSize:
      return "size";
    case ConfigType::kPercent:
      return "percentage";
    case ConfigType::kChoice:
      return "choice";
    case ConfigType::kTexts:
      return "list of texts";
    case ConfigType::kGlobs:
      return "list of globs";
    case ConfigType::kTextMap:
      return "names and texts";
  }
  return "text";
}

std::string CellText(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string Code(std::string_view text) { return text.empty() ? "" : "`" + CellText(text) + "`"; }

}  // namespace

std::string ConfigExample() {
  std::string out =
      "# whittle.yaml: the configuration of whittle. Every key there is, switched off.\n"
      "# Delete a leading '#' (and those of the lines above it that it stands under) to set a key.\n"
      "# Where a key has a default, it is shown, or an example if that says more.\n";
  AppendExample("", 0, &out);
  return out;
}

std::string ConfigJsonSchema() {
  return "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"title\": \"whittle "
         "configuration\",\n  " +
         ObjectSchema("", 0) + "}\n";
}

std::string ConfigReference() {
  std::string out = "| key | type | default | flag | what it is |\n|---|---|---|---|---|\n";
  std::string planned;
  for (const ConfigKey& key : ConfigKeys()) {
    if (key.planned) {
      planned += "| " + Code(key.path) + " | " + CellText(key.help) + " |\n";
      continue;
    }
    std::string help = CellText(key.help);
    if (!key.choices.empty()) help += " (" + CellText(key.choices) + ")";
    if (key.required) help += " (required)";
    out += "| " + Code(key.path) + " | " + std::string(TypeName(key.type)) + " | " + Code(key.default_value) + " | " +
           Code(key.flag.empty() ? "" : "--" + std::string(key.flag)) + " | " + help + " |\n";
  }
  return out +
         "\nKnown, but not available in this version; setting one of them is refused:\n\n| key | what it will be "
         "|\n|---|---|\n" +
         planned;
}

}  // namespace whittle
