#include "parse/pattern_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>

#include "parse/trace_rules.h"

namespace whittle {
namespace {

class FileReader {
 public:
  FileReader(const std::string& path, std::string_view text, const GrokLibrary& library)
      : path_(path), text_(text), library_(library) {}

  Result<PatternDefinition> Read() {
    if (text_.size() > kMaxPatternFileBytes) return Status(StatusCode::kConfig, path_ + ": larger than 1 MiB");
    pattern_.path = path_;
    try {
      const YAML::Node root = YAML::Load(std::string(text_));
      if (!root.IsMap())
        return Status(StatusCode::kConfig, path_ + ":1:1: a pattern file is a map with name, expressions and samples");
      ReadRoot(root);
    } catch (const YAML::Exception& e) {
      Fail(e.mark, e.msg);
    }
    if (!error_.ok()) return error_;
    return std::move(pattern_);
  }

 private:
  // Keeps the first problem.
  bool Fail(const YAML::Mark& mark, const std::string& what, size_t column_offset = 0) {
    if (error_.ok()) {
      error_ = Status(StatusCode::kConfig, path_ + ":" + std::to_string(mark.line + 1) + ":" +
                                               std::to_string(static_cast<size_t>(mark.column + 1) + column_offset) +
                                               ": " + what);
    }
    return false;
  }

