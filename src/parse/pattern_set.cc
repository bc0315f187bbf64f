#include "parse/pattern_set.h"

#include <re2/re2.h>

#include <algorithm>
#include <mutex>
#include <tuple>

#include "env/file_system.h"
#include "parse/builtin_patterns.h"
#include "scan/time_layout.h"

namespace whittle {
namespace {

constexpr int64_t kMaxExpressionMemory = 8 << 20;  // RE2's own default; larger programs run slower, never wrongly

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool IsDisabled(const std::string& name, const std::vector<std::string>& disable) {
  return std::any_of(disable.begin(), disable.end(), [&](const std::string& entry) {
    if (entry == name) return true;
    if (!EndsWith(entry, "*")) return false;
    return name.compare(0, entry.size() - 1, entry, 0, entry.size() - 1) == 0;
  });
}

}  // namespace

// One expression of one pattern. The confirming expression is compiled when it is first needed: a run meets few of the
// formats in the library.
struct PatternSet::Rule {
  const PatternDefinition* definition = nullptr;
  size_t definition_index = 0;
  size_t expression_index = 0;
  size_t constant_bytes = 0;
  size_t constrained_bytes = 0;
  std::string re2_text;
  std::vector<int> order;  // group i+1 is field order[i]

  const PatternExpression& expression() const { return definition->expressions[expression_index]; }

  const RE2& Regex() const {
    std::call_once(once, [this] {
      RE2::Options options;
      options.set_encoding(RE2::Options::EncodingLatin1);
      options.set_dot_nl(true);
      options.set_log_errors(false);
      options.set_max_mem(kMaxExpressionMemory);
      regex = std::make_unique<RE2>(re2_text, options);
    });
    return *regex;
  }

  // Fills the fields; false with a reason when the text is not of this form.
  bool Match(std::string_view text, uint32_t base, PatternMatch* match, std::string* reason) const {
    const RE2& compiled = Regex();
    const int groups = static_cast<int>(order.size()) + 1;
    std::vector<re2::StringPiece> parts(static_cast<size_t>(groups));
    const re2::StringPiece piece(text.data(), text.size());
    if (!compiled.ok() || !compiled.Match(piece, 0, text.size(), RE2::ANCHOR_BOTH, parts.data(), groups)) {
      if (reason != nullptr) *reason = "the text does not have this form";
      return false;
    }
    for (size_t i = 0; i < order.size(); ++i) {
      const re2::StringPiece& part = parts[i + 1];
      const GrokField& field = expression().grok.fields[static_cast<size_t>(order[i])];
      if (part.data() == nullptr) continue;
      const auto begin = base + static_cast<uint32_t>(part.data() - text.data());
      const auto end = begin + static_cast<uint32_t>(part.size());
      if (field.is_body) {
        match->has_body = true;
        match->body_begin = begin;
        match->body_end = end;
        continue;
      }
      if (part.empty()) continue;
      FieldSpan span;
      span.begin = begin;
      span.end = end;
      span.role = field.role;
      span.type = field.type;
      if (field.type == ValueType::kTimestamp) {
        const auto time = MatchTime(std::string_view(part.data(), part.size()));
        if (!time || time->size != part.size()) {
          if (reason != nullptr) *reason = "'" + std::string(part) + "' is not a known form of time";
          return false;
        }
        span.time_layout = time->layout;
      }
      if (field.role == FieldRole::kAttribute || field.role == FieldRole::kResource) span.name = field.name;
      match->fields.push_back(std::move(span));
    }
    match->name = definition->name;
    return true;
  }

