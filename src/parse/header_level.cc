#include "parse/header_parser.h"

#include <algorithm>
#include <string>
#include <utility>

#include "event/severity.h"
#include "scan/time_layout.h"
#include "scan/tokenizer.h"

namespace whittle {

bool HeaderParser::Level() {
  LevelItem level;
  if (level_ || !MatchLevel(text_, at_, &level)) return false;
  if (level.letter && !level.bracketed) {
    // A letter alone says little: only after a time, and not as the first word of a sentence.
    size_t next = level.next;
    const bool barred = GapAt(level.next, &next) == Gap::kBar;  // "I | package: message" of capnslog
    if (!time_ || uptime_ ||
        (numbers_ == 0 && !barred &&
         ClassifyName(text_.substr(SkipBlanks(text_, level.next),
                                   TokenEnd(text_, SkipBlanks(text_, level.next)) - SkipBlanks(text_, level.next))) ==
             NameKind::kNone))
      return false;
  }
  // "http: TLS handshake error" is Go's package, not winston's level.
  if (level.colon && !level.bracketed && text_.substr(level.begin, level.end - level.begin) == "http") return false;
  const bool evidence = level.strong || level.letter || level.colon;
  if (!evidence) return false;
  AddLevel(level);
  ++brackets_;
  if (!level.bracketed) brackets_ = 0;
  Accept(level.next);
  if (level.colon) {
    gap_ = Gap::kColon;
    // "LOG:  message", "WARNING: message": the colon ends the header. "[error]:" and "ERROR:root:" may go on.
    if (!level.bracketed) done_ = true;
  }
  return true;
}

// Skips columns that cannot be words of a message; true when a level in capitals (or in brackets) follows.
bool HeaderParser::SkipToLevel(size_t at, int columns, bool* plain, LevelItem* level) const {
  size_t p = at;
  *plain = false;
  for (int i = 0; i <= columns && p < text_.size(); ++i) {
    if (i > 0 && MatchLevel(text_, p, level) && level->strong && !level->letter &&
        (level->bracketed || IsAsciiUpper(text_[level->begin]))) {
      return true;
    }
    BracketItem bracket;
    if ((text_[p] == '[' || text_[p] == '(') && MatchBracket(text_, p, &bracket)) {
      p = SkipBlanks(text_, bracket.next);
      if (p < text_.size() && (text_[p] == ':' || text_[p] == '-') && p + 1 < text_.size() && IsBlankByte(text_[p + 1]))
        p = SkipBlanks(text_, p + 1);
      continue;
    }
    const size_t end = TokenEnd(text_, p);
    const std::string_view token = text_.substr(p, end - p);
    const bool upper =
        std::all_of(token.begin(), token.end(), [](char c) { return IsAsciiUpper(c) || c == '_' || c == '-'; });
    const size_t next = SkipBlanks(text_, end);
    const bool barred = next < text_.size() && (text_[next] == '-' || text_[next] == '|') && next + 1 < text_.size() &&
                        IsBlankByte(text_[next + 1]);
    const NameKind kind = ClassifyName(token);
    const bool pair = token.find('=') != std::string_view::npos || token.find('@') != std::string_view::npos;
    if (!upper && !HasDigit(token) && kind != NameKind::kStructured && !pair && !(barred && kind == NameKind::kPlain))
      return false;
    if (token.back() == ',' && !pair) return false;
    p = barred ? SkipBlanks(text_, next + 1) : next;
  }
  return false;
}

bool HeaderParser::LevelAhead() {
  if (level_ || !(time_ || uptime_)) return false;
  LevelItem level;
  bool plain = false;
  if (!SkipToLevel(at_, kMaxSkippedColumns, &plain, &level)) return false;
  // Everything up to the level is columns; name what is plainly a name or a thread.
  while (at_ < level.begin) {
    BracketItem bracket;
    if (text_[at_] == '[' && MatchBracket(text_, at_, &bracket) && bracket.next <= level.begin) {
      AddBracket(bracket);
      Accept(bracket.next);
      continue;
    }
    const size_t end = TokenEnd(text_, at_);
    if (end > level.begin) break;
    const std::string_view token = text_.substr(at_, end - at_);
    if (HasDigit(token) && ClassifyToken(token) == TokenClass::kInteger && numbers_ < 2) {
      Add(at_, end, FieldRole::kAttribute, ValueType::kInt64, numbers_ == 0 ? "process.pid" : "thread.id");
      ++numbers_;
    } else if (token != "-" && token != "|") {
      if (ClassifyName(token) == NameKind::kStructured && !HasDigit(token) && names_ == 0)
        AddName(at_, end, "log.logger"), ++names_;
      ++skipped_;
    }
    Accept(end);
  }
  at_ = level.bracketed ? at_ : level.begin;
  form_ += "S";
  return Level();
}

// PostgreSQL's log_line_prefix can hold anything; its level, in capitals with a colon and two blanks, cannot be missed.
bool HeaderParser::PostgresLevelAhead() {
  if (level_) return false;
  for (size_t p = text_.find(":  ", at_); p != std::string_view::npos; p = text_.find(":  ", p + 1)) {
    size_t begin = p;
    while (begin > at_ && (IsAsciiUpper(text_[begin - 1]) || IsAsciiDigit(text_[begin - 1]))) --begin;
    if (begin == p) continue;
    const std::string_view word = text_.substr(begin, p - begin);
    if (begin > at_ && text_[begin - 1] != ' ' && text_[begin - 1] != ':' && text_[begin - 1] != ']') return false;
    if (SeverityNumber(word) == 0) return false;
    LevelItem level{begin, p, p + 1};
    level.colon = true;
    AddLevel(level);
    for (size_t q = at_; q < begin; ++q) {
      BracketItem bracket;
      if (text_[q] != '[' || !MatchBracket(text_, q, &bracket) || bracket.next > begin) continue;
      if (ClassifyToken(text_.substr(bracket.begin, bracket.end - bracket.begin)) == TokenClass::kInteger) {
        Add(bracket.begin, bracket.end, FieldRole::kAttribute, ValueType::kInt64, "process.pid");
        break;
      }
      q = bracket.next;
    }
    form_ += "P";
    Accept(p + 1);
    done_ = true;
    return true;
  }
  return false;
}

}  // namespace whittle
