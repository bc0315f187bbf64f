#include "parse/record_rules.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace whittle {
namespace {

// How far into a line its header is looked for: enough for a container timestamp, a host name and a syslog time.
constexpr size_t kHeaderWindow = 64;

bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
bool IsUpper(char c) { return static_cast<unsigned char>(c - 'A') < 26; }
bool IsLetter(char c) { return static_cast<unsigned char>((c | 0x20) - 'a') < 26; }

bool HasTimeOfDay(std::string_view window) {
  for (size_t at = window.find(':', 1); at != std::string_view::npos; at = window.find(':', at + 1)) {
    if (at + 2 < window.size() && IsDigit(window[at - 1]) && IsDigit(window[at + 1]) && IsDigit(window[at + 2]))
      return true;
  }
  return false;
}

bool StartsWithLevel(std::string_view line) {
  for (const std::string_view word :
       {"INFO", "WARN", "ERROR", "DEBUG", "TRACE", "FATAL", "NOTICE", "CRITICAL", "SEVERE"}) {
    if (line.starts_with(word)) return true;
  }
  // Android "D/Tag(  12): ..." and glog "I0102 15:04:05".
  return line.size() > 3 && line[1] == '/' && std::strchr("VDIWEF", line[0]) != nullptr && IsLetter(line[2]);
}

// "2023", "1686755761.123", "081109 203615": digits that open a line of log.
bool StartsWithNumberTime(std::string_view line) {
  size_t digits = 0;
  while (digits < line.size() && digits < 20 && IsDigit(line[digits])) ++digits;
  if (digits >= 10) return true;
  const auto digit_at = [&](size_t i) { return i < line.size() && IsDigit(line[i]); };
  if (digits == 6) return line.size() > 12 && line[6] == ' ' && digit_at(7) && digit_at(12);
  // Seconds since start with at least milliseconds, as strace -r and many runtimes write them.
  return digits > 0 && digits < line.size() && line[digits] == '.' && digit_at(digits + 1) && digit_at(digits + 2) &&
         digit_at(digits + 3);
}

}  // namespace

bool LooksHeaded(std::string_view line) {
  if (line.empty()) return false;
  const std::string_view window = line.substr(0, kHeaderWindow);
  switch (line[0]) {
    case '{':
    case '[':
      return line.size() > 2 && line[1] != ' ' &&
             (window.find(']', 1) != std::string_view::npos || window.find('"', 1) != std::string_view::npos);
    case '<':
      return line.size() > 2 && IsDigit(line[1]) && window.find('>') < 6;
    default:
      break;
  }
  if (IsDigit(line[0]) && StartsWithNumberTime(line)) return true;
  return HasTimeOfDay(window) || StartsWithLevel(line);
}

namespace {

// `Name` or `a.b.Name` up to a colon or the end, where the last part ends in Error, Exception or the like.
bool IsExceptionLine(std::string_view line) {
  size_t end = 0;
  size_t last_part = 0;
  while (end < line.size() && end < 200) {
    const char c = line[end];
    if (c == '.' || c == '\\') {
      last_part = end + 1;
    } else if (!IsLetter(c) && !IsDigit(c) && c != '_' && c != '$') {
      break;
    }
    ++end;
  }
  if (end < line.size() && line[end] != ':') return false;
  const std::string_view name = line.substr(last_part, end - last_part);
  if (name.empty() || !IsUpper(name[0])) return false;
  for (const std::string_view suffix :
       {"Exception", "Error", "Throwable", "Warning", "Interrupt", "Exit", "Failure", "Fault"}) {
    // "Warning: no such file" is a sentence; "DeprecationWarning: ..." and "app.Error: ..." are names of classes.
    if (name.ends_with(suffix)) return last_part > 0 || name.size() > suffix.size();
  }
  return false;
}

bool IsBlank(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
}

bool OnlyClosers(std::string_view text) {
  return text.size() <= 8 &&
         std::all_of(text.begin(), text.end(), [](char c) { return std::strchr("})];,", c) != nullptr && c != 0; });
}

bool StartsWithCounted(std::string_view text, char mark) {
  size_t i = 1;
  while (i < text.size() && i < 6 && IsDigit(text[i])) ++i;
  return text.size() > 2 && text[0] == mark && i > 1 && i < text.size() && text[i] == ' ';
}

// "main.main()", "net/http.(*conn).serve(0xc0001, {0x1})": a frame's function in a Go trace.
bool IsGoFunction(std::string_view text) {
  const size_t open = text.find('(');
  return open != std::string_view::npos && open > 0 && text.back() == ')' &&
         text.substr(0, open).find(' ') == std::string_view::npos;
}

bool IsJournalField(std::string_view text) {
  const size_t equals = text.find('=');
  return equals != std::string_view::npos && equals > 0 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(equals),
                     [](char c) { return IsUpper(c) || IsDigit(c) || c == '_'; });
}

bool IsJavaFrame(std::string_view text) {
  return text.starts_with("at ") && text.back() == ')' && text.find('(') != std::string_view::npos;
}

}  // namespace

