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

bool IsLabelByte(char c) { return IsAsciiLetter(c) || IsAsciiDigit(c) || c == '_' || c == '.' || c == '-'; }

// Whether the skeleton shows the label and what its value looks like: ':' parts no tokens, and the tokenizer takes a
// label with digits, one of hex letters (the head of an address), and what stands before a URL or an address with '@'
// for one token with the value.
bool LabelIsConstant(std::string_view label, std::string_view value) {
  const bool hex = std::all_of(label.begin(), label.end(), [](char c) {
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || IsAsciiDigit(c);
  });
  return !hex && !KeyVaries(label) && value.find('@') == std::string_view::npos &&
         value.find("://") == std::string_view::npos;
}

// LTSV: `label:value`, one tab between.
// Clears `cacheable` when what is no label differs from one only in bytes that the skeleton does not show.
bool ScanLabels(std::string_view text, std::vector<Pair>* pairs, bool* cacheable) {
  for (size_t at = 0; at <= text.size();) {
    if (pairs->size() == kMaxKeyValuePairs) return false;
    const size_t end = std::min(text.find('\t', at), text.size());
    size_t colon = at;
    while (colon < end && IsLabelByte(text[colon])) ++colon;
    if (colon == at || colon == end || text[colon] != ':' || IsAsciiDigit(text[at])) {
      while (colon < end && IsKeyByte(text[colon])) ++colon;
      if (colon > at && colon < end && text[colon] == ':' && !IsAsciiDigit(text[at])) *cacheable = false;
      return false;
    }
    Pair pair;
    pair.key = text.substr(at, colon - at);
    pair.begin = colon + 1;
    pair.end = end;
    if (!LabelIsConstant(pair.key, text.substr(pair.begin, end - pair.begin))) *cacheable = false;
    // "-" says that there is no value; a time may stand in brackets.
    if (text.substr(pair.begin, end - pair.begin) == "-") pair.begin = end;
    if (end - pair.begin > 2 && text[pair.begin] == '[' && text[end - 1] == ']') ++pair.begin, --pair.end;
    pairs->push_back(pair);
    at = end + 1;
  }
  return pairs->size() >= kMinKeyValuePairs;
}

bool IsExtensionKeyByte(char c) { return IsKeyByte(c) || c == '[' || c == ']'; }

// Where the value that begins at `begin` ends: at the last delimiter before the next key and its '='. An escaped '='
// and one without such a key in front belong to the value (request=http://a/?b=c).
size_t ExtensionValueEnd(std::string_view text, size_t begin, char delimiter, bool* cacheable) {
  size_t last = std::string_view::npos;  // the last delimiter, while only bytes of a key came after it
  for (size_t p = begin; p < text.size(); ++p) {
    if (text[p] == '\\') {
      *cacheable = false;
      last = std::string_view::npos;
      ++p;
    } else if (text[p] == delimiter) {
      last = p;
    } else if (text[p] == '=') {
      if (last != std::string_view::npos && p > last + 1) return last;
    } else if (!IsExtensionKeyByte(text[p])) {
      last = std::string_view::npos;
    }
  }
  return text.size();
}

// The extension of CEF and LEEF: a value goes on to the next key, blanks and all.
bool ScanExtension(std::string_view text, char delimiter, std::vector<Pair>* pairs, bool* cacheable) {
  size_t at = 0;
  while (at < text.size()) {
    size_t equals = at;
    while (equals < text.size() && IsExtensionKeyByte(text[equals])) ++equals;
    if (equals == at || equals >= text.size() || text[equals] != '=') return false;
    if (pairs->size() == kMaxKeyValuePairs) return false;
    Pair pair;
    pair.key = text.substr(at, equals - at);
    pair.begin = equals + 1;
    at = ExtensionValueEnd(text, pair.begin, delimiter, cacheable);
    pair.end = at;
    while (pair.end > pair.begin && IsBlankByte(text[pair.end - 1])) --pair.end;
    pairs->push_back(pair);
    while (at < text.size() && text[at] == delimiter) ++at;
  }
  return !pairs->empty();
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

void AddPairs(std::string_view text, const std::vector<Pair>& pairs, LineAnalysis* analysis, MessageRange* message) {
  Winner time, severity, body;
  const auto layout_of = [&](const Pair& pair) {
    const auto match = MatchTime(text.substr(pair.begin, pair.end - pair.begin));
    return match && match->size == pair.end - pair.begin ? match->layout : TimeLayoutId{0};
  };
  for (const Pair& pair : pairs) {
    if (KeyVaries(pair.key)) {
      const auto begin = static_cast<uint32_t>(pair.key.data() - text.data());
      analysis->decisive.push_back({begin, begin + static_cast<uint32_t>(pair.key.size())});
    }
    if (pair.begin == pair.end) continue;
    const WellKnown known = LookUpField(pair.key);
    if (known.field == KnownField::kTimestamp) {
      const TimeLayoutId layout = layout_of(pair);
      if (layout == 0) {
        analysis->no_times.push_back({static_cast<uint32_t>(pair.begin), static_cast<uint32_t>(pair.end)});
      }
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
      // Heroku's "service=18ms" names no service.
      const bool measured = known.name == "service.name" && IsAsciiDigit(text[pair.begin]);
      field.role = known.field == KnownField::kResource && !measured ? FieldRole::kResource : FieldRole::kAttribute;
      if (!measured) field.name = std::string(known.name);
    }
    analysis->fields.push_back(std::move(field));
  }
  if (body.pair != nullptr) *message = {true, body.pair->begin, body.pair->end, body.pair->quoted};
}

}  // namespace

bool ParseKeyValueBody(std::string_view text, LineAnalysis* analysis, MessageRange* message) {
  std::vector<Pair> pairs;
  if (ScanPairs(text, &pairs)) {
    AddPairs(text, pairs, analysis, message);
    analysis->body_format = "logfmt";
    return true;
  }
  if (text.find('\t') == std::string_view::npos) return false;
  pairs.clear();
  if (!ScanLabels(text, &pairs, &analysis->cacheable)) return false;
  AddPairs(text, pairs, analysis, message);
  analysis->body_format = "ltsv";
  return true;
}

bool ParseExtension(std::string_view text, char delimiter, LineAnalysis* analysis) {
  std::vector<Pair> pairs;
  bool cacheable = delimiter == ' ' || delimiter == '\t';
  if (!ScanExtension(text, delimiter, &pairs, &cacheable)) return false;
  MessageRange message;
  AddPairs(text, pairs, analysis, &message);
  if (message.found) {
    // The record is the message; what it calls so is a field like the others.
    const auto pair = std::find_if(pairs.begin(), pairs.end(), [&](const Pair& p) { return p.begin == message.begin; });
    analysis->fields.push_back({static_cast<uint32_t>(pair->begin), static_cast<uint32_t>(pair->end),
                                FieldRole::kAttribute, ValueType::kString, 0, 0, std::string(pair->key)});
  }
  analysis->cacheable = analysis->cacheable && cacheable;
  return true;
}

}  // namespace whittle
