#include "templates/lexicon.h"

#include <algorithm>
#include <array>
#include <string>

namespace whittle {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsAlpha(char c) { return IsUpper(c) || IsLower(c); }
bool IsAlnum(char c) { return IsAlpha(c) || IsDigit(c); }

std::string Lower(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (IsUpper(c)) c = static_cast<char>(c | 0x20);
  }
  return lower;
}

template <size_t N>
bool Contains(const std::array<std::string_view, N>& sorted, std::string_view word) {
  return std::binary_search(sorted.begin(), sorted.end(), word);
}

constexpr std::array<std::string_view, 11> kLiterals = {"FALSE", "False", "NULL", "None", "Null", "TRUE",
                                                        "True",  "false", "nil",  "null", "true"};
constexpr std::array<std::string_view, 24> kMonths = {
    "Apr", "April",   "Aug",      "August", "Dec",     "December", "Feb",  "February",
    "Jan", "January", "Jul",      "July",   "Jun",     "June",     "Mar",  "March",
    "May", "Nov",     "November", "Oct",    "October", "Sep",      "Sept", "September"};
constexpr std::array<std::string_view, 14> kWeekdays = {"Fri",      "Friday",  "Mon",    "Monday",   "Sat",
                                                        "Saturday", "Sun",     "Sunday", "Thu",      "Thursday",
                                                        "Tue",      "Tuesday", "Wed",    "Wednesday"};
constexpr std::array<std::string_view, 16> kZones = {"BST", "CDT", "CEST", "CET", "CST", "EDT", "EEST", "EET",
                                                     "EST", "GMT", "IST",  "JST", "MDT", "MST", "PDT",  "PST"};
// Ends of names that everybody can register or that stay inside a network; names with three parts need no such proof.
constexpr std::array<std::string_view, 13> kTopDomains = {
    "arpa", "biz", "com", "corp", "edu", "gov", "internal", "lan", "local", "localdomain", "mil", "net", "org"};
constexpr std::array<std::string_view, 14> kSizeUnits = {"B",   "Bytes", "GB", "GiB", "KB",   "KiB",   "MB",
                                                         "MiB", "PB",    "TB", "TiB", "byte", "bytes", "kB"};
constexpr std::array<std::string_view, 23> kDurationUnits = {
    "day",  "days",  "h",  "hour", "hours", "hrs",    "milliseconds", "min",  "mins", "minute", "minutes",  "ms",
    "msec", "msecs", "ns", "s",    "sec",   "second", "seconds",      "secs", "us",   "usec",   "\xC2\xB5s"};
constexpr std::array<std::string_view, 18> kSourceEndings = {
    "c", "cc", "cpp", "cs", "cxx", "erl", "ex", "go", "h", "hpp", "java", "js", "kt", "php", "py", "rb", "rs", "ts"};
constexpr std::array<std::string_view, 8> kContextNouns = {"account", "host", "hostname", "login",
                                                           "node",    "user", "userid",   "username"};

constexpr std::array<std::string_view, 6> kAccountNames = {"Administrator", "SYSTEM", "admin",
                                                           "administrator", "nobody", "root"};

// Things that have names, when a preposition stands before ("from table orders"); without one they are often what
// something happens to ("table dropped").
constexpr std::array<std::string_view, 24> kNamedThings = {
    "application", "branch", "bucket", "channel", "cluster",   "column",  "container", "database",
    "device",      "domain", "group",  "index",   "interface", "module",  "namespace", "package",
    "plugin",      "pool",   "queue",  "role",    "schema",    "service", "table",     "topic"};

// Labels of texts that others wrote; they may be the end of a longer word ("NullPointerException:", "error_message:").
// Statements of a language (SQL) are no free text: which ones there are is what one wants to know.
constexpr std::array<std::string_view, 11> kFreeTextLabels = {"arguments", "cause",  "command", "comment",
                                                              "exception", "input",  "message", "output",
                                                              "payload",   "reason", "subject"};

}  // namespace

bool IsLiteralWord(std::string_view word) { return Contains(kLiterals, word); }
bool IsBooleanWord(std::string_view word) {
  return IsLiteralWord(word) && (word.front() | 0x20) != 'n' && (word.front() | 0x20) != 'u';
}
bool IsMonthName(std::string_view word) { return Contains(kMonths, word); }
bool IsWeekdayName(std::string_view word) { return Contains(kWeekdays, word); }
bool IsZoneName(std::string_view word) { return word == "UTC" || Contains(kZones, word); }

