#include "parse/header.h"

#include <algorithm>
#include <string>
#include <utility>

#include "event/severity.h"
#include "parse/header_parser.h"
#include "scan/tokenizer.h"

namespace whittle {

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
  if (c == ';' && p == at) {
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

// Host and tag of a syslog line. A time without year leaves little doubt; with a full time the tag needs a process id.
bool HeaderParser::Syslog() {
  if (level_ || names_ > 0 || numbers_ > 0 || gap_ != Gap::kBlank || !time_ || !date_) return false;
  const size_t host_end = TokenEnd(text_, at_);
  const std::string_view host = text_.substr(at_, host_end - at_);
  if (host.empty()) return false;
  SyslogTag tag;
  if (host.back() == ':' || text_[at_] == '-') {
    // No host: "Jun 14 15:16:01 sshd[123]: message", or "Jun 14 15:16:01 auth: Error: message".
    if (host.back() == ':' && LoggerAndLevel(host_end)) return true;
    if (!yearless_ || !MatchSyslogTag(text_, at_, &tag)) return false;
  } else {
    if (host.find_first_of("[]()=\",") != std::string_view::npos) return false;
    LevelItem level;
    if (MatchLevel(text_, at_, &level) && level.strong) return false;
    const size_t tag_at = SkipBlanks(text_, host_end);
    // Security devices send CEF and LEEF records behind time and host, without a tag.
    const std::string_view message = text_.substr(std::min(tag_at, text_.size()));
    if ((yearless_ || zoned_) && (message.starts_with("CEF:") || message.starts_with("LEEF:"))) {
      Add(at_, host_end, FieldRole::kResource, ValueType::kString, "host.name");
      form_ += "Y";
      envelope_ = "syslog-3164";
      at_ = tag_at;
      done_ = true;
      return true;
    }
    if (tag_at >= text_.size() || !MatchSyslogTag(text_, tag_at, &tag)) {
      if (!yearless_ || !MatchSyslogTag(text_, at_, &tag)) return false;
    } else {
      const bool sure = yearless_ || (zoned_ && !epoch_ &&
                                      (tag.pid_begin != tag.pid_end || HasDigit(host) || IsTimeOfSyslogDaemon()));
      if (!sure) return false;
      Add(at_, host_end, FieldRole::kResource, ValueType::kString, "host.name");
    }
  }
  AddName(tag.name_begin, tag.name_end, "syslog.appname");
  Add(tag.pid_begin, tag.pid_end, FieldRole::kAttribute,
      ClassifyToken(text_.substr(tag.pid_begin, tag.pid_end - tag.pid_begin)) == TokenClass::kInteger
          ? ValueType::kInt64
          : ValueType::kString,
      "process.pid");
  form_ += "Y";
  envelope_ = "syslog-3164";
  at_ = tag.next;
  Uptime(at_);  // "kernel: [   12.345678] message"
  done_ = true;
  return true;
}

// "2023-06-14T15:16:01.123456+02:00": what syslog daemons write since they write years. Programs in containers write Z.
bool HeaderParser::IsTimeOfSyslogDaemon() const {
  const auto time = std::find_if(fields_.begin(), fields_.end(),
                                 [](const FieldSpan& field) { return field.role == FieldRole::kTimestamp; });
  if (time == fields_.end()) return false;
  const std::string_view text = text_.substr(time->begin, time->end - time->begin);
  return text.size() == 32 && text[10] == 'T' && text[19] == '.' && text[29] == ':';
}

bool HeaderParser::NextItem() {
  if (Syslog()) return true;
  // Redis: "1234:M 14 Jun 2023 15:16:01.123 * message".
  if (columns_ == 1 && time_ && !level_ && (text_[at_] == '*' || text_[at_] == '#') && at_ + 1 < text_.size() &&
      text_[at_ + 1] == ' ') {
    Accept(at_ + 1);
    done_ = true;
    return true;
  }
  if (!level_ && names_ == 0 && numbers_ == 0 && time_ && fields_.size() <= 2 && LaterTime()) return true;
  if (text_[at_] == '[' && (Time(at_, false) || (!uptime_ && Uptime(at_)))) return true;
  if (gap_ == Gap::kBar && !level_) {
    if (Level()) return true;
  }
  return ClosingItem() || Level() || Bars() || Process() || Numbers() || LevelAhead() ||
         (!level_ && time_ && PostgresLevelAhead()) || Bracket() || Name();
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

bool ParseHeader(std::string_view text, HeaderMode mode, LineAnalysis* analysis) {
  HeaderParser parser(text, mode);
  const bool found = parser.Parse();
  if (!parser.cacheable()) analysis->cacheable = false;
  if (found) parser.Take(analysis);
  return found;
}

}  // namespace whittle
