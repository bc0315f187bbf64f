#include "parse/trace_rules.h"

#include <re2/re2.h>

#include <algorithm>

#include "event/trace_id.h"

namespace whittle {
namespace {

constexpr int64_t kMaxExpressionMemory = 8 << 20;  // RE2's own default

bool IsIdRole(FieldRole role) {
  return role == FieldRole::kTraceId || role == FieldRole::kSpanId || role == FieldRole::kParentSpanId;
}

}  // namespace

struct TraceRules::Rule {
  std::string name;
  int priority = 50;
  std::unique_ptr<RE2> regex;
  std::vector<GrokField> fields;  // group i + 1 is field i
};

TraceRules::TraceRules() = default;
TraceRules::~TraceRules() = default;

std::string TraceRuleProblem(const std::vector<GrokField>& fields) {
  if (fields.empty()) return "a trace rule names at least one id: %{NAME:trace_id}";
  for (const GrokField& field : fields) {
    const bool id = IsIdRole(field.role);
    if (field.is_body || !(id || field.role == FieldRole::kTraceFlags || field.role == FieldRole::kAttribute)) {
      return "a trace rule finds trace_id, span_id, parent_span_id, trace_flags and attributes, not '" + field.name +
             "'";
    }
    if (id && field.type != ValueType::kHexId && field.type != ValueType::kInt64 && field.type != ValueType::kString)
      return "'" + field.name + "' is hex, int (decimal) or string (any text, hashed)";
  }
  return {};
}

bool IsTraceId(FieldRole role, ValueType type, std::string_view text) {
  std::string hex;
  if (role == FieldRole::kTraceId) return NormalizeTraceId(text, TraceIdKindOf(type), &hex);
  if (role == FieldRole::kSpanId || role == FieldRole::kParentSpanId)
    return NormalizeSpanId(text, TraceIdKindOf(type), &hex);
  return true;
}

Status TraceRules::Add(const PatternDefinition& definition) {
  if (rules_.size() + definition.expressions.size() > kMaxTraceExpressions) {
    return Status(StatusCode::kLimit, definition.path + ": more than " + std::to_string(kMaxTraceExpressions) +
                                          " expressions of trace rules; each is a pass over every line");
  }
  for (const PatternExpression& expression : definition.expressions) {
    auto rule = std::make_unique<Rule>();
    rule->name = definition.name;
    rule->priority = definition.priority;
    std::vector<int> order;
    const std::string text = WriteRe2(expression.grok.tree, &order);
    for (const int field : order) rule->fields.push_back(expression.grok.fields[static_cast<size_t>(field)]);
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_dot_nl(true);
    options.set_log_errors(false);
    options.set_max_mem(kMaxExpressionMemory);
    rule->regex = std::make_unique<RE2>(text, options);
    if (!rule->regex->ok()) return Status(StatusCode::kConfig, definition.path + ": " + rule->regex->error());
    rules_.push_back(std::move(rule));
  }
  std::stable_sort(rules_.begin(), rules_.end(),
                   [](const auto& a, const auto& b) { return a->priority > b->priority; });
  return Status::Ok();
}

uint64_t TraceRules::Key(std::string_view line) const {
  static_assert(kMaxTraceExpressions <= 64);
  uint64_t matches = 0;
  const re2::StringPiece text(line.data(), line.size());
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i]->regex->Match(text, 0, line.size(), RE2::UNANCHORED, nullptr, 0)) matches |= uint64_t{1} << i;
  }
  return matches * 0x9E3779B97F4A7C15ULL;  // odd, so that different sets have different keys
}

std::vector<TraceRuleMatch> TraceRules::Find(std::string_view line) const {
  std::vector<TraceRuleMatch> found;
  const re2::StringPiece text(line.data(), line.size());
  for (const auto& rule : rules_) {
    std::vector<re2::StringPiece> parts(rule->fields.size() + 1);
    if (!rule->regex->Match(text, 0, line.size(), RE2::UNANCHORED, parts.data(), static_cast<int>(parts.size())))
      continue;
    for (size_t i = 0; i < rule->fields.size(); ++i) {
      const re2::StringPiece& part = parts[i + 1];
      const GrokField& field = rule->fields[i];
      if (part.data() == nullptr || part.empty()) continue;
      const bool taken = std::any_of(found.begin(), found.end(), [&](const TraceRuleMatch& other) {
        return other.field.role == field.role &&
               (field.role != FieldRole::kAttribute || other.field.name == field.name);
      });
      if (taken) continue;
      FieldSpan span;
      span.begin = static_cast<uint32_t>(part.data() - line.data());
      span.end = span.begin + static_cast<uint32_t>(part.size());
      span.role = field.role;
      span.type = field.type;
      if (field.role == FieldRole::kAttribute) span.name = field.name;
      found.push_back({rule->name, std::move(span)});
    }
  }
  return found;
}

void TraceRules::AddFields(std::string_view line, LineAnalysis* analysis) const {
  auto& fields = analysis->fields;
  for (TraceRuleMatch& match : Find(line)) {
    FieldSpan& found = match.field;
    const bool is_attribute = found.role == FieldRole::kAttribute;
    const auto same = [&](const FieldSpan& field) {
      return field.role == found.role && (!is_attribute || field.name == found.name);
    };
    if (std::any_of(fields.begin(), fields.end(), same)) continue;
    // A field of a parser that covers just these bytes is this id.
    const auto same_bytes = std::find_if(fields.begin(), fields.end(), [&](const FieldSpan& field) {
      return field.begin == found.begin && field.end == found.end && field.role == FieldRole::kAttribute;
    });
    if (same_bytes != fields.end())
      *same_bytes = std::move(found);
    else
      fields.push_back(std::move(found));
  }
}

}  // namespace whittle