bool IsQualifiedName(std::string_view word) {
  if (word.ends_with("Exception") || word.ends_with("Error")) return false;
  size_t parts = 0;
  size_t part = 0;
  for (size_t i = 0; i <= word.size(); ++i) {
    if (i == word.size() || word[i] == '.' || word[i] == '/') {
      if (part > 0) ++parts;
      if (part == 0 && i > 0 && i < word.size() && word[i] == '.' && word[i - 1] == '.') return false;
      part = 0;
    } else if (IsAlnum(word[i]) || word[i] == '_' || word[i] == '$' || word[i] == '-' || word[i] == '*') {
      ++part;
    } else {
      return false;
    }
  }
  return parts >= 3;
}

namespace {

bool IsDottedName(std::string_view word) {
  size_t part = 0;
  bool dot = false;
  for (const char c : word) {
    if (c == '.') {
      if (part == 0) return false;
      dot = true;
      part = 0;
    } else if (IsAlnum(c) || c == '-' || c == '_') {
      ++part;
    } else {
      return false;
    }
  }
  return dot && part > 0;
}

}  // namespace

bool IsPlaceName(std::string_view word) {
  const size_t dot = word.rfind('.');
  if (dot == std::string_view::npos || Contains(kSourceEndings, word.substr(dot + 1))) return false;
  return IsQualifiedName(word) || (IsDottedName(word) && std::none_of(word.begin(), word.end(), IsUpper));
}

bool IsDomainName(std::string_view word) {
  return IsDottedName(word) && Contains(kTopDomains, word.substr(word.rfind('.') + 1));
}

UnitDimension UnitDimensionOf(std::string_view word) {
  if (word.empty() || word.size() > 12) return UnitDimension::kNone;
  if (Contains(kSizeUnits, word)) return UnitDimension::kSize;
  return Contains(kDurationUnits, word) ? UnitDimension::kDuration : UnitDimension::kNone;
}

bool IsIdentifierLike(std::string_view word) {
  for (size_t i = 1; i < word.size(); ++i) {
    if (IsLower(word[i - 1]) && IsUpper(word[i])) return true;
    const char c = word[i];
    const bool joint = c == '.' || c == '_' || c == '$' || c == '/' || c == '-';
    if (joint && i + 1 < word.size() && IsAlnum(word[i - 1]) && IsAlnum(word[i + 1])) return true;
  }
  return false;
}

bool IsStateName(std::string_view word) {
  return word.size() >= 3 && IsUpper(word.front()) && IsUpper(word.back()) &&
         std::all_of(word.begin(), word.end(), [](char c) { return IsUpper(c) || c == '_'; });
}

bool IsContextNoun(std::string_view word) {
  while (!word.empty() && word.back() == ':') word.remove_suffix(1);
  return word.size() <= 8 && Contains(kContextNouns, Lower(word));
}

bool IsNamedThing(std::string_view word) { return Contains(kNamedThings, word); }

bool IsAccountName(std::string_view word) { return Contains(kAccountNames, word); }

bool IsUserNoun(std::string_view word) {
  return word == "user" || word == "username" || word == "ruser" || word == "User" || word == "USER";
}

bool IsFreeTextLabel(std::string_view word) {
  if (!word.ends_with(':')) return false;
  const std::string lower = Lower(word.substr(0, word.size() - 1));
  return std::any_of(kFreeTextLabels.begin(), kFreeTextLabels.end(),
                     [&](std::string_view label) { return lower.ends_with(label); });
}

bool IsConstantLooking(TokenClass token_class, std::string_view text) {
  if (token_class != TokenClass::kAlnum && token_class != TokenClass::kMixed) return false;
  if (text.empty() || !IsAlpha(text[0]) || text.find('@') != std::string_view::npos) return false;
  const auto digits = std::count_if(text.begin(), text.end(), IsDigit);
  const auto letters = std::count_if(text.begin(), text.end(), IsAlpha);
  // Up to two digits: "ssh2", "L3", "tty1", "sha256" has three and is rare; ids have more.
  return digits <= 2 && letters >= digits;
}

}  // namespace whittle
