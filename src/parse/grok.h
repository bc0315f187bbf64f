// Grok: named definitions of regular expressions, and expressions that use them as %{NAME:field:type}. A GrokLibrary
// holds definitions; Standard() has the ones people know from Logstash, rewritten where the stock text needs look-
// around. A library is built by one thread and may then be read by many; results own everything.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>
#include "event/shape.h"
#include "parse/grok_regex.h"

namespace whittle {

// What a captured piece of text becomes.
struct GrokField {
  std::string name;  // as written; roles are found by name (see GrokFieldRole)
  FieldRole role = FieldRole::kAttribute;
  ValueType type = ValueType::kString;
  bool is_body = false;  // the field named "body": the message of the event
};

struct GrokExpression {
  RegexNode tree;
  std::vector<GrokField> fields;  // by capture index
};

// Field names that are not attributes: timestamp, observed_timestamp, severity_text, trace_id, span_id, parent_span_id,
// trace_flags; and names that describe where an event comes from (service.*, host.name, k8s.*, ...).
FieldRole GrokFieldRole(std::string_view name);

// The types that may stand after a field's name: int, float, double, bool, string, ip, uuid, hex, duration, size,
// timestamp. False when there is no such type.
bool GrokFieldType(std::string_view name, ValueType* type);

// A definition of an existing grok file that could not be taken.
struct GrokRefusal {
  std::string path;
  size_t line = 0;    // 1-based
  size_t column = 0;  // 1-based
  std::string name;
  std::string reason;
};

class GrokLibrary {
 public:
  static constexpr size_t kMaxDefinitions = 10000;
  static constexpr int kMaxNesting = 24;  // references inside references; also what ends a definition by itself

  static const GrokLibrary& Standard();

  // Adds or replaces one definition; false when the name is not one ([A-Za-z0-9_]+) or there are too many.
  bool Define(std::string_view name, std::string_view text);
  bool Has(std::string_view name) const { return definitions_.find(name) != definitions_.end(); }

  // Takes the lines "NAME expression" of an existing grok file; '#' begins a comment. A definition whose name stands
  // in the standard library and whose text needs look-around keeps the standard, rewritten form. What cannot be
  // expressed is left out and named in `refusals`. References may be resolved by files added later, so call
  // CheckDefinitions when all are in.
  void AddFile(const std::string& path, std::string_view text, std::vector<GrokRefusal>* refusals);
  // Compiles every definition that came from files, removes those that cannot be expressed and names them.
  void CheckDefinitions(std::vector<GrokRefusal>* refusals);

  // Expands and parses an expression. The error's column is 0-based in `text`.
  bool Compile(std::string_view text, GrokExpression* out, RegexError* error) const;

 private:
  struct Definition {
    std::string text;
    std::string path;  // empty: not from a file
    size_t line = 0;
    size_t text_column = 0;
  };
  struct Expansion;
  bool Expand(std::string_view reference, Expansion* expansion, RegexNode* node, RegexError* error) const;

  std::map<std::string, Definition, std::less<>> definitions_;
};

// The standard definitions: pairs of name and text, ended by a null name (grok_definitions.cc).
struct GrokDefinitionText {
  const char* name;
  const char* text;
};
extern const GrokDefinitionText kStandardGrokDefinitions[];

}  // namespace whittle