  bool CheckKeys(const YAML::Node& map, std::initializer_list<std::string_view> known) {
    std::vector<std::string> seen;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) return Fail(entry.first.Mark(), "a key must be a word");
      const std::string& key = entry.first.Scalar();
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        std::string list;
        for (const std::string_view name : known) list += (list.empty() ? "" : ", ") + std::string(name);
        return Fail(entry.first.Mark(), "unknown key '" + key + "'; there are " + list);
      }
      if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
        return Fail(entry.first.Mark(), "the key '" + key + "' stands here twice");
      }
      seen.push_back(key);
    }
    return true;
  }

  bool Text(const YAML::Node& node, std::string* out, const std::string& what) {
    if (!node || !node.IsScalar() || node.Scalar().empty()) return Fail(node ? node.Mark() : YAML::Mark(), what);
    *out = node.Scalar();
    return true;
  }

  void ReadRoot(const YAML::Node& root) {
    if (!CheckKeys(root,
                   {"name", "title", "docs", "on", "priority", "definitions", "expressions", "samples", "reject"}))
      return;
    if (!Text(root["name"], &pattern_.name, "a pattern needs a name")) return;
    if (!std::all_of(pattern_.name.begin(), pattern_.name.end(), [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
        })) {
      Fail(root["name"].Mark(), "a name has lower-case letters, digits, '.', '-' and '_' only");
      return;
    }
    if (!Text(root["title"], &pattern_.title, "a pattern needs a title: what writes this format")) return;
    if (!ReadScope(root) || !ReadPriority(root)) return;
    GrokLibrary own = library_;
    if (!ReadDefinitions(root, &own)) return;
    if (!ReadExpressions(root, own)) return;
    ReadSamples(root);
  }

  bool ReadScope(const YAML::Node& root) {
    const YAML::Node on = root["on"];
    if (!on) return true;
    std::string text;
    if (!Text(on, &text, "'on' is line, body or trace")) return false;
    if (text != "line" && text != "body" && text != "trace") {
      return Fail(on.Mark(), "'on' is line, body or trace, not '" + text + "'");
    }
    pattern_.scope = text == "line" ? PatternScope::kLine : text == "body" ? PatternScope::kBody : PatternScope::kTrace;
    return true;
  }

  bool ReadPriority(const YAML::Node& root) {
    const YAML::Node priority = root["priority"];
    if (!priority) return true;
    if (!YAML::convert<int>::decode(priority, pattern_.priority) || pattern_.priority < 0 || pattern_.priority > 100) {
      return Fail(priority.Mark(), "a priority is a number from 0 to 100");
    }
    return true;
  }

  bool ReadDefinitions(const YAML::Node& root, GrokLibrary* own) {
    const YAML::Node definitions = root["definitions"];
    if (!definitions) return true;
    if (!definitions.IsMap()) return Fail(definitions.Mark(), "definitions are 'NAME: expression' lines");
    for (const auto& entry : definitions) {
      std::string name, text;
      if (!Text(entry.first, &name, "a definition needs a name")) return false;
      if (!Text(entry.second, &text, "a definition needs an expression")) return false;
      if (!own->Define(name, text))
        return Fail(entry.first.Mark(), "a definition's name has letters, digits and '_' only");
    }
    // Only now, because definitions may use others that stand below them.
    for (const auto& entry : definitions) {
      GrokExpression ignored;
      RegexError error;
      if (!own->Compile(entry.second.Scalar(), &ignored, &error)) return FailExpression(entry.second, error);
    }
    return true;
  }

  // Where in the file an expression's column is: exact for expressions on one line.
  bool FailExpression(const YAML::Node& node, const RegexError& error) {
    const auto at = static_cast<size_t>(node.Mark().pos);
    const bool quoted = at < text_.size() && (text_[at] == '\'' || text_[at] == '"');
    return Fail(node.Mark(), error.reason, error.column + (quoted ? 1 : 0));
  }

  bool ReadExpressions(const YAML::Node& root, const GrokLibrary& own) {
    const YAML::Node expressions = root["expressions"];
    if (!expressions || !expressions.IsSequence() || expressions.size() == 0) {
      return Fail(expressions ? expressions.Mark() : YAML::Mark(), "a pattern needs a list of expressions");
    }
    if (expressions.size() > kMaxPatternExpressions) return Fail(expressions.Mark(), "more than 100 expressions");
    for (const YAML::Node& node : expressions) {
      PatternExpression expression;
      expression.line = node.Mark().line + 1;
      if (!Text(node, &expression.text, "an expression is text")) return false;
      RegexError error;
      if (!own.Compile(expression.text, &expression.grok, &error)) return FailExpression(node, error);
      if (ConstantBytes(expression.grok.tree) == 0) {
        return Fail(node.Mark(), "the expression has no constant text, so it would claim lines that are not its own");
      }
      if (pattern_.scope == PatternScope::kTrace) {
        const std::string problem = TraceRuleProblem(expression.grok.fields);
        if (!problem.empty()) return Fail(node.Mark(), problem);
      }
      pattern_.expressions.push_back(std::move(expression));
    }
    return true;
  }

  bool KnowsField(const std::string& name) const {
    for (const PatternExpression& expression : pattern_.expressions) {
      for (const GrokField& field : expression.grok.fields) {
        if (field.name == name) return true;
      }
    }
    return false;
  }

  bool ReadSample(const YAML::Node& node) {
    PatternSample sample;
    sample.line = node.Mark().line + 1;
    if (!node.IsMap() || !CheckKeys(node, {"text", "fields"})) return Fail(node.Mark(), "a sample has text and fields");
    if (!Text(node["text"], &sample.text, "a sample needs its text")) return false;
    const YAML::Node fields = node["fields"];
    if (!fields || !fields.IsMap()) return Fail(node.Mark(), "a sample needs the fields that are expected");
    for (const auto& entry : fields) {
      if (!entry.first.IsScalar() || !entry.second.IsScalar())
        return Fail(entry.first.Mark(), "a field is 'name: text'");
      if (!KnowsField(entry.first.Scalar())) {
        return Fail(entry.first.Mark(), "no expression captures '" + entry.first.Scalar() + "'");
      }
      sample.fields.emplace_back(entry.first.Scalar(), entry.second.Scalar());
    }
    pattern_.samples.push_back(std::move(sample));
    return true;
  }

  bool ReadSamples(const YAML::Node& root) {
    const YAML::Node samples = root["samples"];
    if (!samples || !samples.IsSequence() || samples.size() == 0) {
      return Fail(samples ? samples.Mark() : root["name"].Mark(),
                  "no sample, no pattern: add 'samples:' with real lines and the fields expected of them");
    }
    const YAML::Node reject = root["reject"];
    if (reject && !reject.IsSequence()) return Fail(reject.Mark(), "'reject' is a list of lines that must not match");
    if (samples.size() + (reject ? reject.size() : 0) > kMaxPatternSamples)
      return Fail(samples.Mark(), "more than 1000 samples");
    for (const YAML::Node& node : samples) {
      if (!ReadSample(node)) return false;
    }
    if (!reject) return true;
    for (const YAML::Node& node : reject) {
      PatternSample sample;
      sample.matches = false;
      sample.line = node.Mark().line + 1;
      if (!Text(node, &sample.text, "a line that must not match is text")) return false;
      pattern_.samples.push_back(std::move(sample));
    }
    return true;
  }

  const std::string& path_;
  std::string_view text_;
  const GrokLibrary& library_;
  PatternDefinition pattern_;
  Status error_;
};

}  // namespace

Result<PatternDefinition> ParsePatternFile(const std::string& path, std::string_view text, const GrokLibrary& library) {
  return FileReader(path, text, library).Read();
}

}  // namespace whittle
