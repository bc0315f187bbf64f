#include "parse/grok.h"

#include <algorithm>
#include <array>
#include <utility>

#include "event/resource_names.h"

namespace whittle {
namespace {

bool IsNameByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool IsDefinitionName(std::string_view name) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), IsNameByte);
}

// Logstash writes nested fields as [http][request][method]; that is http.request.method.
std::string PlainFieldName(std::string_view written) {
  std::string name;
  for (const char c : written) {
    if (c == '[') {
      if (!name.empty()) name.push_back('.');
    } else if (c != ']') {
      name.push_back(c);
    }
  }
  return name;
}

bool IsFieldName(std::string_view name) {
  return !name.empty() && name.size() <= 200 && std::all_of(name.begin(), name.end(), [](char c) {
    return IsNameByte(c) || c == '.' || c == '-' || c == '@';
  });
}

}  // namespace

FieldRole GrokFieldRole(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, FieldRole>, 7> kRoles = {
      {{"timestamp", FieldRole::kTimestamp},
       {"observed_timestamp", FieldRole::kObservedTimestamp},
       {"severity_text", FieldRole::kSeverity},
       {"trace_id", FieldRole::kTraceId},
       {"span_id", FieldRole::kSpanId},
       {"parent_span_id", FieldRole::kParentSpanId},
       {"trace_flags", FieldRole::kTraceFlags}}};
  for (const auto& [known, role] : kRoles) {
    if (name == known) return role;
  }
  return IsResourceName(name) ? FieldRole::kResource : FieldRole::kAttribute;
}

bool GrokFieldType(std::string_view name, ValueType* type) {
  static constexpr std::array<std::pair<std::string_view, ValueType>, 11> kTypes = {
      {{"int", ValueType::kInt64},
       {"float", ValueType::kDouble},
       {"double", ValueType::kDouble},
       {"bool", ValueType::kBool},
       {"string", ValueType::kString},
       {"ip", ValueType::kIp},
       {"uuid", ValueType::kUuid},
       {"hex", ValueType::kHexId},
       {"duration", ValueType::kDuration},
       {"size", ValueType::kSize},
       {"timestamp", ValueType::kTimestamp}}};
  for (const auto& [known, value] : kTypes) {
    if (name == known) return *type = value, true;
  }
  return false;
}

// The state of one Compile: the fields found so far, and how deep references nest.
struct GrokLibrary::Expansion {
  std::vector<GrokField> fields;
  int depth = 0;
  size_t nodes = 0;

  // Adds a field and returns its capture index, or -1.
  int AddField(std::string_view written, std::string_view type, RegexError* error) {
    GrokField field;
    field.name = PlainFieldName(written);
    if (!IsFieldName(field.name)) {
      error->reason = "'" + std::string(written) + "' is not a field name";
      return -1;
    }
    field.role = GrokFieldRole(field.name);
    field.is_body = field.name == "body";
    if (field.role == FieldRole::kTimestamp || field.role == FieldRole::kObservedTimestamp) {
      field.type = ValueType::kTimestamp;
    }
    // How ids are written: hex unless said otherwise.
    if (field.role == FieldRole::kTraceId || field.role == FieldRole::kSpanId ||
        field.role == FieldRole::kParentSpanId) {
      field.type = ValueType::kHexId;
    }
    if (!type.empty() && !GrokFieldType(type, &field.type)) {
      error->reason = "no type '" + std::string(type) +
                      "'; there are int, float, bool, string, ip, uuid, hex, duration, size and timestamp";
      return -1;
    }
    fields.push_back(std::move(field));
    return static_cast<int>(fields.size()) - 1;
  }
};

const GrokLibrary& GrokLibrary::Standard() {
  static const GrokLibrary* const library = [] {
    auto* built = new GrokLibrary;
    for (const GrokDefinitionText* d = kStandardGrokDefinitions; d->name != nullptr; ++d)
      built->Define(d->name, d->text);
    return built;
  }();
  return *library;
}

bool GrokLibrary::Define(std::string_view name, std::string_view text) {
  if (!IsDefinitionName(name) || definitions_.size() >= kMaxDefinitions) return false;
  definitions_[std::string(name)] = Definition{std::string(text), {}, 0, 0};
  return true;
}

