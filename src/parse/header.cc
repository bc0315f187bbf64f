#include "parse/header.h"

#include <algorithm>
#include <string>
#include <utility>

#include "event/severity.h"
#include "parse/header_items.h"
#include "scan/time_layout.h"
#include "scan/tokenizer.h"

namespace whittle {
namespace {

constexpr int kMaxItems = 24;
constexpr int kMaxLeadingColumns = 6;  // what may stand before the time
constexpr int kMaxSkippedColumns = 5;  // what may stand between time and level

// Words that end in a colon at the beginning of sentences, not of logger names.
bool IsSentenceWord(std::string_view name) {
  std::string word(name);
  for (char& c : word) c = static_cast<char>(IsAsciiUpper(c) ? c + 32 : c);
  constexpr std::string_view kWords[] = {"error", "warning", "exception", "failed", "failure", "note", "result", "status", "response", "request",
                                         "url",   "uri",     "usage",     "caused", "duration", "reason", "cause", "message", "value", "data", "total"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

class HeaderParser {
 public:
  HeaderParser(std::string_view text, HeaderMode mode)
      : text_(text.substr(0, kMaxHeaderBytes)), size_(text.size()), mode_(mode) {}

  bool Parse();
  void Take(LineAnalysis* analysis);
  bool cacheable() const { return cacheable_; }

 private:
  // What stands between the last item and at_.
  enum class Gap { kNone, kBlank, kWide, kDash, kColon, kBar, kComma };

  bool FirstItem();
  bool NextItem();
  bool LeadingColumns();
  bool LabelledEpoch(std::string_view first, size_t end) const;
  bool LeadingLevel();
  bool Glog();
  bool Uptime(size_t at);
  bool Time(size_t at, bool leading);
  bool LaterTime();
  bool Level();
  bool LevelAhead();
  bool SkipToLevel(size_t at, int columns, bool* plain, LevelItem* level) const;
  bool PostgresLevelAhead();
  bool Syslog();
  bool Bracket();
  bool BracketIsHeader(const BracketItem& bracket) const;
  void AddBracket(const BracketItem& bracket);
  bool Numbers();
  bool ProcessAndThread();
  bool Bars();
  bool ClosingItem();
  bool Name();
  bool NameWithColon(std::string_view token);
  bool NameBeforeGap(std::string_view token);

  void Add(size_t begin, size_t end, FieldRole role, ValueType type, std::string name, uint16_t layout = 0) {
    if (begin < end) fields_.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end), role, type, 0, layout, std::move(name)});
  }
  void AddName(size_t begin, size_t end, const char* name) { Add(begin, end, FieldRole::kAttribute, ValueType::kString, name); }
  void AddLevel(const LevelItem& level);
  // The item ends at `end`: moves behind the separator that follows it, where the body would begin.
  void Accept(size_t end);
  Gap GapAt(size_t at, size_t* next) const;
  bool At(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool LevelOrBracketAt(size_t at) const;
  bool StructuredNameWithColonAt(size_t at) const;

  std::string_view text_;
  size_t size_;
  HeaderMode mode_;
  size_t at_ = 0;
  Gap gap_ = Gap::kNone;
  std::vector<FieldSpan> fields_;
  std::string form_;
  std::string envelope_;
  int columns_ = 0;        // before the time
  int skipped_ = 0;        // between time and level
  int brackets_ = 0;       // in a row
  int names_ = 0;
  int numbers_ = 0;
  bool time_ = false, date_ = false, level_ = false, uptime_ = false;
  bool letter_level_ = false, thread_ = false, glog_ = false, bars_ = false;
  bool yearless_ = false;  // a time as syslog writes it
  bool zoned_ = false, epoch_ = false;
  bool open_bracket_ = false;  // the time's bracket holds more items
  bool done_ = false;
  bool cacheable_ = true;
};

HeaderParser::Gap HeaderParser::GapAt(size_t at, size_t* next) const {
  size_t p = SkipBlanks(text_, at);
  const bool wide = p - at > 1 || (p > at && text_[at] == '\t');
  *next = p;
  if (p >= text_.size()) return p > at ? Gap::kBlank : Gap::kNone;
  const char c = text_[p];
  const bool alone = p + 1 >= text_.size() || IsBlankByte(text_[p + 1]);
  if (c == '|') {
    *next = SkipBlanks(text_, p + 1);
    return Gap::kBar;
  }
  if (c == ',' && p == at) {
    *next = SkipBlanks(text_, p + 1);
    return Gap::kComma;
  }
  if (c == ':' && (alone || p == at)) {
    *next = SkipBlanks(text_, p + 1);
    return Gap::kColon;
  }
  if (c == '-' && p > at) {
    size_t q = p;
    while (q < text_.size() && text_[q] == '-') ++q;
    // Spring writes "---" after the process id, Ruby " -- :" or " -- name:" after the level.
    const bool fits = q - p == 1 || (q - p == 2 && level_) || (q - p == 3 && numbers_ > 0);
    if (fits && (q == text_.size() || IsBlankByte(text_[q]))) {
      *next = SkipBlanks(text_, q);
      if (q - p == 2 && text_.substr(*next, 2) == ": ") *next = SkipBlanks(text_, *next + 1);
      return Gap::kDash;
    }
  }
  return p == at ? Gap::kNone : wide ? Gap::kWide : Gap::kBlank;
}

void HeaderParser::Accept(size_t end) {
  if (open_bracket_ && end < text_.size() && text_[end] == ']') {
    open_bracket_ = false;
    ++end;
  }
  size_t next = end;
  gap_ = GapAt(end, &next);
  at_ = next;
}

void HeaderParser::AddLevel(const LevelItem& level) {
  Add(level.begin, level.end, FieldRole::kSeverity, ValueType::kString, {});
  level_ = true;
  letter_level_ = level.letter;
  form_ += "L";
}

// Time ----------------------------------------------------------------------------------------------------------------

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
  if (end + 2 < text_.size() && text_[end] == ' ' && (text_[end + 1] == '+' || text_[end + 1] == '-') && IsAsciiDigit(text_[end + 2])) cacheable_ = false;
  const std::string_view matched = rest.substr(0, match->size);
  const bool plain_number = matched.find_first_not_of("0123456789.") == std::string_view::npos;
  const bool only_date = !TimeLayoutHasClock(match->layout);
  if (only_date && !leading && !time_) return false;
  if (bracket) {
    if (end < text_.size() && text_[end] == ']') {
      ++end;
    } else if (leading && end + 1 < text_.size() && text_[end] == ' ' && text_[end + 1] != ' ') {
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
  Add(begin, begin + match->size, better ? FieldRole::kTimestamp : FieldRole::kAttribute, ValueType::kTimestamp, better ? "" : "log.time", match->layout);
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
    if (!HasDigit(token) || token.back() == ':' || token.find_first_of("[]()=\"") != std::string_view::npos) return false;
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
  Add(begin, bracket.end, FieldRole::kAttribute, unit.empty() ? ValueType::kDouble : ValueType::kDuration, unit.empty() ? "system.uptime" : "process.uptime");
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
  const bool upper = IsAsciiUpper(text_[level.begin]) && (level.end - level.begin < 2 || IsAsciiUpper(text_[level.begin + 1]));
  if (mode_ == HeaderMode::kInEnvelope && !(upper || level.bracketed)) return false;
  if (!level.bracketed && !upper && !level.colon) return false;
  // "Error: x" and "error: x" are sentences more often than headers, "WARN: x" and "info: x" are not.
  if (!level.bracketed && !upper && !(level.colon && IsAsciiLower(text_[0]) && SeverityNumber(text_.substr(level.begin, level.end - level.begin)) < 13)) return false;
  AddLevel(level);
  Accept(level.next);
  if (level.colon) gap_ = Gap::kColon;
  // Python's "INFO:root:message".
  if (level.colon && !level.bracketed && level.next < text_.size() && !IsBlankByte(text_[level.next])) {
    size_t end = level.next;
    while (end < text_.size() && !IsBlankByte(text_[end]) && text_[end] != ':') ++end;
    if (end < text_.size() && text_[end] == ':' && ClassifyName(text_.substr(level.next, end - level.next)) != NameKind::kNone) {
      AddName(level.next, end, "log.logger");
      Accept(end + 1);
      done_ = true;
    }
  } else if (level.colon) {
    done_ = !Time(at_, false);
  }
  return true;
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
  const bool first_is_column = first == "-" || HasDigit(first);
  bool plain_words = false;
  for (int columns = 0; columns <= kMaxLeadingColumns && p < text_.size(); ++columns) {
    if (columns > 0) {
      const size_t time_at = p + (text_[p] == '[' ? 1 : 0);
      const auto match = time_at < text_.size() && (IsAsciiDigit(text_[time_at]) || IsAsciiUpper(text_[time_at])) ? MatchTime(text_.substr(time_at)) : std::nullopt;
      if (match) {
        const std::string_view matched = text_.substr(time_at, match->size);
        const bool plain_number = matched.find_first_not_of("0123456789.") == std::string_view::npos;
        const bool enough = columns == 1 ? TimeLayoutHasDate(match->layout)
                                         : first_is_column && (!plain_words || plain_number || text_[p] == '[') && TimeLayoutHasDate(match->layout);
        if (enough && (columns > 1 || !plain_number || first == "-" || LabelledEpoch(first, time_at + match->size)) && Time(p, true)) {
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
    if (!HasDigit(token) && token.find_first_of("._-|/:@") == std::string_view::npos) plain_words = true;
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
  if (text_.size() > 4 && text_[0] == '[' && SeverityNumberOfLetter(text_[1]) != 0 && text_[2] == ' ' && Time(3, true)) {
    LevelItem level{1, 2, 2};
    AddLevel(level);
    glog_ = true;
    return true;
  }
  // Ruby: "E, [2023-06-14T15:16:01.123456 #1234] ERROR -- name: message".
  if (text_.size() > 4 && text_.substr(1, 3) == ", [" && SeverityNumberOfLetter(text_[0]) != 0 && Time(3, true)) return true;
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
  // Android's brief form.
  if (text_.size() > 4 && text_[1] == '/' && SeverityNumberOfLetter(text_[0]) != 0) {
    const size_t open = text_.find('(');
    if (open != std::string_view::npos && open < 64 && MatchBracket(text_, open, &bracket) && bracket.next < text_.size() && text_[bracket.next] == ':') {
      LevelItem letter{0, 1, 1};
      letter.letter = true;
      AddLevel(letter);
      size_t name_end = open;
      while (name_end > 2 && IsBlankByte(text_[name_end - 1])) --name_end;
      AddName(2, name_end, "log.logger");
      Add(SkipBlanks(text_, bracket.begin), bracket.end, FieldRole::kAttribute, ValueType::kInt64, "process.pid");
      Accept(bracket.next + 1);
      done_ = true;
      return true;
    }
  }
  return PostgresLevelAhead();
}

// Level ---------------------------------------------------------------------------------------------------------------

bool HeaderParser::Level() {
  LevelItem level;
  if (level_ || !MatchLevel(text_, at_, &level)) return false;
  if (level.letter && !level.bracketed) {
    // A letter alone says little: only after a time, and not as the first word of a sentence.
    if (!time_ || uptime_ || (numbers_ == 0 && ClassifyName(text_.substr(SkipBlanks(text_, level.next), TokenEnd(text_, SkipBlanks(text_, level.next)) - SkipBlanks(text_, level.next))) == NameKind::kNone)) return false;
  }
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
      if (p < text_.size() && (text_[p] == ':' || text_[p] == '-') && p + 1 < text_.size() && IsBlankByte(text_[p + 1])) p = SkipBlanks(text_, p + 1);
      continue;
    }
    const size_t end = TokenEnd(text_, p);
    const std::string_view token = text_.substr(p, end - p);
    const bool upper = std::all_of(token.begin(), token.end(), [](char c) { return IsAsciiUpper(c) || c == '_' || c == '-'; });
    const size_t next = SkipBlanks(text_, end);
    const bool barred = next < text_.size() && (text_[next] == '-' || text_[next] == '|') && next + 1 < text_.size() && IsBlankByte(text_[next + 1]);
    const NameKind kind = ClassifyName(token);
    const bool pair = token.find('=') != std::string_view::npos || token.find('@') != std::string_view::npos;
    if (!upper && !HasDigit(token) && kind != NameKind::kStructured && !pair && !(barred && kind == NameKind::kPlain)) return false;
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
      if (ClassifyName(token) == NameKind::kStructured && !HasDigit(token) && names_ == 0) AddName(at_, end, "log.logger"), ++names_;
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

// Brackets, numbers, names --------------------------------------------------------------------------------------------

bool HeaderParser::LevelOrBracketAt(size_t at) const {
  LevelItem level;
  return at < text_.size() && (text_[at] == '[' || (MatchLevel(text_, at, &level) && (level.strong || level.letter)));
}

bool HeaderParser::StructuredNameWithColonAt(size_t at) const {
  const size_t end = TokenEnd(text_, at);
  if (end <= at + 1 || text_[end - 1] != ':') return false;
  const std::string_view name = text_.substr(at, end - at - 1);
  return ClassifyName(name) == NameKind::kStructured && (!HasDigit(name) || ClassifyToken(name) == TokenClass::kMixed);
}

bool HeaderParser::BracketIsHeader(const BracketItem& bracket) const {
  std::string_view content = text_.substr(bracket.begin, bracket.end - bracket.begin);
  while (!content.empty() && IsBlankByte(content.front())) content.remove_prefix(1);
  while (!content.empty() && IsBlankByte(content.back())) content.remove_suffix(1);
  if (content.size() > 240 || content.find(": ") != std::string_view::npos) return false;
  size_t next = 0;
  const Gap gap = GapAt(bracket.next, &next);
  if (content.empty()) return gap != Gap::kNone;
  if (gap == Gap::kNone && next < text_.size() && text_[next] != '[') return false;
  if (content.starts_with("pid ") || content.starts_with("tid ")) return true;
  if (gap == Gap::kDash || gap == Gap::kColon || gap == Gap::kBar) return true;
  if (content.find_first_of("\"{}") != std::string_view::npos) return false;
  const bool words = content.find(' ') != std::string_view::npos;
  if (next < text_.size() && LevelOrBracketAt(next) && !words) return true;
  LevelItem level;
  if (next < text_.size() && MatchLevel(text_, next, &level) && level.strong) return true;
  if (StructuredNameWithColonAt(next)) return true;
  if (!words) return content.find('=') == std::string_view::npos;
  // Several words before a message: a thread's name or part of the message? Only ids and dashes are surely not words.
  for (size_t p = 0; p < content.size(); p = SkipBlanks(content, TokenEnd(content, p))) {
    const std::string_view token = content.substr(p, TokenEnd(content, p) - p);
    if (token != "-" && !HasDigit(token)) return false;
  }
  return true;
}

void HeaderParser::AddBracket(const BracketItem& bracket) {
  size_t begin = SkipBlanks(text_, bracket.begin), end = bracket.end;
  while (end > begin && IsBlankByte(text_[end - 1])) --end;
  const std::string_view content = text_.substr(begin, end - begin);
  form_ += "B";
  if (content.starts_with("pid ")) {
    size_t number_end = begin + 4;
    while (number_end < end && IsAsciiDigit(text_[number_end])) ++number_end;
    Add(begin + 4, number_end, FieldRole::kAttribute, ValueType::kInt64, "process.pid");
    if (text_.substr(number_end, 5) == ":tid ") Add(number_end + 5, end, FieldRole::kAttribute, ValueType::kInt64, "thread.id");
    return;
  }
  const bool spaced = content.find(' ') != std::string_view::npos;
  if (HasDigit(content) && !spaced && ClassifyToken(content) == TokenClass::kInteger) {
    if (numbers_++ == 0) Add(begin, end, FieldRole::kAttribute, ValueType::kInt64, "process.pid");
    return;
  }
  const bool class_name = !HasDigit(content) && content.find('.') != std::string_view::npos && ClassifyName(content) == NameKind::kStructured;
  if (names_ == 0 && ((level_ && brackets_ > 1 && !HasDigit(content)) || class_name)) {
    AddName(begin, end, "log.logger");
    ++names_;
  } else if (!thread_ && names_ == 0 && content != "-") {
    AddName(begin, end, "thread.name");
    thread_ = true;
  }
}

bool HeaderParser::Bracket() {
  BracketItem bracket;
  // JBoss: "LEVEL [logger] (thread) message".
  if (text_[at_] == '(' && level_ && !thread_ && form_.ends_with("LB") && gap_ == Gap::kBlank && MatchBracket(text_, at_, &bracket) &&
      bracket.next < text_.size() && text_[bracket.next] == ' ') {
    AddName(bracket.begin, bracket.end, "thread.name");
    thread_ = true;
    form_ += "B";
    Accept(bracket.next);
    done_ = true;
    return true;
  }
  if (text_[at_] != '[' || !MatchBracket(text_, at_, &bracket) || !BracketIsHeader(bracket)) return false;
  // One bracket may follow the logger's name (a request id); after the colon that ends a name the message has begun.
  if (names_ > 0 && gap_ == Gap::kColon) return false;
  const bool first = names_ == 0;
  AddBracket(bracket);
  ++brackets_;
  Accept(bracket.next);
  if (!first && brackets_ > 1 && names_ > 0 && !(gap_ == Gap::kDash)) done_ = skipped_ == 0 && !thread_;
  if ((!first && gap_ != Gap::kNone) || (level_ && gap_ == Gap::kDash)) done_ = true;
  return true;
}

// A process and perhaps a thread id, when something follows that shows that the header goes on.
bool HeaderParser::Numbers() {
  if (!IsAsciiDigit(text_[at_]) || numbers_ >= 2) return false;
  const size_t end = TokenEnd(text_, at_);
  const std::string_view token = text_.substr(at_, end - at_);
  if (ClassifyToken(token) != TokenClass::kInteger) return false;
  const size_t next = SkipBlanks(text_, end);
  if (next >= text_.size()) return false;
  bool goes_on = LevelOrBracketAt(next) || (columns_ >= 2 && !level_) || glog_;
  goes_on = goes_on || text_.substr(next, 4) == "--- ";
  if (IsAsciiDigit(text_[next])) {
    const size_t second_end = TokenEnd(text_, next);
    goes_on = goes_on || (ClassifyToken(text_.substr(next, second_end - next)) == TokenClass::kInteger && LevelOrBracketAt(SkipBlanks(text_, second_end)));
  }
  if (!goes_on || (level_ && !glog_ && text_.substr(next, 3) != "---")) return false;
  Add(at_, end, FieldRole::kAttribute, ValueType::kInt64, numbers_ == 0 ? "process.pid" : "thread.id");
  ++numbers_;
  brackets_ = 0;
  form_ += "N";
  Accept(end);
  return true;
}

// nginx: "1234#5678: message".
bool HeaderParser::ProcessAndThread() {
  if (!level_ || numbers_ > 0 || !IsAsciiDigit(text_[at_])) return false;
  const size_t end = TokenEnd(text_, at_);
  if (text_[end - 1] != ':') return false;
  const std::string_view token = text_.substr(at_, end - at_ - 1);
  if (ClassifyToken(token) != TokenClass::kDigitsPunct) return false;
  const size_t hash = token.find('#');
  if (hash == std::string_view::npos || token.find_first_not_of("0123456789#") != std::string_view::npos) {
    cacheable_ = false;
    return false;
  }
  Add(at_, at_ + hash, FieldRole::kAttribute, ValueType::kInt64, "process.pid");
  Add(at_ + hash + 1, end - 1, FieldRole::kAttribute, ValueType::kInt64, "thread.id");
  numbers_ = 2;
  form_ += "N";
  Accept(end);
  done_ = true;
  return true;
}

// Columns set off by bars: "time|level|logger|message".
bool HeaderParser::Bars() {
  if (gap_ != Gap::kBar || names_ + numbers_ > 3) return false;
  size_t end = at_;
  while (end < text_.size() && text_[end] != '|' && end - at_ < 80) ++end;
  if (end >= text_.size() || text_[end] != '|') return false;
  size_t trimmed = end;
  while (trimmed > at_ && IsBlankByte(text_[trimmed - 1])) --trimmed;
  const std::string_view token = text_.substr(at_, trimmed - at_);
  if (token.empty()) {
    Accept(end);
    return true;
  }
  const bool number = HasDigit(token) && ClassifyToken(token) == TokenClass::kInteger;
  if (number && numbers_ < 2) {
    Add(at_, trimmed, FieldRole::kAttribute, ValueType::kInt64, numbers_ == 0 ? "process.pid" : "thread.id");
    ++numbers_;
  } else if (names_ < 2 && token.find(' ') == std::string_view::npos) {
    AddName(at_, trimmed, names_ == 0 ? "log.logger" : "thread.name");
    ++names_;
  } else {
    return false;
  }
  form_ += "|";
  Accept(end);
  return true;
}

bool HeaderParser::NameWithColon(std::string_view token) {
  const std::string_view name = token.substr(0, token.size() - 1);
  const NameKind kind = ClassifyName(name);
  if (kind == NameKind::kNone && !(letter_level_ && name.find_first_of("()[]\"=") == std::string_view::npos && !HasDigit(name))) return false;
  // "AH00128: File does not exist" is a message with a code.
  if (!letter_level_ && HasDigit(name) && ClassifyToken(name) != TokenClass::kMixed) return false;
  const bool plain_ok = letter_level_ || (level_ && skipped_ == 0 && gap_ != Gap::kColon && !IsSentenceWord(name));
  if (kind != NameKind::kStructured && !plain_ok) return false;
  // Behind " - " the message begins, unless the name is plainly a class: "INFO  - TraceID: 1".
  if (gap_ == Gap::kDash && name.find_first_of(".$") == std::string_view::npos) return false;
  if (skipped_ > 0 && kind == NameKind::kStructured && name.find('.') == std::string_view::npos) return false;
  if (!level_ && !uptime_ && brackets_ == 0 && name.find_first_of(".$") == std::string_view::npos) return false;
  AddName(at_, at_ + name.size(), "log.logger");
  ++names_;
  form_ += "N:";
  Accept(at_ + token.size());
  gap_ = Gap::kColon;
  done_ = true;
  return true;
}

bool HeaderParser::NameBeforeGap(std::string_view token) {
  const NameKind kind = ClassifyName(token);
  if (kind == NameKind::kNone) return false;
  const size_t end = at_ + token.size();
  size_t next = end;
  const Gap gap = GapAt(end, &next);
  bool accept = false;
  if (gap == Gap::kDash || gap == Gap::kBar || (gap == Gap::kColon && text_[end] == ' ')) {
    LevelItem level;
    accept = level_ || kind == NameKind::kStructured || (MatchLevel(text_, next, &level) && level.strong);
  } else if (gap == Gap::kWide) {
    accept = level_ && !(text_.substr(end, 2) == "  " && kind == NameKind::kPlain && gap_ == Gap::kBlank && !letter_level_);
  } else if (next < text_.size() && text_[next] == '[' && gap == Gap::kBlank) {
    BracketItem bracket;
    accept = level_ && (letter_level_ || (kind == NameKind::kStructured && token.find('.') != std::string_view::npos)) &&
             MatchBracket(text_, next, &bracket) && BracketIsHeader(bracket);
  } else if (gap == Gap::kBlank && level_ && !HasDigit(token) && gap_ != Gap::kColon) {
    // "org.apache.catalina.startup.Catalina.start Server startup": two dots are more than a sentence has.
    accept = std::count(token.begin(), token.end(), '.') >= 2 && token.find("..") == std::string_view::npos && token.find('/') == std::string_view::npos;
    if (accept) {
      AddName(at_, end, "log.logger");
      ++names_;
      form_ += "N";
      Accept(end);
      done_ = true;
      return true;
    }
  }
  // "chrome.exe *64 - message": a second word without letters, then a dash.
  if (!accept && gap == Gap::kBlank && kind == NameKind::kStructured && time_ && next < text_.size() && text_[next] == '*') {
    size_t after = 0;
    const size_t second_end = TokenEnd(text_, next);
    if (GapAt(second_end, &after) == Gap::kDash) {
      AddName(at_, end, "log.logger");
      ++names_;
      form_ += "N-";
      Accept(second_end);
      done_ = true;
      return true;
    }
  }
  if (!accept) return false;
  AddName(at_, end, "log.logger");
  ++names_;
  form_ += "N";
  Accept(end);
  if (gap == Gap::kDash && level_) done_ = true;
  return true;
}

// The end of a bracket that began with the time, or of none: "file.cc:123] message" of glog, "NotebookApp] message" of
// Jupyter, "#1234] ERROR -- : message" of Ruby.
bool HeaderParser::ClosingItem() {
  const size_t end = TokenEnd(text_, at_);
  const std::string_view token = text_.substr(at_, end - at_);
  if ((glog_ || open_bracket_) && token.size() > 1 && token.back() == ']' && token.find('[') == std::string_view::npos) {
    LevelItem level;
    if (!level_ && MatchLevel(text_, at_, &level)) return false;
    if (token[0] == '#') {
      Add(at_ + 1, end - 1, FieldRole::kAttribute, ValueType::kInt64, "process.pid");
    } else {
      AddName(at_, end - 1, glog_ ? "code.location" : "log.logger");
      ++names_;
    }
    open_bracket_ = false;
    done_ = level_ && token[0] != '#';
    Accept(end);
    return true;
  }
  return false;
}

bool HeaderParser::Name() {
  const size_t end = TokenEnd(text_, at_);
  const std::string_view token = text_.substr(at_, end - at_);
  if (names_ >= 1 && !bars_) return false;
  if (token.size() > 1 && token.back() == ':') return NameWithColon(token);
  return NameBeforeGap(token);
}

// Host and tag of a syslog line. A time without year leaves little doubt; with a full time the tag needs a process id.
bool HeaderParser::Syslog() {
  if (level_ || names_ > 0 || numbers_ > 0 || gap_ != Gap::kBlank || !time_ || !date_) return false;
  const size_t host_end = TokenEnd(text_, at_);
  const std::string_view host = text_.substr(at_, host_end - at_);
  if (host.empty() || host.find_first_of("[]()=\",") != std::string_view::npos) return false;
  SyslogTag tag;
  if (host.back() == ':' || text_[at_] == '-') {
    // No host: "Jun 14 15:16:01 sshd[123]: message".
    if (!yearless_ || !MatchSyslogTag(text_, at_, &tag)) return false;
  } else {
    LevelItem level;
    if (MatchLevel(text_, at_, &level) && level.strong) return false;
    const size_t tag_at = SkipBlanks(text_, host_end);
    if (tag_at >= text_.size() || !MatchSyslogTag(text_, tag_at, &tag)) {
      if (!yearless_ || !MatchSyslogTag(text_, at_, &tag)) return false;
    } else {
      const bool sure = yearless_ || (zoned_ && !epoch_ && (tag.pid_begin != tag.pid_end || HasDigit(host)));
      if (!sure) return false;
      Add(at_, host_end, FieldRole::kResource, ValueType::kString, "host.name");
    }
  }
  AddName(tag.name_begin, tag.name_end, "syslog.appname");
  Add(tag.pid_begin, tag.pid_end, FieldRole::kAttribute,
      ClassifyToken(text_.substr(tag.pid_begin, tag.pid_end - tag.pid_begin)) == TokenClass::kInteger ? ValueType::kInt64 : ValueType::kString, "process.pid");
  form_ += "Y";
  envelope_ = "syslog-3164";
  at_ = tag.next;
  done_ = true;
  return true;
}

bool HeaderParser::NextItem() {
  if (Syslog()) return true;
  // Redis: "1234:M 14 Jun 2023 15:16:01.123 * message".
  if (columns_ == 1 && time_ && !level_ && (text_[at_] == '*' || text_[at_] == '#') && at_ + 1 < text_.size() && text_[at_ + 1] == ' ') {
    Accept(at_ + 1);
    done_ = true;
    return true;
  }
  if (!level_ && names_ == 0 && numbers_ == 0 && time_ && fields_.size() <= 2 && LaterTime()) return true;
  if (text_[at_] == '[' && (Time(at_, false) || (!uptime_ && Uptime(at_)))) return true;
  if (gap_ == Gap::kBar && !level_) {
    if (Level()) return true;
  }
  return ClosingItem() || Level() || Bars() || ProcessAndThread() || Numbers() || LevelAhead() || (!level_ && time_ && PostgresLevelAhead()) || Bracket() || Name();
}

bool HeaderParser::Parse() {
  if (!FirstItem()) return false;
  for (int i = 0; i < kMaxItems && !done_ && at_ < text_.size(); ++i) {
    if (!NextItem()) break;
  }
  return true;
}

void HeaderParser::Take(LineAnalysis* analysis) {
  for (FieldSpan& field : fields_) analysis->fields.push_back(std::move(field));
  analysis->body_begin = static_cast<uint32_t>(std::min(at_, size_));
  analysis->header = form_;
  if (!envelope_.empty() && analysis->envelope.empty()) analysis->envelope = envelope_;
}

}  // namespace

bool ParseHeader(std::string_view text, HeaderMode mode, LineAnalysis* analysis) {
  HeaderParser parser(text, mode);
  const bool found = parser.Parse();
  if (!parser.cacheable()) analysis->cacheable = false;
  if (found) parser.Take(analysis);
  return found;
}

}  // namespace whittle
