#include "parse/header_parser.h"

#include <algorithm>
#include <string>

#include "event/severity.h"
#include "scan/tokenizer.h"

namespace whittle {
namespace {

bool IsInteger(std::string_view text) { return ClassifyToken(text) == TokenClass::kInteger; }

bool OnlyDigitsAnd(std::string_view text, char other) {
  return HasDigit(text) && std::all_of(text.begin(), text.end(), [&](char c) { return IsAsciiDigit(c) || c == other; });
}

}  // namespace

bool HeaderParser::Process() {
  return ProcessAndThread() || TagWithColon() || ProcessTag() || ErlangProcess() || NumberedSubsystem() ||
         HexThread() || ProcessInParentheses() || ProcessBeforeBar() || (time_ && !level_ && BriefTag(at_)) ||
         ModuleOfLevel();
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
    goes_on = goes_on || (ClassifyToken(text_.substr(next, second_end - next)) == TokenClass::kInteger &&
                          LevelOrBracketAt(SkipBlanks(text_, second_end)));
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

// "2023-06-14 15:16:01 name[12]: message": behind a date and a time this is who writes.
bool HeaderParser::TagWithColon() {
  if (!time_ || !date_ || level_ || names_ + numbers_ > 0 || gap_ != Gap::kBlank) return false;
  const size_t open = text_.find('[', at_);
  BracketItem id;
  if (open == std::string_view::npos || TokenEnd(text_, at_) < open || !MatchBracket(text_, open, &id)) return false;
  const std::string_view content = text_.substr(id.begin, id.end - id.begin);
  if (ClassifyName(text_.substr(at_, open - at_)) == NameKind::kNone || content.empty() ||
      content.find(' ') != std::string_view::npos)
    return false;
  if (id.next + 1 >= text_.size() || text_[id.next] != ':' || text_[id.next + 1] != ' ') return false;
  AddName(at_, open, "log.logger");
  if (IsInteger(content)) {
    Add(id.begin, id.end, FieldRole::kAttribute, ValueType::kInt64, "process.pid");
  } else {
    AddName(id.begin, id.end, "thread.name");
  }
  form_ += "N";
  Accept(id.next);
  done_ = true;
  return true;
}

// "unbound[1234:0] debug: message" and "hostd[1234] [context] message": a process before or behind the level.
bool HeaderParser::ProcessTag() {
  if (!time_ || names_ > 0 || numbers_ > 0) return false;
  const size_t open = text_.find('[', at_);
  BracketItem pid;
  if (open == std::string_view::npos || TokenEnd(text_, at_) < open || !MatchBracket(text_, open, &pid)) return false;
  const std::string_view name = text_.substr(at_, open - at_);
  if (HasDigit(name) || ClassifyName(name) == NameKind::kNone) return false;
  if (!OnlyDigitsAnd(text_.substr(pid.begin, pid.end - pid.begin), ':')) return false;
  const size_t next = SkipBlanks(text_, pid.next);
  LevelItem level;
  if (next == pid.next || next >= text_.size()) return false;
  if (level_ ? text_[next] != '[' : !MatchLevel(text_, next, &level) || !level.colon) return false;
  AddName(at_, open, "log.logger");
  const size_t number_end = std::min(pid.end, text_.find(':', pid.begin));
  Add(pid.begin, number_end, FieldRole::kAttribute, ValueType::kInt64, "process.pid");
  if (number_end < pid.end) Add(number_end + 1, pid.end, FieldRole::kAttribute, ValueType::kInt64, "thread.id");
  ++names_;
  ++numbers_;
  form_ += "N";
  Accept(pid.next);
  done_ = level_;
  return true;
}

// "[error] <0.212.0> message".
bool HeaderParser::ErlangProcess() {
  BracketItem process;
  if (!level_ || thread_ || text_[at_] != '<' || !MatchBracket(text_, at_, &process)) return false;
  const std::string_view content = text_.substr(process.begin, process.end - process.begin);
  if (!OnlyDigitsAnd(content, '.') || std::count(content.begin(), content.end(), '.') != 2) return false;
  AddName(process.begin, process.end, "thread.name");
  thread_ = true;
  form_ += "B";
  Accept(process.next);
  done_ = true;
  return true;
}

// strongSwan: "06[IKE] message".
bool HeaderParser::NumberedSubsystem() {
  if (!time_ || level_ || numbers_ + names_ > 0 || !IsAsciiDigit(text_[at_])) return false;
  const size_t open = text_.find('[', at_);
  BracketItem name;
  if (open == std::string_view::npos || TokenEnd(text_, at_) < open || !MatchBracket(text_, open, &name)) return false;
  const std::string_view content = text_.substr(name.begin, name.end - name.begin);
  if (!IsInteger(text_.substr(at_, open - at_)) || content.empty() || name.next >= text_.size() ||
      text_[name.next] != ' ' || !std::all_of(content.begin(), content.end(), IsAsciiUpper))
    return false;
  Add(at_, open, FieldRole::kAttribute, ValueType::kInt64, "thread.id");
  AddName(name.begin, name.end, "log.logger");
  form_ += "N";
  Accept(name.next);
  done_ = true;
  return true;
}

// Ceph: "7f3a2b1c9700 -1 message", a thread and a level in numbers.
bool HeaderParser::HexThread() {
  if (!time_ || !date_ || level_ || numbers_ + names_ > 0 || !IsAsciiDigit(text_[at_])) return false;
  const size_t end = TokenEnd(text_, at_);
  if (ClassifyToken(text_.substr(at_, end - at_)) != TokenClass::kHex) return false;
  const size_t level = SkipBlanks(text_, end);
  const size_t level_end = TokenEnd(text_, level);
  if (level_end >= text_.size() || !IsInteger(text_.substr(level, level_end - level))) return false;
  Add(at_, end, FieldRole::kAttribute, ValueType::kString, "thread.id");
  form_ += "N";
  Accept(level_end);
  done_ = true;
  return true;
}

// pino-pretty: "INFO (1234): message", "INFO (shop/1234 on web-1): message".
bool HeaderParser::ProcessInParentheses() {
  BracketItem process;
  if (!level_ || names_ + numbers_ > 0 || text_[at_] != '(' || !MatchBracket(text_, at_, &process)) return false;
  if (process.next >= text_.size() || text_[process.next] != ':') return false;
  const size_t token_end = std::min(process.end, TokenEnd(text_, process.begin));
  size_t begin = process.begin;
  if (const size_t slash = text_.substr(begin, token_end - begin).find('/'); slash != std::string_view::npos) {
    AddName(begin, begin + slash, "log.logger");
    begin += slash + 1;
  }
  if (!OnlyDigitsAnd(text_.substr(begin, token_end - begin), '0')) {
    if (begin > process.begin) fields_.pop_back();
    return false;
  }
  Add(begin, token_end, FieldRole::kAttribute, ValueType::kInt64, "process.pid");
  ++numbers_;
  form_ += "N";
  Accept(process.next);
  done_ = true;
  return true;
}

// Squid: "kid1| message".
bool HeaderParser::ProcessBeforeBar() {
  if (!time_ || level_ || names_ + numbers_ > 0) return false;
  const size_t end = TokenEnd(text_, at_);
  const std::string_view token = text_.substr(at_, end - at_);
  if (token.size() < 2 || token.back() != '|' || ClassifyName(token.substr(0, token.size() - 1)) == NameKind::kNone)
    return false;
  AddName(at_, end - 1, "process.name");
  ++names_;
  form_ += "N|";
  Accept(end);
  done_ = true;
  return true;
}

// Android's brief form, also behind a time: "D/Tag(  123): message".
bool HeaderParser::BriefTag(size_t at) {
  if (text_.size() < at + 5 || text_[at + 1] != '/' || SeverityNumberOfLetter(text_[at]) == 0) return false;
  const size_t open = text_.find('(', at);
  BracketItem bracket;
  if (open == std::string_view::npos || open > at + 64 || !MatchBracket(text_, open, &bracket) ||
      bracket.next >= text_.size() || text_[bracket.next] != ':')
    return false;
  LevelItem letter{at, at + 1, at + 1};
  letter.letter = true;
  AddLevel(letter);
  size_t name_end = open;
  while (name_end > at + 2 && IsBlankByte(text_[name_end - 1])) --name_end;
  AddName(at + 2, name_end, "log.logger");
  Add(SkipBlanks(text_, bracket.begin), bracket.end, FieldRole::kAttribute, ValueType::kInt64, "process.pid");
  Accept(bracket.next + 1);
  done_ = true;
  return true;
}

// Flask: "[2023-06-14 15:16:01,123] ERROR in app: message".
bool HeaderParser::ModuleOfLevel() {
  if (!time_ || !level_ || names_ > 0 || gap_ != Gap::kBlank || !At("in ")) return false;
  const size_t begin = at_ + 3;
  const size_t end = TokenEnd(text_, begin);
  if (end < begin + 2 || text_[end - 1] != ':' || HasDigit(text_.substr(begin, end - begin)) ||
      ClassifyName(text_.substr(begin, end - 1 - begin)) == NameKind::kNone)
    return false;
  AddName(begin, end - 1, "log.logger");
  ++names_;
  form_ += "N:";
  Accept(end);
  done_ = true;
  return true;
}

}  // namespace whittle
