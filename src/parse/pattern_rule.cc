#include "parse/pattern_rule.h"

#include "scan/time_layout.h"

namespace whittle {
namespace {

constexpr int64_t kMaxExpressionMemory = 8 << 20;  // RE2's own default; larger programs run slower, never wrongly

}  // namespace

bool PatternSet::Rule::CaptureByRe2(std::string_view text, Captures* captures) const {
  std::call_once(regex_once, [this] {
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_dot_nl(true);
    options.set_log_errors(false);
    options.set_max_mem(kMaxExpressionMemory);
    regex = std::make_unique<RE2>(re2_text, options);
  });
  const int groups = static_cast<int>(captures->size()) + 1;
  std::vector<re2::StringPiece> parts(static_cast<size_t>(groups));
  const re2::StringPiece piece(text.data(), text.size());
  if (!regex->ok() || !regex->Match(piece, 0, text.size(), RE2::ANCHOR_BOTH, parts.data(), groups)) return false;
  for (size_t i = 0; i < captures->size(); ++i) {
    const re2::StringPiece& part = parts[i + 1];
    if (part.data() == nullptr) continue;
    const auto begin = static_cast<uint32_t>(part.data() - text.data());
    (*captures)[i] = {begin, begin + static_cast<uint32_t>(part.size())};
  }
  return true;
}

bool PatternSet::Rule::Capture(std::string_view text, Captures* captures) const {
  std::call_once(matcher_once, [this] {
    int group = 0;
    RegexHooks hooks;
    hooks.named_group = [&group](std::string_view, RegexError*) { return group++; };
    RegexNode tree;
    RegexError error;
    if (ParseRegex(re2_text, hooks, &tree, &error)) matcher = CaptureMatcher::Build(tree);
  });
  captures->assign(fields.size(), CaptureMatcher::Capture());
  if (matcher != nullptr) {
    const CaptureMatcher::Outcome outcome = matcher->Match(text, *captures);
    if (outcome != CaptureMatcher::Outcome::kGaveUp) return outcome == CaptureMatcher::Outcome::kMatch;
    captures->assign(fields.size(), CaptureMatcher::Capture());
  }
  return CaptureByRe2(text, captures);
}

bool PatternSet::Rule::Match(std::string_view text, uint32_t base, PatternMatch* match, std::string* reason) const {
  Captures captures;
  if (!Capture(text, &captures)) {
    if (reason != nullptr) *reason = "the text does not have this form";
    return false;
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!captures[i].is_set()) continue;
    const std::string_view part = text.substr(captures[i].begin, captures[i].end - captures[i].begin);
    const uint32_t begin = base + captures[i].begin;
    const uint32_t end = base + captures[i].end;
    const GrokField& field = fields[i];
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
      const auto time = MatchTime(part);
      if (!time || time->size != part.size()) {
        if (reason != nullptr) *reason = "'" + std::string(part) + "' is not a known form of time";
        return false;
      }
      span.time_layout = time->layout;
    }
    if (field.role == FieldRole::kAttribute || field.role == FieldRole::kResource) span.name = field.name;
    match->fields.push_back(std::move(span));
  }
  return true;
}

}  // namespace whittle