// Container runtimes wrap every line; the rules look at what the program wrote.
//   {"log":"\tat a.b(C.java:1)\n","stream":...     2023-06-14T15:16:01.123456789Z stdout F \tat a.b(C.java:1)
bool RecordRules::Starts(std::string_view line) {
  const bool rest_of_partial = partial_ && state_ != State::kNothing;
  partial_ = false;
  constexpr std::string_view kDocker = "{\"log\":\"";
  if (line.starts_with(kDocker)) {
    std::string_view text = line.substr(kDocker.size());
    // Docker cuts at 16 KiB; only a complete line ends in an escaped newline.
    const size_t end = text.rfind("\",\"stream\":");
    if (end != std::string_view::npos) {
      text = text.substr(0, end);
      partial_ = text.size() >= 8192 && !text.ends_with("\\n");
    }
    if (rest_of_partial) return Continue(state_);
    if (text.ends_with("\\n")) text.remove_suffix(2);
    if (text.starts_with("\\t")) return StartsInner("\t" + std::string(text.substr(2, kHeaderWindow)));
    return StartsInner(text);
  }
  if (line.size() > 30 && IsDigit(line[0]) && line[10] == 'T') {
    const size_t space = line.substr(0, 40).find(' ');
    if (space != std::string_view::npos && line.size() >= space + 10 &&
        (line.substr(space, 8) == " stdout " || line.substr(space, 8) == " stderr ") && line[space + 9] == ' ') {
      partial_ = line[space + 8] == 'P';
      if (rest_of_partial) return Continue(state_);
      return StartsInner(line.substr(space + 10));
    }
  }
  return StartsInner(line);
}

bool RecordRules::StartsInner(std::string_view text) {
  const bool in_trace = state_ != State::kNothing && state_ != State::kPlain && state_ != State::kHeaded;
  if (text.empty() || ((text[0] == ' ' || text[0] == '\t') && IsBlank(text))) {
    return in_trace ? Continue(state_) : Start(State::kNothing);
  }
  if (text[0] != ' ' && text[0] != '\t') return StartsUnindented(text);

  const std::string_view rest = text.substr(text.find_first_not_of(" \t"));
  if (LooksHeaded(rest) && rest[0] != '{' && rest[0] != '[' && rest[0] != '<' && text.size() - rest.size() < 16 &&
      !in_trace) {
    return Start(State::kHeaded);
  }
  if (state_ == State::kNothing) return Start(State::kBlock);
  if (rest[0] == '^') return Continue(state_ == State::kPython ? state_ : State::kCaret);
  return Continue(in_trace ? state_ : State::kBlock);
}

bool RecordRules::StartsUnindented(std::string_view text) {
  const State before = state_;
  const bool any = before != State::kNothing;
  switch (text[0]) {
    case '}':
    case ')':
    case ']':
      if (before == State::kBlock && OnlyClosers(text)) return Continue(State::kBlock);
      break;
    case '.':
      if (any && text.starts_with("... ") && text.ends_with(" more")) return Continue(State::kTrace);
      break;
    case '-':
      if (any && text.starts_with("--- End of ")) return Continue(State::kTrace);
      break;
    case '#':
      if ((before == State::kPhp || before == State::kHeaded) && StartsWithCounted(text, '#'))
        return Continue(State::kPhp);
      break;
    case '[':
      if (before == State::kGo && text.starts_with("[signal ")) return Continue(State::kGo);
      break;
    case 'C':
      if (any && text.starts_with("Caused by: ")) return Continue(State::kTrace);
      break;
    case 'S':
      if (any && text.starts_with("Suppressed: ")) return Continue(State::kTrace);
      if (any && text == "Stack trace:") return Continue(State::kPhp);
      break;
    case 'D':
      if (before == State::kPythonFinal && text.starts_with("During handling of the above")) return Continue(before);
      break;
    case 'T':
      if (text.starts_with("Traceback (most recent call last)")) {
        const bool joins = before == State::kHeaded || before == State::kPythonFinal;
        state_ = State::kPython;
        return !joins;
      }
      if (before == State::kPythonFinal && text.starts_with("The above exception was")) return Continue(before);
      break;
    case 'a':
      if (any && IsJavaFrame(text)) return Continue(State::kTrace);
      break;
    case 'p':
      if (text.starts_with("panic: ")) return before == State::kGo ? Continue(State::kGo) : Start(State::kGo);
      break;
    case 'f':
      if (text.starts_with("fatal error: ")) return Start(State::kGo);
      break;
    case 'g':
      if (text.starts_with("goroutine ") && text.ends_with("]:")) return any ? Continue(State::kGo) : Start(State::kGo);
      break;
    case 'c':
      if (before == State::kGo && text.starts_with("created by ")) return Continue(State::kGo);
      break;
    case 'e':
      if (before == State::kGo && text.starts_with("exit status ")) return Continue(State::kPlain);
      break;
    case 't':
      if (text.starts_with("thread '") && text.find(" panicked at ") != std::string_view::npos)
        return Start(State::kRust);
      break;
    case 'n':
      if (before == State::kRust && text.starts_with("note: ")) return Continue(State::kRust);
      break;
    case '_':
      if (text.starts_with("__CURSOR=")) return Start(State::kJournal);
      break;
    case 's':
      if (before == State::kRust && text.starts_with("stack backtrace:")) return Continue(State::kRust);
      break;
    default:
      break;
  }
  if (before == State::kJournal && IsJournalField(text)) return Continue(before);
  if (before == State::kGo && IsGoFunction(text)) return Continue(State::kGo);
  if ((before == State::kHeaded || before == State::kCaret) && (IsLetter(text[0])) && IsExceptionLine(text)) {
    return Continue(State::kTrace);
  }
  const bool headed = LooksHeaded(text);
  // The first line of text after the frames of a Python traceback is the exception.
  if (before == State::kPython && !headed) return Continue(State::kPythonFinal);
  return Start(headed ? State::kHeaded : State::kPlain);
}

}  // namespace whittle
