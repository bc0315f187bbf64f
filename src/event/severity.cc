#include "event/severity.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace whittle {
namespace {

struct Word {
  std::string_view name;  // upper case
  int number;
};

constexpr Word kWords[] = {
    {"TRACE", 1},    {"TRCE", 1},      {"DBUG", 5},       {"TRC", 1},         {"FINEST", 1},        {"VERBOSE", 1},
    {"VRB", 1},      {"SILLY", 1},     {"FINER", 2},      {"DEBUG", 5},       {"DBG", 5},           {"DEBU", 5},
    {"FINE", 5},     {"DEBUG1", 5},    {"DEBUG2", 4},     {"DEBUG3", 3},      {"DEBUG4", 2},        {"DEBUG5", 1},
    {"CONFIG", 8},   {"INFO", 9},      {"INF", 9},        {"INFORMATION", 9}, {"INFORMATIONAL", 9}, {"LOG", 9},
    {"NORMAL", 9},   {"HTTP", 9},      {"NOTICE", 10},    {"NOTE", 10},       {"STATEMENT", 9},     {"DETAIL", 9},
    {"HINT", 9},     {"CONTEXT", 9},   {"WARN", 13},      {"WARNING", 13},    {"WRN", 13},          {"WARNI", 13},
    {"ERROR", 17},   {"ERR", 17},      {"ERRO", 17},      {"EROR", 17},       {"SEVERE", 17},       {"FAIL", 17},
    {"FAILURE", 17}, {"CRITICAL", 18}, {"CRIT", 18},      {"ALERT", 19},      {"FATAL", 21},        {"FTL", 21},
    {"FATA", 21},    {"EMERG", 22},    {"EMERGENCY", 22}, {"PANIC", 22},      {"DPANIC", 18},       {"OFF", 0},
    {"DEBG", 5},     {"TRAC", 1},
};

constexpr char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

bool EqualIgnoringCase(std::string_view text, std::string_view upper) {
  return text.size() == upper.size() &&
         std::equal(text.begin(), text.end(), upper.begin(), [](char a, char b) { return Upper(a) == b; });
}

int Number(std::string_view text) {
  if (text.empty() || text.size() > 3) return -1;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

int SeverityNumber(std::string_view text) {
  if (text.size() < 3 || text.size() > 13) return 0;
  for (const Word& word : kWords) {
    if (EqualIgnoringCase(text, word.name)) return word.number;
  }
  return 0;
}

int SeverityNumberOfLetter(char letter) {
  switch (letter) {
    case 'V':
    case 'T':
      return 1;
    case 'D':
      return 5;
    case 'I':
      return 9;
    case 'N':
      return 10;
    case 'W':
      return 13;
    case 'E':
    case 'S':
      return 17;
    case 'C':
      return 18;
    case 'F':
    case 'A':
      return 21;
    default:
      return 0;
  }
}

int SyslogSeverityNumber(int severity) {
  constexpr std::array<int, 8> kNumbers = {22, 19, 18, 17, 13, 10, 9, 5};
  return severity < 0 ? 0 : kNumbers[static_cast<size_t>(severity & 7)];
}

int BunyanSeverityNumber(int level) {
  switch (level) {
    case 10:
      return 1;
    case 20:
      return 5;
    case 30:
      return 9;
    case 40:
      return 13;
    case 50:
      return 17;
    case 60:
      return 21;
    default:
      return 0;
  }
}

std::string_view SeverityName(int number) {
  constexpr std::array<std::string_view, 6> kNames = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
  return number < 1 || number > 24 ? std::string_view() : kNames[static_cast<size_t>((number - 1) / 4)];
}

int SeverityNumberOfField(std::string_view text, bool syslog_priority) {
  if (text.size() > 2 && text.front() == '<' && text.back() == '>')
    text = text.substr(1, text.size() - 2), syslog_priority = true;
  const int number = Number(text);
  if (number >= 0) {
    if (syslog_priority) return number < 192 ? SyslogSeverityNumber(number & 7) : 0;
    // One digit is how GELF, the journal and Cisco write syslog's severities.
    return text.size() == 1 && number < 8 ? SyslogSeverityNumber(number) : BunyanSeverityNumber(number);
  }
  // MongoDB's debug levels.
  if (text.size() == 2 && Upper(text[0]) == 'D' && text[1] >= '1' && text[1] <= '5') return 5 - (text[1] - '1');
  if (text.size() == 1) {
    // Redis: # warning, * notice, . debug.
    if (text[0] == '#') return 13;
    if (text[0] == '*') return 10;
    return text[0] == '.' ? 5 : SeverityNumberOfLetter(Upper(text[0]));
  }
  // MySQL's and PHP's own words, which would be no level in a header of somebody else.
  if (EqualIgnoringCase(text, "SYSTEM")) return 9;
  if (EqualIgnoringCase(text, "DEPRECATED")) return 13;
  return SeverityNumber(text);
}

}  // namespace whittle