 private:
  mutable std::once_flag once;
  mutable std::unique_ptr<RE2> regex;
};

PatternSet::PatternSet() = default;
PatternSet::~PatternSet() = default;

bool PatternSet::from_cache() const { return database_->from_cache(); }

Result<std::unique_ptr<PatternSet>> PatternSet::Load(const PatternOptions& options) {
  std::unique_ptr<PatternSet> set(new PatternSet);
  WHITTLE_RETURN_IF_ERROR(set->ReadFiles(options));
  WHITTLE_RETURN_IF_ERROR(set->Compile(options));
  return set;
}

Status PatternSet::ReadFiles(const PatternOptions& options) {
  GrokLibrary library = GrokLibrary::Standard();
  if (options.builtin) {
    for (const BuiltinPatternFile* file = kBuiltinPatternFiles; file->path != nullptr; ++file) {
      WHITTLE_ASSIGN_OR_RETURN(auto definition, ParsePatternFile(file->path, file->text, library));
      if (!IsDisabled(definition.name, options.disable)) WHITTLE_RETURN_IF_ERROR(AddPattern(std::move(definition)));
    }
  }
  std::vector<PatternText> texts = options.texts;
  for (const std::string& dir : options.dirs) {
    WHITTLE_RETURN_IF_ERROR(ReadDirectory(options.files, dir, &library, &texts));
  }
  library.CheckDefinitions(&refusals_);
  for (const PatternText& file : texts) {
    WHITTLE_ASSIGN_OR_RETURN(auto definition, ParsePatternFile(file.path, file.text, library));
    if (!IsDisabled(definition.name, options.disable)) WHITTLE_RETURN_IF_ERROR(AddPattern(std::move(definition)));
  }
  return Status::Ok();
}

Status PatternSet::ReadDirectory(FileSystem* files, const std::string& dir, GrokLibrary* library,
                                 std::vector<PatternText>* texts) {
  if (files == nullptr) return Status(StatusCode::kConfig, dir + ": no file system to read patterns from");
  WHITTLE_ASSIGN_OR_RETURN(auto entries, files->List(dir));
  for (const DirectoryEntry& entry : entries) {
    if (entry.type == FileType::kDirectory || entry.name[0] == '.' || EndsWith(entry.name, "~")) continue;
    const bool pattern = EndsWith(entry.name, ".yaml") || EndsWith(entry.name, ".yml");
    const bool grok = EndsWith(entry.name, ".grok") || entry.name.find('.') == std::string::npos;
    if (!pattern && !grok) continue;
    const std::string path = JoinPath(dir, entry.name);
    WHITTLE_ASSIGN_OR_RETURN(auto text, ReadFile(files, path, kMaxPatternFileBytes));
    if (pattern)
      texts->push_back({path, std::move(text)});
    else
      library->AddFile(path, text, &refusals_);
  }
  return Status::Ok();
}

Status PatternSet::AddPattern(PatternDefinition definition) {
  for (const PatternDefinition& other : definitions_) {
    if (other.name == definition.name) {
      return Status(StatusCode::kConfig, definition.path + ":1:1: a pattern '" + definition.name +
                                             "' is already defined in " + other.path +
                                             "; choose another name or disable that one");
    }
  }
  if (definitions_.size() >= kMaxPatterns)
    return Status(StatusCode::kLimit, definition.path + ": more than 5000 patterns");
  definitions_.push_back(std::move(definition));
  return Status::Ok();
}

Status PatternSet::Compile(const PatternOptions& options) {
  for (size_t d = 0; d < definitions_.size(); ++d) {
    for (size_t e = 0; e < definitions_[d].expressions.size(); ++e) {
      auto rule = std::make_unique<Rule>();
      const RegexNode& tree = definitions_[d].expressions[e].grok.tree;
      rule->definition = &definitions_[d];
      rule->definition_index = d;
      rule->expression_index = e;
      rule->constant_bytes = ConstantBytes(tree);
      rule->constrained_bytes = ConstrainedBytes(tree);
      rule->re2_text = WriteRe2(tree, &rule->order);
      rules_.push_back(std::move(rule));
    }
  }
  const auto rank = [](const Rule& r) {
    return std::make_tuple(-r.definition->priority, -static_cast<int64_t>(r.constant_bytes),
                           -static_cast<int64_t>(r.constrained_bytes), std::string_view(r.definition->name),
                           r.expression_index);
  };
  std::sort(rules_.begin(), rules_.end(),
            [&](const std::unique_ptr<Rule>& a, const std::unique_ptr<Rule>& b) { return rank(*a) < rank(*b); });
  std::vector<std::string> expressions;
  for (const auto& rule : rules_) {
    expressions.push_back("\\A(?:" + WriteHyperscan(rule->expression().grok.tree) + ")\\z");
  }
  auto database = PatternDatabase::Build(expressions, options.cache_dir, options.files);
  if (!database.ok()) return database.status().WithContext("patterns");
  database_ = std::move(*database);
  return Status::Ok();
}

bool PatternSet::Match(std::string_view text, uint32_t base_offset, bool whole_line, PatternScratch* scratch,
                       PatternMatch* match) const {
  if (text.size() > kMaxTextBytes) return false;
  for (const uint32_t index : database_->Candidates(text, scratch)) {
    const Rule& rule = *rules_[index];
    if (!whole_line && rule.definition->scope == PatternScope::kLine) continue;
    *match = PatternMatch();
    if (rule.Match(text, base_offset, match, nullptr)) return true;
  }
  return false;
}

std::vector<PatternCandidate> PatternSet::Explain(std::string_view text, bool whole_line,
                                                  PatternScratch* scratch) const {
  std::vector<PatternCandidate> all;
  if (text.size() > kMaxTextBytes) return all;
  bool won = false;
  for (const uint32_t index : database_->Candidates(text, scratch)) {
    const Rule& rule = *rules_[index];
    PatternCandidate candidate;
    candidate.name = rule.definition->name;
    candidate.path = rule.definition->path;
    candidate.line = rule.expression().line;
    candidate.priority = rule.definition->priority;
    candidate.constant_bytes = rule.constant_bytes;
    PatternMatch match;
    if (!whole_line && rule.definition->scope == PatternScope::kLine) {
      candidate.reason = "it describes whole lines, and a header was taken off this one";
    } else {
      candidate.matched = rule.Match(text, 0, &match, &candidate.reason);
    }
    candidate.won = candidate.matched && !won;
    won = won || candidate.matched;
    all.push_back(std::move(candidate));
  }
  return all;
}

std::vector<PatternInfo> PatternSet::List() const {
  std::vector<PatternInfo> all;
  for (const PatternDefinition& d : definitions_) {
    const auto positive =
        std::count_if(d.samples.begin(), d.samples.end(), [](const PatternSample& s) { return s.matches; });
    const auto samples = static_cast<size_t>(positive);
    all.push_back({d.name, d.title, d.path, d.scope, d.expressions.size(), samples, d.samples.size() - samples});
  }
  return all;
}

}  // namespace whittle
