#include "parse/keyvalue_body.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "parse/header_items.h"
#include "parse/well_known.h"
#include "scan/time_layout.h"
#include "scan/tokenizer.h"

namespace whittle {
namespace {

struct Pair {
  std::string_view key;
  size_t begin = 0, end = 0;  // the value, without quotes
  bool quoted = false;
};

bool IsKeyByte(char c) {
  return IsAsciiLetter(c) || IsAsciiDigit(c) || c == '_' || c == '.' || c == '-' || c == '@' || c == '/';
}

// `key=value`, `key="value"`, blanks between pairs and nowhere else.
bool ScanPairs(std::string_view text, std::vector<Pair>* pairs) {
  size_t at = SkipBlanks(text, 0);
  while (at < text.size()) {
    if (pairs->size() == kMaxKeyValuePairs) return false;
    Pair pair;
    size_t end = at;
    while (end < text.size() && IsKeyByte(text[end])) ++end;
    if (end == at || end >= text.size() || text[end] != '=' || IsAsciiDigit(text[at])) return false;
    pair.key = text.substr(at, end - at);
    pair.begin = ++end;
    if (end < text.size() && text[end] == '"') {
      pair.quoted = true;
      pair.begin = ++end;
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      if (end >= text.size()) return false;
      pair.end = end++;
      if (end < text.size() && !IsBlankByte(text[end])) return false;
    } else {
      while (end < text.size() && !IsBlankByte(text[end])) {
        if (text[end] == '"' || text[end] == '=') return false;
        ++end;
      }
      pair.end = end;
      // A list in a sentence: its commas are not values.
      if (end > pair.begin && (text[end - 1] == ',' || text[end - 1] == ';')) return false;
    }
    pairs->push_back(pair);
    at = SkipBlanks(text, end);
  }
  return pairs->size() >= kMinKeyValuePairs;
}

// From the class alone, which the skeleton shows.
ValueType TypeOf(std::string_view value, bool quoted) {
  if (quoted || value.empty()) return ValueType::kString;
  if (value == "true" || value == "false") return ValueType::kBool;
  if (!HasDigit(value)) return ValueType::kString;
  switch (ClassifyToken(value)) {
    case TokenClass::kInteger:
      return ValueType::kInt64;
    case TokenClass::kDecimal:
      return ValueType::kDouble;
    default:
      return ValueType::kString;
  }
}

struct Winner {
  const Pair* pair = nullptr;
  int rank = 1000;
  void Offer(const Pair& candidate, int candidate_rank) {
    if (candidate_rank < rank) pair = &candidate, rank = candidate_rank;
  }
};

}  // namespace

bool ParseKeyValueBody(std::string_view text, LineAnalysis* analysis, MessageRange* message) {
  std::vector<Pair> pairs;
  if (!ScanPairs(text, &pairs)) return false;
  Winner time, severity, body;
  const auto layout_of = [&](const Pair& pair) {
    const auto match = MatchTime(text.substr(pair.begin, pair.end - pair.begin));
    return match && match->size == pair.end - pair.begin ? match->layout : TimeLayoutId{0};
  };
  for (const Pair& pair : pairs) {
    if (KeyVaries(pair.key)) analysis->cacheable = false;
    if (pair.begin == pair.end) continue;
    const WellKnown known = LookUpField(pair.key);
    if (known.field == KnownField::kTimestamp) {
      const TimeLayoutId layout = layout_of(pair);
      if (layout == 0) analysis->cacheable = false;
      if (layout != 0 && TimeLayoutHasDate(layout)) time.Offer(pair, known.rank);
    }
    if (known.field == KnownField::kSeverity) severity.Offer(pair, known.rank);
    if (known.field == KnownField::kMessage) body.Offer(pair, known.rank);
  }
  for (const Pair& pair : pairs) {
    if (pair.begin == pair.end || &pair == body.pair) continue;
    const WellKnown known = LookUpField(pair.key);
    FieldSpan field;
    field.begin = static_cast<uint32_t>(pair.begin);
    field.end = static_cast<uint32_t>(pair.end);
    field.type = TypeOf(text.substr(pair.begin, pair.end - pair.begin), pair.quoted);
    field.unescape = pair.quoted ? 1 : 0;
    field.name = std::string(pair.key);
    if (&pair == severity.pair) {
      field.role = FieldRole::kSeverity;
      field.type = ValueType::kString;
      field.name.clear();
    } else if (known.field == KnownField::kTimestamp) {
      field.time_layout = layout_of(pair);
      if (field.time_layout != 0) field.type = ValueType::kTimestamp;
      if (&pair == time.pair) field.role = FieldRole::kTimestamp, field.name.clear();
    } else if (known.field == KnownField::kAttribute || known.field == KnownField::kResource) {
      field.role = known.field == KnownField::kResource ? FieldRole::kResource : FieldRole::kAttribute;
      field.name = std::string(known.name);
    }
    analysis->fields.push_back(std::move(field));
  }
  if (body.pair != nullptr) *message = {true, body.pair->begin, body.pair->end, body.pair->quoted};
  analysis->body_format = "logfmt";
  return true;
}

}  // namespace whittle
