#include "parse/header_items.h"

#include <algorithm>
#include <iterator>

#include "event/severity.h"
#include "scan/tokenizer.h"

namespace whittle {
namespace {

constexpr size_t kMaxBracketBytes = 256;
constexpr size_t kMaxNameBytes = 128;
constexpr size_t kMaxTagBytes = 96;
constexpr size_t kMaxTagWords = 4;

bool OneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool AllOf(std::string_view text, bool (*predicate)(char)) { return std::all_of(text.begin(), text.end(), predicate); }

// Levels that are also everyday words: as bare words they need more evidence than a place after the time.
bool IsWeakUpper(std::string_view word) {
  return OneOf(word, {"DETAIL", "HINT", "STATEMENT", "CONTEXT", "HTTP", "NORMAL", "NOTE", "FAIL", "CONFIG", "OFF",
                      "FINE", "ALERT"});
}

// Followed by something that sets a column off: two blanks, a tab, a bracket, a bar.
bool SetOff(std::string_view text, size_t at) {
  if (at >= text.size()) return false;
  if (text[at] == '\t' || text[at] == '|' || text[at] == ';' || text[at] == ',') return true;
  const std::string_view next = text.substr(at, 3);
  return next.starts_with("  ") || next.starts_with(" [") || next == " - " || next == " | " || next == " : ";
}

size_t WordEnd(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && IsAsciiLetter(text[end]) && end - at < 14) ++end;
  // PostgreSQL's DEBUG1..DEBUG5.
  if (end < text.size() && end - at == 5 && text[end] >= '1' && text[end] <= '5' && text.substr(at, 5) == "DEBUG")
    ++end;
  return end;
}

bool MatchBareLevel(std::string_view text, size_t at, LevelItem* item) {
  const size_t end = WordEnd(text, at);
  if (end == at) return false;
  const char next = end < text.size() ? text[end] : ' ';
  if (next != ' ' && next != '\t' && next != ':' && next != '|' && next != ';' && next != ',' && next != '[' &&
      next != ']' && next != '>')
    return false;
  const std::string_view word = text.substr(at, end - at);
  *item = {at, end, end};
  if (word.size() == 1) {
    item->letter = true;
    return next != ':' && next != ',' && IsAsciiUpper(word[0]) && SeverityNumberOfLetter(word[0]) != 0 &&
           word[0] != 'A' && word[0] != 'N';
  }
  if (SeverityNumber(word) == 0) return false;
  if (next == ':') {
    item->colon = true;
    item->next = end + 1;
    item->strong = AllOf(word, [](char c) { return IsAsciiUpper(c) || IsAsciiDigit(c); });
    return true;
  }
  if (AllOf(word, [](char c) { return IsAsciiUpper(c) || IsAsciiDigit(c); })) {
    item->strong = !IsWeakUpper(word) || SetOff(text, end);
    return item->strong;
  }
  item->strong = SetOff(text, end) || (IsUnmistakableLevel(word) && next == ' ');
  return item->strong;
}

}  // namespace

bool IsUnmistakableLevel(std::string_view word) {
  return OneOf(word, {"info", "debug", "trace", "warn", "notice", "verbose"});
}

size_t TokenEnd(std::string_view text, size_t at) {
  while (at < text.size() && !IsBlankByte(text[at])) ++at;
  return at;
}

size_t SkipBlanks(std::string_view text, size_t at) {
  while (at < text.size() && IsBlankByte(text[at])) ++at;
  return at;
}

bool HasDigit(std::string_view text) { return std::any_of(text.begin(), text.end(), IsAsciiDigit); }

bool MatchBracket(std::string_view text, size_t at, BracketItem* item) {
  if (at >= text.size()) return false;
  const char open = text[at];
  const char close = open == '[' ? ']' : open == '(' ? ')' : open == '<' ? '>' : open == '{' ? '}' : 0;
  if (close == 0) return false;
  int depth = 0;
  const size_t limit = std::min(text.size(), at + kMaxBracketBytes);
  for (size_t i = at; i < limit; ++i) {
    if (text[i] == open) ++depth;
    if (text[i] == close && --depth == 0) {
      *item = {at + 1, i, i + 1};
      return true;
    }
  }
  return false;
}

bool MatchLevel(std::string_view text, size_t at, LevelItem* item) {
  if (at >= text.size()) return false;
  if (text[at] != '[' && text[at] != '<' && text[at] != '(') return MatchBareLevel(text, at, item);
  BracketItem bracket;
  if (!MatchBracket(text, at, &bracket) || bracket.end - bracket.begin > 40) return false;
  size_t begin = SkipBlanks(text, bracket.begin);
  size_t end = bracket.end;
  while (end > begin && IsBlankByte(text[end - 1])) --end;
  std::string_view word = text.substr(begin, end - begin);
  // Apache 2.4 writes [module:level].
  if (const size_t colon = word.find(':'); colon != std::string_view::npos && text[at] == '[') {
    const std::string_view module = word.substr(0, colon);
    if (!module.empty() && AllOf(module, [](char c) { return IsAsciiLower(c) || c == '_' || IsAsciiDigit(c); }) &&
        !HasDigit(module)) {
      begin += colon + 1;
      word.remove_prefix(colon + 1);
    }
  }
  // nginx-like [error], systemd-like <4> only as a priority of the kernel, letters as [I].
  const bool letter = word.size() == 1 && IsAsciiUpper(word[0]) && SeverityNumberOfLetter(word[0]) != 0;
  if (!letter && SeverityNumber(word) == 0) return false;
  *item = {begin, end, bracket.next, true, false, letter, true};
  if (item->next < text.size() && text[item->next] == ':') ++item->next, item->colon = true;
  return true;
}

