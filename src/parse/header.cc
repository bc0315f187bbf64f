#include "parse/header.h"

#include "event/severity.h"
#include "scan/time_layout.h"

namespace whittle {

bool ParseHeader(std::string_view text, uint32_t base, uint8_t unescape, LineAnalysis* analysis) {
  size_t at = 0;
  const bool bracket = text.starts_with("[");
  if (bracket) ++at;
  const auto match = MatchTime(text.substr(at));
  if (!match) {
    if (LooksLikeTime(text.substr(at))) analysis->cacheable = false;
    return false;
  }
  const auto begin = static_cast<uint32_t>(base + at);
  analysis->fields.push_back({begin, begin + match->size, FieldRole::kTimestamp, ValueType::kTimestamp, unescape, match->layout, {}});
  at += match->size;
  if (bracket && at < text.size() && text[at] == ']') ++at;
  while (at < text.size() && text[at] == ' ') ++at;
  size_t end = at;
  while (end < text.size() && ((text[end] | 0x20) >= 'a' && (text[end] | 0x20) <= 'z')) ++end;
  if (SeverityNumber(text.substr(at, end - at)) != 0) {
    analysis->fields.push_back({static_cast<uint32_t>(base + at), static_cast<uint32_t>(base + end), FieldRole::kSeverity, ValueType::kString, unescape, 0, {}});
    at = end;
    while (at < text.size() && text[at] == ' ') ++at;
  }
  analysis->body_begin = static_cast<uint32_t>(base + at);
  analysis->header = "text";
  return true;
}

}  // namespace whittle
