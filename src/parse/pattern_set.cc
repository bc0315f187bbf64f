#include "parse/pattern_set.h"

#include <algorithm>
#include <tuple>

#include "env/file_system.h"
#include "parse/builtin_patterns.h"
#include "parse/pattern_rule.h"

namespace whittle {
namespace {

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

PatternSet::PatternSet() = default;
PatternSet::~PatternSet() = default;

bool PatternSet::from_cache() const { return database_->from_cache(); }

Result<std::unique_ptr<PatternSet>> PatternSet::Load(const PatternOptions& options) {
  std::unique_ptr<PatternSet> set(new PatternSet);
  const bool only_builtin = options.builtin && options.dirs.empty() && options.texts.empty();
  if (only_builtin && set->ReadCompiled(options.compiled)) {
    for (PatternInfo& info : set->infos_) info.disabled = IsDisabled(info.name, options.disable);
    return set;
  }
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
  const size_t builtin = definitions_.size();
  std::vector<PatternText> texts = options.texts;
  for (const std::string& dir : options.dirs) {
    WHITTLE_RETURN_IF_ERROR(ReadDirectory(options.files, dir, &library, &texts));
  }
  library.CheckDefinitions(&refusals_);
  for (const PatternText& file : texts) {
    WHITTLE_ASSIGN_OR_RETURN(auto definition, ParsePatternFile(file.path, file.text, library));
    if (IsDisabled(definition.name, options.disable)) continue;
    if (options.replace) {
      const auto builtin_end = definitions_.begin() + static_cast<ptrdiff_t>(builtin);
      const auto same = [&](const PatternDefinition& other) { return other.name == definition.name; };
      if (const auto old = std::find_if(definitions_.begin(), builtin_end, same); old != builtin_end) {
        *old = std::move(definition);
        continue;
      }
    }
    WHITTLE_RETURN_IF_ERROR(AddPattern(std::move(definition)));
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
  struct Ranked {
    std::unique_ptr<Rule> rule;
    std::string hyperscan;
  };
  std::vector<Ranked> ranked;
  for (const PatternDefinition& definition : definitions_) {
    const auto positive = std::count_if(definition.samples.begin(), definition.samples.end(),
                                        [](const PatternSample& s) { return s.matches; });
    const auto samples = static_cast<size_t>(positive);
    infos_.push_back({definition.name, definition.title, definition.path, definition.scope, definition.priority,
                      definition.expressions.size(), samples, definition.samples.size() - samples, false});
    if (definition.scope == PatternScope::kTrace) {
      WHITTLE_RETURN_IF_ERROR(trace_rules_.Add(definition));
      continue;
    }
    for (size_t e = 0; e < definition.expressions.size(); ++e) {
      const PatternExpression& expression = definition.expressions[e];
      auto rule = std::make_unique<Rule>();
      rule->pattern = infos_.size() - 1;
      rule->expression_index = e;
      rule->line = expression.line;
      rule->constant_bytes = ConstantBytes(expression.grok.tree);
      rule->constrained_bytes = ConstrainedBytes(expression.grok.tree);
      std::vector<int> order;  // group i+1 is field order[i]
      rule->re2_text = WriteRe2(expression.grok.tree, &order);
      for (const int field : order) rule->fields.push_back(expression.grok.fields[static_cast<size_t>(field)]);
      ranked.push_back({std::move(rule), "\\A(?:" + WriteHyperscan(expression.grok.tree) + ")\\z"});
    }
  }
  const auto rank = [this](const Rule& r) {
    const PatternInfo& info = infos_[r.pattern];
    return std::make_tuple(-info.priority, -static_cast<int64_t>(r.constant_bytes),
                           -static_cast<int64_t>(r.constrained_bytes), std::string_view(info.name), r.expression_index);
  };
  std::sort(ranked.begin(), ranked.end(),
            [&](const Ranked& a, const Ranked& b) { return rank(*a.rule) < rank(*b.rule); });
  std::vector<std::string> expressions;
  for (Ranked& entry : ranked) {
    expressions.push_back(std::move(entry.hyperscan));
    rules_.push_back(std::move(entry.rule));
  }
  auto database = PatternDatabase::Build(expressions, options.cache_dir, options.files, options.any_processor);
  if (!database.ok()) return database.status().WithContext("patterns");
  database_ = std::move(*database);
  return Status::Ok();
}

bool PatternSet::Match(std::string_view text, uint32_t base_offset, bool whole_line, PatternScratch* scratch,
                       PatternMatch* match) const {
  if (text.size() > kMaxTextBytes) return false;
  for (const uint32_t index : database_->Candidates(text, scratch)) {
    const Rule& rule = *rules_[index];
    const PatternInfo& info = infos_[rule.pattern];
    if (info.disabled || (!whole_line && info.scope == PatternScope::kLine)) continue;
    *match = PatternMatch();
    if (!rule.Match(text, base_offset, match, nullptr)) continue;
    match->name = info.name;
    return true;
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
    const PatternInfo& info = infos_[rule.pattern];
    if (info.disabled) continue;
    PatternCandidate candidate;
    candidate.name = info.name;
    candidate.path = info.path;
    candidate.line = rule.line;
    candidate.priority = info.priority;
    candidate.constant_bytes = rule.constant_bytes;
    PatternMatch match;
    if (!whole_line && info.scope == PatternScope::kLine) {
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
  std::copy_if(infos_.begin(), infos_.end(), std::back_inserter(all), [](const PatternInfo& i) { return !i.disabled; });
  return all;
}

}  // namespace whittle