NameKind ClassifyName(std::string_view token) {
  if (token.empty() || token.size() > kMaxNameBytes) return NameKind::kNone;
  if (HasDigit(token)) {
    // Digits are masked: their class decides. Brackets and the like split the token and stay visible.
    if (!std::all_of(token.begin(), token.end(), [](char c) { return !IsDelimiter(static_cast<unsigned char>(c)); }))
      return NameKind::kNone;
    switch (ClassifyToken(token)) {
      case TokenClass::kAlnum:
      case TokenClass::kMixed:
      case TokenClass::kDuration:
      case TokenClass::kSize:
        return NameKind::kStructured;
      default:
        return NameKind::kNone;
    }
  }
  if (!IsAsciiLetter(token[0]) && token[0] != '_') return NameKind::kNone;
  bool structured = false;
  for (size_t i = 1; i < token.size(); ++i) {
    const char c = token[i];
    if (c == '.' || c == '$' || c == '_' || c == '/' || c == '@' || c == '#' || c == '\\') {
      structured = true;
    } else if (IsAsciiUpper(c)) {
      structured = structured || IsAsciiLower(token[i - 1]) || (i + 1 < token.size() && IsAsciiLower(token[i + 1]));
    } else if (!IsAsciiLower(c) && c != '-' && c != ':' && c != '*') {
      return NameKind::kNone;
    }
  }
  if (token.find("://") != std::string_view::npos || token.back() == '.') return NameKind::kNone;
  return structured ? NameKind::kStructured : NameKind::kPlain;
}

namespace {

bool IsTagByte(char c) {
  return IsAsciiLetter(c) || IsAsciiDigit(c) || c == '.' || c == '_' || c == '-' || c == '/' || c == '@' || c == '+' ||
         c == '%' || c == '*' || c == '#';
}

// "Web Browser[77]: ", a program's name of several words: capitals, and a process id.
size_t SpacedNameEnd(std::string_view text, size_t at) {
  if (at >= text.size() || !IsAsciiUpper(text[at])) return at;
  size_t words = 1;
  for (size_t p = at; p < text.size() && p < at + kMaxTagBytes; ++p) {
    if (text[p] == '[') return words > 1 && text[p - 1] != ' ' ? p : at;
    if (text[p] == ' ') {
      if (++words > kMaxTagWords || p + 1 == text.size() || !IsAsciiUpper(text[p + 1])) return at;
    } else if (!IsAsciiLetter(text[p])) {
      return at;
    }
  }
  return at;
}

}  // namespace

bool MatchSyslogTag(std::string_view text, size_t at, SyslogTag* tag) {
  *tag = {};
  // Some programs log as "-- root[2421]:".
  if (text.substr(at, 3) == "-- ") at += 3;
  size_t p = at;
  const size_t limit = std::min(text.size(), at + kMaxTagBytes);
  while (p < limit && IsTagByte(text[p])) ++p;
  if (p < limit && text[p] == ' ') p = std::max(p, SpacedNameEnd(text, at));
  if (p == at || p >= limit) return false;
  tag->name_begin = at;
  tag->name_end = p;
  // A version or a second word: "syslogd 1.4.1:", "rsyslogd-2177:"; the class of the version decides.
  if (text[p] == '(') {
    BracketItem module;
    if (!MatchBracket(text, p, &module)) return false;
    p = module.next;
    tag->name_end = p;
  }
  if (p < limit && text[p] == '[') {
    BracketItem pid;
    if (!MatchBracket(text, p, &pid)) return false;
    tag->pid_begin = pid.begin;
    tag->pid_end = pid.end;
    p = pid.next;
    if (p + 1 < text.size() && text[p] == ' ' && text[p + 1] == '(') {
      BracketItem label;
      if (MatchBracket(text, p + 1, &label) && label.next < text.size() && text[label.next] == ':') p = label.next;
    }
  } else if (p + 1 < limit && text[p] == ' ' && IsAsciiDigit(text[p + 1])) {
    const size_t end = TokenEnd(text, p + 1);
    if (text[end - 1] == ':' && ClassifyToken(text.substr(p + 1, end - p - 2)) == TokenClass::kDigitsPunct) p = end - 1;
  }
  if (p >= text.size() || text[p] != ':') return false;
  // "10:20:30" is no tag, nor is "a:b".
  if (p + 1 < text.size() && !IsBlankByte(text[p + 1])) return false;
  if (!IsAsciiLetter(text[at]) && text[at] != '_' && text[at] != '/') return false;
  tag->next = SkipBlanks(text, p + 1);
  return true;
}

}  // namespace whittle
