#include "parse/header_parser.h"

#include <algorithm>
#include <string>
#include <utility>

#include "event/severity.h"
#include "scan/time_layout.h"
#include "scan/tokenizer.h"

namespace whittle {

namespace {

// GlassFish: after some brackets there may be one that says "key: value".
constexpr int kMinBracketsOfPairs = 3;

// Words that end in a colon at the beginning of sentences, not of logger names. What ends in "ed" is said of something.
bool IsSentenceWord(std::string_view name) {
  std::string word(name);
  for (char& c : word) c = static_cast<char>(IsAsciiUpper(c) ? c + 32 : c);
  if (word.ends_with("ed")) return true;
  constexpr std::string_view kWords[] = {"error",  "warning", "exception", "failed",  "failure", "note",
                                         "result", "status",  "response",  "request", "url",     "uri",
                                         "usage",  "caused",  "duration",  "reason",  "cause",   "message",
                                         "value",  "data",    "total",     "success"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

// fooBar: begins small, with capitals inside and nothing but letters. Loggers are classes, packages or plain words.
bool IsFunctionName(std::string_view name) {
  return IsAsciiLower(name[0]) && std::all_of(name.begin(), name.end(), IsAsciiLetter) &&
         std::any_of(name.begin(), name.end(), IsAsciiUpper);
}

// "user=alice, order=17": only pairs, keys without digits.
bool IsPairs(std::string_view content) {
  while (!content.empty()) {
    const size_t end = std::min(content.find(','), content.size());
    std::string_view pair = content.substr(0, end);
    pair.remove_prefix(SkipBlanks(pair, 0));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0 || pair.find(' ') != std::string_view::npos) return false;
    for (const char c : pair.substr(0, equals)) {
      if (!IsAsciiLetter(c) && c != '_' && c != '.' && c != '-') return false;
    }
    content.remove_prefix(std::min(end + 1, content.size()));
  }
  return true;
}

// Where the colon of "server/main.go:12" stands: a source file and a line, with no digit before that the skeleton would
// not show. 0: it is a name.
size_t ColonOfPlace(std::string_view name) {
  const size_t colon = name.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == name.size()) return 0;
  const std::string_view file = name.substr(0, colon), line = name.substr(colon + 1);
  if (HasDigit(file) || !std::all_of(line.begin(), line.end(), IsAsciiDigit)) return 0;
  constexpr std::string_view kEndings[] = {".go", ".py", ".rs",  ".c",  ".cc", ".cpp",  ".h",   ".hpp", ".js",
                                           ".ts", ".rb", ".php", ".cs", ".kt", ".java", ".lua", ".ex",  ".erl"};
  return std::any_of(std::begin(kEndings), std::end(kEndings), [&](std::string_view e) { return file.ends_with(e); })
             ? colon
             : 0;
}

}  // namespace

void HeaderParser::AddName(size_t begin, size_t end, const char* name) {
  const std::string_view wanted = name;
  const size_t colon = wanted == "log.logger" || wanted == "code.location" || wanted == "thread.name"
                           ? ColonOfPlace(text_.substr(begin, end - begin))
                           : 0;
  if (colon == 0) return Add(begin, end, FieldRole::kAttribute, ValueType::kString, name);
  Add(begin, begin + colon, FieldRole::kAttribute, ValueType::kString, "code.file.path");
  Add(begin + colon + 1, end, FieldRole::kAttribute, ValueType::kInt64, "code.line.number");
}

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

// A logger's name and what sets it off from the message: "a.b.C - ", "a.b.C: ", "a.b.C : ".
bool HeaderParser::LoggerAt(size_t at) const {
  if (StructuredNameWithColonAt(at)) return true;
  const size_t end = TokenEnd(text_, at);
  const std::string_view name = text_.substr(at, end - at);
  if (HasDigit(name) || name.find('.') == std::string_view::npos || ClassifyName(name) != NameKind::kStructured)
    return false;
  size_t next = 0;
  const Gap gap = GapAt(end, &next);
  return gap == Gap::kDash || gap == Gap::kColon || gap == Gap::kBar;
}

// The context of a thread as logging frameworks write it, "{}" when it is empty: "[user=alice, order=17]".
bool HeaderParser::ContextIsHeader(const BracketItem& context) const {
  if (!IsPairs(text_.substr(context.begin, context.end - context.begin))) return false;
  size_t next = 0;
  const Gap gap = GapAt(context.next, &next);
  return gap == Gap::kDash || (gap != Gap::kNone && (LoggerAt(next) || LevelOrBracketAt(next)));
}

bool HeaderParser::BracketIsHeader(const BracketItem& bracket) const {
  if (ContextIsHeader(bracket)) return true;
  std::string_view content = text_.substr(bracket.begin, bracket.end - bracket.begin);
  while (!content.empty() && IsBlankByte(content.front())) content.remove_prefix(1);
  while (!content.empty() && IsBlankByte(content.back())) content.remove_suffix(1);
  if (content.size() > 240 || (content.find(": ") != std::string_view::npos && brackets_ < kMinBracketsOfPairs))
    return false;
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

// Spring Boot: "[application,trace,span,true]" before the process id, and "--- [application] [thread]" since 3.4.
bool HeaderParser::AddSpringBracket(size_t begin, size_t end) {
  const std::string_view content = text_.substr(begin, end - begin);
  const size_t comma = content.find(',');
  const size_t second = comma == std::string_view::npos ? comma : content.find(',', comma + 1);
  if (second != std::string_view::npos && !thread_) {
    const size_t trace_size = second - comma - 1;
    if ((trace_size != 0 && trace_size != 16 && trace_size != 32) || content.find(' ') < comma) return false;
    Add(begin, begin + comma, FieldRole::kResource, ValueType::kString, "service.name");
    return true;
  }
  if (!thread_ || names_ > 0 || !form_.ends_with("NBB") ||
      text_.substr(0, begin).find("--- [") == std::string_view::npos)
    return false;
  // A trace and a span id joined by a dash are no thread; all blank is a line without them.
  if (content.empty() || (content.size() == 49 && content[32] == '-') || (content.size() == 33 && content[16] == '-'))
    return false;
  FieldSpan& before = fields_.back();
  if (before.name != "thread.name") return false;
  before.name = "service.name";
  before.role = FieldRole::kResource;
  AddName(begin, end, "thread.name");
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
    if (text_.substr(number_end, 5) == ":tid ")
      Add(number_end + 5, end, FieldRole::kAttribute, ValueType::kInt64, "thread.id");
    return;
  }
  const bool spaced = content.find(' ') != std::string_view::npos;
  if (HasDigit(content) && !spaced && ClassifyToken(content) == TokenClass::kInteger) {
    if (numbers_++ == 0) Add(begin, end, FieldRole::kAttribute, ValueType::kInt64, "process.pid");
    return;
  }
  if (AddSpringBracket(begin, end) || (!content.empty() && IsPairs(content))) return;
  const bool class_name = !HasDigit(content) && content.find('.') != std::string_view::npos &&
                          ClassifyName(content) == NameKind::kStructured;
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
  if (text_[at_] == '(' && level_ && !thread_ && form_.ends_with("LB") && gap_ == Gap::kBlank &&
      MatchBracket(text_, at_, &bracket) && bracket.next < text_.size() && text_[bracket.next] == ' ') {
    AddName(bracket.begin, bracket.end, "thread.name");
    thread_ = true;
    form_ += "B";
    Accept(bracket.next);
    done_ = true;
    return true;
  }
  const bool brace = text_[at_] == '{' && time_;
  if ((text_[at_] != '[' && !brace) || !MatchBracket(text_, at_, &bracket)) return false;
  if (brace ? !ContextIsHeader(bracket) : !BracketIsHeader(bracket)) return false;
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

// Columns set off by bars or semicolons: "time|level|logger|message".
bool HeaderParser::Bars() {
  if (gap_ != Gap::kBar || names_ + numbers_ > 3) return false;
  size_t before = at_;
  while (before > 1 && IsBlankByte(text_[before - 1])) --before;
  const char bar = text_[before - 1];
  size_t end = at_;
  while (end < text_.size() && text_[end] != bar && end - at_ < 80) ++end;
  if (end >= text_.size() || text_[end] != bar) return false;
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

// Monolog: "[time] channel.LEVEL: message".
bool HeaderParser::ChannelWithLevel(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (level_ || !time_ || dot == std::string_view::npos || dot == 0) return false;
  const std::string_view word = name.substr(dot + 1);
  if (!std::all_of(word.begin(), word.end(), IsAsciiUpper) || SeverityNumber(word) == 0) return false;
  AddName(at_, at_ + dot, "log.logger");
  AddLevel(LevelItem{at_ + dot + 1, at_ + name.size(), at_ + name.size() + 1});
  ++names_;
  Accept(at_ + name.size() + 1);
  gap_ = Gap::kColon;
  done_ = true;
  return true;
}

bool HeaderParser::NameWithColon(std::string_view token) {
  const std::string_view name = token.substr(0, token.size() - 1);
  if (ChannelWithLevel(name)) return true;
  if (name.starts_with('%')) return false;  // "%ASA-4-106023: message" of Cisco names the event
  const NameKind kind = ClassifyName(name);
  if (kind == NameKind::kNone &&
      !(letter_level_ && name.find_first_of("()[]\"=") == std::string_view::npos && !HasDigit(name)))
    return false;
  // "AH00128: File does not exist" is a message with a code.
  if (!letter_level_ && HasDigit(name) && ClassifyToken(name) != TokenClass::kMixed) return false;
  // "ERROR getTasks: caller 7 does not hold ..." says which function speaks: part of the message.
  if (!letter_level_ && IsFunctionName(name)) return false;
  // FreeRADIUS: "Wed Jun 14 15:16:01 2023 : Auth: message".
  const bool first = gap_ == Gap::kColon && !level_ && fields_.size() == 1 && at_ > 2 && text_[at_ - 3] == ' ';
  const bool plain_ok =
      letter_level_ || first || (level_ && skipped_ == 0 && gap_ != Gap::kColon && !IsSentenceWord(name));
  if (kind != NameKind::kStructured && !plain_ok) return false;
  // Behind " - " the message begins, unless the name is plainly a class: "INFO  - TraceID: 1".
  if (gap_ == Gap::kDash && name.find_first_of(".$") == std::string_view::npos) return false;
  if (skipped_ > 0 && kind == NameKind::kStructured && name.find('.') == std::string_view::npos) return false;
  if (!level_ && !uptime_ && !first && brackets_ == 0 && name.find_first_of(".$") == std::string_view::npos)
    return false;
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
    accept =
        level_ && !(text_.substr(end, 2) == "  " && kind == NameKind::kPlain && gap_ == Gap::kBlank && !letter_level_);
  } else if (next < text_.size() && text_[next] == '[' && gap == Gap::kBlank) {
    BracketItem bracket;
    accept = level_ &&
             (letter_level_ || (kind == NameKind::kStructured && token.find('.') != std::string_view::npos) ||
              (time_ && text_.substr(next).starts_with("[-] "))) &&
             MatchBracket(text_, next, &bracket) && BracketIsHeader(bracket);
  } else if (gap == Gap::kBlank && level_ && !HasDigit(token) && gap_ != Gap::kColon) {
    // "org.apache.catalina.startup.Catalina.start Server startup": two dots are more than a sentence has.
    accept = std::count(token.begin(), token.end(), '.') >= 2 && token.find("..") == std::string_view::npos &&
             token.find('/') == std::string_view::npos;
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
  if (!accept && gap == Gap::kBlank && kind == NameKind::kStructured && time_ && next < text_.size() &&
      text_[next] == '*') {
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
  if ((glog_ || open_bracket_) && token.size() > 1 && token.back() == ']' &&
      token.find('[') == std::string_view::npos) {
    LevelItem level;
    if (!level_ && MatchLevel(text_, at_, &level)) return false;
    // "[2023-06-14 15:16:01,123: WARNING/ForkPoolWorker-1]": the level and who writes.
    const size_t slash = token.find('/');
    if (!level_ && slash != std::string_view::npos && IsAsciiUpper(token[0]) &&
        SeverityNumber(token.substr(0, slash)) != 0) {
      AddLevel({at_, at_ + slash, end});
      AddName(at_ + slash + 1, end - 1, "thread.name");
    } else if (ClassifyToken(token.substr(0, token.size() - 1)) == TokenClass::kInteger) {
      // Samba's level is a number.
    } else if (token[0] == '#') {
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

// "security: error: message": what is named before a level that ends with a colon is who writes.
bool HeaderParser::LoggerAndLevel(size_t end) {
  LevelItem level;
  if (!time_ || level_ || ClassifyName(text_.substr(at_, end - 1 - at_)) == NameKind::kNone) return false;
  if (!MatchLevel(text_, SkipBlanks(text_, end), &level) || !level.colon || level.bracketed) return false;
  AddName(at_, end - 1, "log.logger");
  ++names_;
  Accept(end);
  return true;
}

bool HeaderParser::Name() {
  const size_t end = TokenEnd(text_, at_);
  const std::string_view token = text_.substr(at_, end - at_);
  if (names_ >= 1 && !bars_) return false;
  if (token.size() > 1 && token.back() == ':') return LoggerAndLevel(end) || NameWithColon(token);
  return NameBeforeGap(token);
}

}  // namespace whittle
