// Running the samples of pattern files.
#include <algorithm>

#include "parse/pattern_set.h"

namespace whittle {
namespace {

std::string RoleName(const FieldSpan& span) {
  switch (span.role) {
    case FieldRole::kTimestamp:
      return "timestamp";
    case FieldRole::kObservedTimestamp:
      return "observed_timestamp";
    case FieldRole::kSeverity:
      return "severity_text";
    case FieldRole::kTraceId:
      return "trace_id";
    case FieldRole::kSpanId:
      return "span_id";
    case FieldRole::kParentSpanId:
      return "parent_span_id";
    case FieldRole::kTraceFlags:
      return "trace_flags";
    default:
      return span.name;
  }
}

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

// What a sample's author means by "field: text" for a match.
NamedTexts Found(std::string_view text, const PatternMatch& match) {
  NamedTexts all;
  for (const FieldSpan& span : match.fields) {
    all.emplace_back(RoleName(span), std::string(text.substr(span.begin, span.end - span.begin)));
  }
  if (match.has_body)
    all.emplace_back("body", std::string(text.substr(match.body_begin, match.body_end - match.body_begin)));
  return all;
}

// Expected but not found, or found with another text; and found but not expected.
std::string Difference(const NamedTexts& expected, const NamedTexts& found) {
  std::string problem;
  const auto text_of = [](const NamedTexts& in, const std::string& name) -> const std::string* {
    const auto it = std::find_if(in.begin(), in.end(), [&](const auto& entry) { return entry.first == name; });
    return it == in.end() ? nullptr : &it->second;
  };
  for (const auto& [name, text] : expected) {
    const std::string* got = text_of(found, name);
    if (got == nullptr)
      problem += (problem.empty() ? "" : "; ") + ("no field " + name + ", expected '" + text + "'");
    else if (*got != text)
      problem += (problem.empty() ? "" : "; ") + (name + " is '" + *got + "', expected '" + text + "'");
  }
  for (const auto& [name, text] : found) {
    if (text_of(expected, name) == nullptr)
      problem += (problem.empty() ? "" : "; ") + ("unexpected field " + name + ": '" + text + "'");
  }
  return problem;
}

}  // namespace

std::string PatternSet::TraceSampleProblem(const PatternDefinition& definition, const PatternSample& sample) const {
  NamedTexts found;
  std::string problem;
  for (const TraceRuleMatch& match : trace_rules_.Find(sample.text)) {
    if (match.rule != definition.name) continue;
    const std::string text = sample.text.substr(match.field.begin, match.field.end - match.field.begin);
    found.emplace_back(RoleName(match.field), text);
    if (sample.matches && !IsTraceId(match.field.role, match.field.type, text))
      problem = "'" + text + "' is no " + RoleName(match.field) + ": all zeros, too short, too long or other bytes";
  }
  if (!problem.empty()) return problem;
  if (!sample.matches) return found.empty() ? std::string() : "must not match, but does";
  return Difference(sample.fields, found);
}

void PatternSet::RunSample(const PatternDefinition& definition, const PatternSample& sample, PatternScratch* scratch,
                           std::vector<SampleFailure>* failures) const {
  if (definition.scope == PatternScope::kTrace) {
    std::string problem = TraceSampleProblem(definition, sample);
    if (!problem.empty()) failures->push_back({definition.path, sample.line, definition.name, std::move(problem)});
    return;
  }
  const bool whole_line = definition.scope == PatternScope::kLine;
  PatternMatch match;
  const bool claimed = Match(sample.text, 0, whole_line, scratch, &match);
  const bool by_own = claimed && match.name == definition.name;
  std::string problem;
  if (!sample.matches) {
    if (by_own) problem = "must not match, but does";
  } else if (!claimed) {
    problem = "no pattern matches";
    for (const PatternCandidate& candidate : Explain(sample.text, whole_line, scratch)) {
      if (candidate.name == definition.name) problem += ": " + candidate.reason;
    }
  } else if (!by_own) {
    problem = "is claimed by '" + match.name + "'";
  } else {
    problem = Difference(sample.fields, Found(sample.text, match));
  }
  if (!problem.empty()) failures->push_back({definition.path, sample.line, definition.name, std::move(problem)});
}

std::vector<SampleFailure> PatternSet::RunSamples(PatternScratch* scratch) const {
  std::vector<SampleFailure> failures;
  for (const PatternDefinition& definition : definitions_) {
    for (const PatternSample& sample : definition.samples) RunSample(definition, sample, scratch, &failures);
  }
  return failures;
}

}  // namespace whittle
