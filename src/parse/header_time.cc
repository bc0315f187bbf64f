#include "parse/header_parser.h"

#include <algorithm>
#include <string>
#include <utility>

#include "event/severity.h"
#include "scan/time_layout.h"
#include "scan/tokenizer.h"

namespace whittle {

// One blank and more: the bracket of the time goes on. Behind a comma columns may be padded.
bool HeaderParser::SkipsToMore(size_t at, bool padded) const {
  const size_t next = SkipBlanks(text_, at);
  return next < text_.size() && (next == at + 1 || (padded && next > at));
}

bool HeaderParser::Time(size_t at, bool leading) {
  const bool bracket = at < text_.size() && text_[at] == '[';
  const size_t begin = at + (bracket ? 1 : 0);
  if (begin >= text_.size()) return false;
  const char first = text_[begin];
  if (!IsAsciiDigit(first) && !IsAsciiUpper(first)) return false;
  const std::string_view rest = text_.substr(begin);
  const auto match = MatchTime(rest);
  if (!match) {
    if (IsAsciiDigit(first) && LooksLikeTime(rest)) cacheable_ = false;
    return false;
  }
  ParsedTime parsed;
  if (!ParseTime(match->layout, rest.substr(0, match->size), &parsed)) return false;
  size_t end = begin + match->size;
  // A zone that was not understood, or a number that reads like one: other digits would decide otherwise.
  if (end + 2 < text_.size() && text_[end] == ' ' && (text_[end + 1] == '+' || text_[end + 1] == '-') &&
      IsAsciiDigit(text_[end + 2]))
    cacheable_ = false;
  const std::string_view matched = rest.substr(0, match->size);
  const bool plain_number = matched.find_first_not_of("0123456789.") == std::string_view::npos;
  const bool only_date = !TimeLayoutHasClock(match->layout);
  if (only_date && !leading && !time_) return false;
  if (bracket) {
    if (end < text_.size() && text_[end] == ']') {
      ++end;
    } else if (const bool comma = end < text_.size() && text_[end] == ',';
               leading && SkipsToMore(end + (comma || (end < text_.size() && text_[end] == ':') ? 1 : 0), comma)) {
      // More in the same bracket: "[2023-06-14 15:16:01 ERROR main] ..." is taken item by item.
      open_bracket_ = true;
    } else {
      return false;
    }
  }
  const bool better = !time_ || (parsed.has_date && parsed.has_year && !only_date);
  if (time_) {
    // Two times: the later one is the program's own, unless it lacks what the earlier one has.
    if (better) {
      for (FieldSpan& field : fields_) {
        if (field.role == FieldRole::kTimestamp) field.role = FieldRole::kAttribute, field.name = "log.time";
      }
    }
  }
  Add(begin, begin + match->size, better ? FieldRole::kTimestamp : FieldRole::kAttribute, ValueType::kTimestamp,
      better ? "" : "log.time", match->layout);
  form_ += "T";
  if (!time_) {
    zoned_ = parsed.has_zone;
    epoch_ = plain_number;
  }
  // "Jun 14 15:16:01" is how syslog writes; "03-17 16:15:08" is not.
  if (!parsed.has_year && parsed.has_date && IsAsciiUpper(first)) yearless_ = true;
  time_ = true;
  date_ = parsed.has_date;
  ++brackets_;
  Accept(end);
  return true;
}

// Further times in the columns after the first: at most three columns on, over columns that hold digits.
bool HeaderParser::LaterTime() {
  size_t p = at_;
  for (int columns = 0; columns < 3 && p < text_.size(); ++columns) {
    const size_t before = at_;
    const bool digit_or_letter = IsAsciiDigit(text_[p]) || (IsAsciiUpper(text_[p]) && yearless_ == false);
    if (digit_or_letter) {
      const auto match = MatchTime(text_.substr(p));
      if (match && TimeLayoutHasDate(match->layout) && Time(p, false)) {
        columns_ += columns;
        return true;
      }
    }
    at_ = before;
    const size_t end = TokenEnd(text_, p);
    const std::string_view token = text_.substr(p, end - p);
    if (!HasDigit(token) || token.back() == ':' || token.find_first_of("[]()=\"") != std::string_view::npos)
      return false;
    p = SkipBlanks(text_, end);
  }
  return false;
}

bool HeaderParser::Uptime(size_t at) {
  BracketItem bracket;
  if (at >= text_.size() || text_[at] != '[' || !MatchBracket(text_, at, &bracket)) return false;
  const size_t begin = SkipBlanks(text_, bracket.begin);
  size_t end = begin;
  while (end < bracket.end && (IsAsciiDigit(text_[end]) || text_[end] == '.')) ++end;
  const std::string_view number = text_.substr(begin, end - begin);
  const std::string_view unit = text_.substr(end, bracket.end - end);
  if (number.empty() || (unit != "s" && unit != "ms" && unit != "ns" && !unit.empty())) return false;
  if (unit.empty() && ClassifyToken(number) != TokenClass::kDecimal) return false;
  if (unit.empty() && begin == bracket.begin && number.size() < 5) return false;
  Add(begin, bracket.end, FieldRole::kAttribute, unit.empty() ? ValueType::kDouble : ValueType::kDuration,
      unit.empty() ? "system.uptime" : "process.uptime");
  uptime_ = true;
  ++brackets_;
  form_ += "U";
  Accept(bracket.next);
  return true;
}

// "I0614 15:16:01.123456 12345 file.cc:123] message"
bool HeaderParser::Glog() {
  if (text_.size() < 14 || SeverityNumberOfLetter(text_[0]) == 0 || !IsAsciiDigit(text_[1])) return false;
  if (!Time(1, true)) return false;
  LevelItem level{0, 1, 1};
  level.letter = true;
  AddLevel(level);
  glog_ = true;
  return true;
}

bool HeaderParser::LeadingLevel() {
  LevelItem level;
  if (!MatchLevel(text_, 0, &level)) return false;
  if (level.letter) {
    // Android's brief form: "D/Tag(  123): message".
    if (!level.bracketed) return false;
    level_ = false;
  }
  const bool upper =
      IsAsciiUpper(text_[level.begin]) && (level.end - level.begin < 2 || IsAsciiUpper(text_[level.begin + 1]));
  if (mode_ == HeaderMode::kInEnvelope && !(upper || level.bracketed)) return false;
  if (!level.bracketed && !upper && !level.colon) return false;
  // "Error: x", "error: x" and "note: x" are sentences more often than headers, "WARN: x" and "info: x" are not.
  if (!level.bracketed && !upper &&
      !(level.colon && IsUnmistakableLevel(text_.substr(level.begin, level.end - level.begin)) &&
        SeverityNumber(text_.substr(level.begin, level.end - level.begin)) < 13))
    return false;
  AddLevel(level);
  Accept(level.next);
  if (level.colon) gap_ = Gap::kColon;
  // Python's "INFO:root:message".
  if (level.colon && !level.bracketed && level.next < text_.size() && !IsBlankByte(text_[level.next])) {
    size_t end = level.next;
    while (end < text_.size() && !IsBlankByte(text_[end]) && text_[end] != ':') ++end;
    if (end < text_.size() && text_[end] == ':' &&
        ClassifyName(text_.substr(level.next, end - level.next)) != NameKind::kNone) {
      AddName(level.next, end, "log.logger");
      Accept(end + 1);
      done_ = true;
    }
  } else if (level.colon) {
    done_ = !Time(at_, false);
  } else {
    TimeBehindLevel();
  }
  return true;
}

// "INFO  [main] 2024-03-11 08:12:44,123 ..." of Cassandra, "WARNING 2024-03-11 08:12:46,123 ..." of Django.
void HeaderParser::TimeBehindLevel() {
  BracketItem bracket;
  size_t at = at_;
  const bool thread = at < text_.size() && text_[at] == '[' && MatchBracket(text_, at, &bracket);
  if (thread) at = SkipBlanks(text_, bracket.next);
  if (at >= text_.size() || (!IsAsciiDigit(text_[at]) && !IsAsciiUpper(text_[at]))) return;
  const auto match = MatchTime(text_.substr(at));
  if (!match) {
    if (IsAsciiDigit(text_[at]) && LooksLikeTime(text_.substr(at))) cacheable_ = false;
    return;
  }
  if (!TimeLayoutHasDate(match->layout)) return;
  if (thread) {
    AddBracket(bracket);
    Accept(bracket.next);
  }
  Time(at_, false);
}

// "LABEL 1117869872 2005.06.04 ...": a word in capitals, an epoch and more columns with digits.
bool HeaderParser::LabelledEpoch(std::string_view first, size_t end) const {
  if (!std::all_of(first.begin(), first.end(), IsAsciiUpper)) return false;
  const size_t next = SkipBlanks(text_, end);
  return HasDigit(text_.substr(next, TokenEnd(text_, next) - next));
}

// Columns before the time: a label, a host, a number, a file name.
bool HeaderParser::LeadingColumns() {
  size_t p = 0;
  const size_t first_end = TokenEnd(text_, 0);
  const std::string_view first = text_.substr(0, first_end);
  // "[Nest] 1234  - 11/24/2026, 10:00:00 AM": what stands in brackets of its own is no word of a sentence.
  const auto bracketed = [](std::string_view token) { return token.front() == '[' && token.back() == ']'; };
  const bool first_is_column = first == "-" || HasDigit(first) || bracketed(first);
  bool plain_words = false;
  for (int columns = 0; columns <= kMaxLeadingColumns && p < text_.size(); ++columns) {
    if (columns > 0) {
      const size_t time_at = p + (text_[p] == '[' ? 1 : 0);
      const auto match = time_at < text_.size() && (IsAsciiDigit(text_[time_at]) || IsAsciiUpper(text_[time_at]))
                             ? MatchTime(text_.substr(time_at))
                             : std::nullopt;
      if (match) {
        const std::string_view matched = text_.substr(time_at, match->size);
        const bool plain_number = matched.find_first_not_of("0123456789.") == std::string_view::npos;
        // "Order 2024-05-02 failed": a mere date behind a word is part of a sentence.
        const bool enough =
            columns == 1 ? TimeLayoutHasDate(match->layout) && (TimeLayoutHasClock(match->layout) || !plain_words)
                         : first_is_column && (!plain_words || plain_number || text_[p] == '[') &&
                               TimeLayoutHasDate(match->layout);
        if (enough && (columns > 1 || !plain_number || first == "-" || LabelledEpoch(first, time_at + match->size)) &&
            Time(p, true)) {
          columns_ = columns;
          form_ = "C" + form_;
          return true;
        }
        if (!enough) return false;
      } else if (time_at < text_.size() && IsAsciiDigit(text_[time_at]) && LooksLikeTime(text_.substr(time_at))) {
        cacheable_ = false;
      }
    }
    const size_t end = TokenEnd(text_, p);
    const std::string_view token = text_.substr(p, end - p);
    if (token.back() == ',' || token.back() == '"' || token.front() == '"') return false;
    if (token.back() == ':' && columns > 0) return false;
    if (!HasDigit(token) && !bracketed(token) && token.find_first_of("._-|/:@") == std::string_view::npos)
      plain_words = true;
    p = SkipBlanks(text_, end);
  }
  return false;
}

bool HeaderParser::FirstItem() {
  const size_t start = SkipBlanks(text_, 0);
  if (start >= text_.size()) return false;
  if (start > 0) text_.remove_prefix(0), at_ = start;
  if (Time(start, true)) return true;
  if (start > 0) return false;
  if (Uptime(0) || Glog()) return true;
  // Tornado: "[I 230614 15:16:01 web:2] message".
  if (text_.size() > 4 && text_[0] == '[' && SeverityNumberOfLetter(text_[1]) != 0 && text_[2] == ' ' &&
      Time(3, true)) {
    LevelItem level{1, 2, 2};
    AddLevel(level);
    glog_ = true;
    return true;
  }
  // CUPS: "I [14/Jun/2023:15:16:01 +0000] message".
  if (text_.size() > 4 && text_.substr(1, 2) == " [" && SeverityNumberOfLetter(text_[0]) != 0 && Time(2, true)) {
    LevelItem level{0, 1, 1};
    AddLevel(level);
    return true;
  }
  // Ruby: "E, [2023-06-14T15:16:01.123456 #1234] ERROR -- name: message".
  if (text_.size() > 4 && text_.substr(1, 3) == ", [" && SeverityNumberOfLetter(text_[0]) != 0 && Time(3, true))
    return true;
  if (LeadingLevel()) return true;
  if (mode_ == HeaderMode::kInEnvelope) return PostgresLevelAhead();
  if (LeadingColumns()) return true;
  // "[main] INFO a.b.C - message", and formats without a time: a level some columns on, in capitals with a colon.
  BracketItem bracket;
  LevelItem level;
  if (MatchBracket(text_, 0, &bracket) && text_[0] == '[' && bracket.next < text_.size()) {
    const size_t next = SkipBlanks(text_, bracket.next);
    if (next > bracket.next && MatchLevel(text_, next, &level) && level.strong && !level.letter) {
      AddBracket(bracket);
      Accept(bracket.next);
      return true;
    }
  }
  if (BriefTag(0)) return true;
  return PostgresLevelAhead();
}

}  // namespace whittle
