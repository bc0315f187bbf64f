#include "parse/pattern_rule.h"

#include "scan/time_layout.h"

namespace whittle {
namespace {

constexpr int64_t kMaxExpressionMemory = 8 << 20;  // RE2's own default; larger programs run slower, never wrongly

}  // namespace

const RE2& PatternSet::Rule::Regex() const {
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

bool PatternSet::Rule::Match(std::string_view text, uint32_t base, PatternMatch* match, std::string* reason) const {
  const RE2& compiled = Regex();
  const int groups = static_cast<int>(fields.size()) + 1;
  std::vector<re2::StringPiece> parts(static_cast<size_t>(groups));
  const re2::StringPiece piece(text.data(), text.size());
  if (!compiled.ok() || !compiled.Match(piece, 0, text.size(), RE2::ANCHOR_BOTH, parts.data(), groups)) {
    if (reason != nullptr) *reason = "the text does not have this form";
    return false;
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    const re2::StringPiece& part = parts[i + 1];
    const GrokField& field = fields[i];
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
  return true;
}

}  // namespace whittle