bool GrokLibrary::Expand(std::string_view reference, Expansion* expansion, RegexNode* node, RegexError* error) const {
  const size_t colon = reference.find(':');
  const std::string_view name = reference.substr(0, colon);
  const auto found = definitions_.find(name);
  if (found == definitions_.end()) {
    error->reason = "no definition '" + std::string(name) + "'";
    return false;
  }
  int capture = -1;
  if (colon != std::string_view::npos) {
    std::string_view field = reference.substr(colon + 1);
    std::string_view type;
    if (const size_t second = field.rfind(':'); second != std::string_view::npos) {
      type = field.substr(second + 1);
      field = field.substr(0, second);
    }
    capture = expansion->AddField(field, type, error);
    if (capture < 0) return false;
  }
  if (expansion->depth >= kMaxNesting) {
    error->reason = "definitions nest deeper than 24; does '" + std::string(name) + "' use itself?";
    return false;
  }
  ++expansion->depth;
  RegexHooks hooks;
  hooks.reference = [&](std::string_view inner, RegexNode* child, RegexError* inner_error) {
    return Expand(inner, expansion, child, inner_error);
  };
  hooks.named_group = [&](std::string_view inner, RegexError* inner_error) {
    return expansion->AddField(inner, {}, inner_error);
  };
  RegexNode inside;
  RegexError inner;
  if (!ParseRegex(found->second.text, hooks, &inside, &inner)) {
    error->column = 0;
    error->reason = "in the definition of '" + std::string(name) + "', column " + std::to_string(inner.column + 1) +
                    ": " + inner.reason;
    return false;
  }
  --expansion->depth;
  expansion->nodes += CountNodes(inside);
  if (expansion->nodes > kMaxRegexNodes) {
    error->reason = "the expression is too large once its definitions are put in";
    return false;
  }
  if (capture < 0) {
    *node = std::move(inside);
  } else {
    node->kind = RegexNode::Kind::kCapture;
    node->capture = capture;
    node->children.clear();
    node->children.push_back(std::move(inside));
  }
  return true;
}

bool GrokLibrary::Compile(std::string_view text, GrokExpression* out, RegexError* error) const {
  Expansion expansion;
  RegexHooks hooks;
  hooks.reference = [&](std::string_view reference, RegexNode* node, RegexError* inner) {
    return Expand(reference, &expansion, node, inner);
  };
  hooks.named_group = [&](std::string_view name, RegexError* inner) { return expansion.AddField(name, {}, inner); };
  if (!ParseRegex(text, hooks, &out->tree, error)) return false;
  out->fields = std::move(expansion.fields);
  std::vector<std::string> names;
  for (const GrokField& field : out->fields) names.push_back(field.name);
  error->reason = FindAmbiguity(out->tree, names);
  return error->reason.empty();
}

void GrokLibrary::AddFile(const std::string& path, std::string_view text, std::vector<GrokRefusal>* refusals) {
  size_t number = 0;
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const size_t name_begin = line.find_first_not_of(" \t");
    if (name_begin == std::string_view::npos || line[name_begin] == '#') continue;
    const size_t name_end = std::min(line.find_first_of(" \t", name_begin), line.size());
    const std::string_view name = line.substr(name_begin, name_end - name_begin);
    const size_t text_begin = line.find_first_not_of(" \t", name_end);
    const auto refuse = [&](size_t column, std::string reason) {
      refusals->push_back({path, number, column + 1, std::string(name), std::move(reason)});
    };
    if (text_begin == std::string_view::npos) {
      refuse(name_end, "a definition is a name, a space and an expression");
    } else if (!IsDefinitionName(name)) {
      refuse(name_begin, "not a name: letters, digits and '_' are allowed");
    } else if (definitions_.size() >= kMaxDefinitions) {
      refuse(name_begin, "more than 10000 definitions");
    } else {
      definitions_[std::string(name)] = Definition{std::string(line.substr(text_begin)), path, number, text_begin};
    }
  }
}

void GrokLibrary::CheckDefinitions(std::vector<GrokRefusal>* refusals) {
  const GrokLibrary& standard = Standard();
  // First put the standard form where a file's own text cannot be expressed, so that what builds on it survives.
  for (auto& [name, definition] : definitions_) {
    if (definition.path.empty()) continue;
    const auto known = standard.definitions_.find(name);
    if (known == standard.definitions_.end()) continue;
    RegexHooks any;
    any.reference = [](std::string_view, RegexNode*, RegexError*) { return true; };
    any.named_group = [](std::string_view, RegexError*) { return 0; };
    RegexNode tree;
    RegexError error;
    if (!ParseRegex(definition.text, any, &tree, &error) || !FindAmbiguity(tree, {std::string()}).empty()) {
      definition.text = known->second.text;
    }
  }
  std::vector<std::string> remove;
  for (const auto& [name, definition] : definitions_) {
    if (definition.path.empty()) continue;
    GrokExpression expression;
    RegexError error;
    if (Compile(definition.text, &expression, &error)) continue;
    refusals->push_back(
        {definition.path, definition.line, definition.text_column + error.column + 1, name, error.reason});
    remove.push_back(name);
  }
  for (const std::string& name : remove) definitions_.erase(name);
}

}  // namespace whittle
