#include "templates/naming_words.h"

#include <algorithm>
#include <array>

namespace whittle {
namespace {

template <size_t N>
constexpr bool IsSorted(const std::array<std::string_view, N>& words) {
  return std::is_sorted(words.begin(), words.end());
}

template <size_t N>
bool Contains(const std::array<std::string_view, N>& sorted, std::string_view word) {
  return std::binary_search(sorted.begin(), sorted.end(), word);
}

constexpr std::array<std::string_view, 27> kPrepositions = {
    "after",   "as", "at",    "before", "between", "by",  "for",  "from",   "in",
    "into",    "of", "off",   "on",     "onto",    "out", "over", "since",  "than",
    "through", "to", "under", "until",  "up",      "via", "with", "within", "without"};
constexpr std::array<std::string_view, 8> kCopulas = {"are", "be", "became", "becomes", "equals", "is", "was", "were"};
constexpr std::array<std::string_view, 117> kNeverNames = {
    "a",      "about",    "add",   "again",   "all",   "already", "also",    "an",     "and",   "another", "any",
    "bad",    "because",  "been",  "began",   "built", "but",     "can",     "cannot", "close", "create",  "delete",
    "did",    "do",       "does",  "down",    "due",   "each",    "exceeds", "failed", "fails", "first",   "found",
    "free",   "full",     "gave",  "get",     "got",   "had",     "has",     "have",   "here",  "hit",     "how",
    "if",     "invalid",  "it",    "its",     "kill",  "last",    "left",    "less",   "lost",  "made",    "many",
    "max",    "maximum",  "min",   "minimum", "more",  "most",    "my",      "new",    "next",  "no",      "not",
    "now",    "old",      "only",  "open",    "or",    "other",   "our",     "per",    "put",   "ran",     "read",
    "remove", "returned", "run",   "saw",     "see",   "sent",    "set",     "should", "skip",  "slept",   "some",
    "spent",  "start",    "stop",  "such",    "that",  "the",     "their",   "then",   "there", "these",   "this",
    "those",  "threw",    "took",  "unable",  "under", "unknown", "update",  "upon",   "use",   "using",   "was",
    "when",   "which",    "while", "whose",   "will",  "write",   "wrote"};
constexpr std::array<std::string_view, 34> kGeneric = {
    "addr", "address", "class",  "code",  "count", "dir",    "file", "host", "id",    "ids",    "index", "key",
    "kind", "length",  "level",  "limit", "line",  "name",   "no",   "node", "num",   "number", "path",  "port",
    "rate", "ratio",   "result", "size",  "state", "status", "time", "type", "value", "version"};
constexpr std::array<std::string_view, 27> kSeverityLike = {
    "abort",     "alert",   "critical", "debug",   "done",  "emergency", "err",  "error",   "errors",
    "exception", "fail",    "failed",   "failure", "fatal", "finished",  "info", "notice",  "ok",
    "severe",    "started", "success",  "todo",    "trace", "verbose",   "warn", "warning", "warnings"};

struct Unit {
  std::string_view unit, quantity, short_form;
};
constexpr std::array<Unit, 63> kUnits = {{
    {"%", "percent", "percent"},
    {"B", "size", "bytes"},
    {"GB", "size", "gb"},
    {"GHz", "frequency", "ghz"},
    {"GiB", "size", "gib"},
    {"Hz", "frequency", "hz"},
    {"K", "size", "kib"},
    {"KB", "size", "kb"},
    {"Kb", "size", "kb"},
    {"KiB", "size", "kib"},
    {"MB", "size", "mb"},
    {"MHz", "frequency", "mhz"},
    {"MILLISECONDS", "duration", "ms"},
    {"Mb", "size", "mb"},
    {"MiB", "size", "mib"},
    {"SECONDS", "duration", "s"},
    {"TB", "size", "tb"},
    {"TiB", "size", "tib"},
    {"byte", "size", "bytes"},
    {"bytes", "size", "bytes"},
    {"day", "duration", "days"},
    {"days", "duration", "days"},
    {"gb", "size", "gb"},
    {"h", "duration", "hours"},
    {"hour", "duration", "hours"},
    {"hours", "duration", "hours"},
    {"hrs", "duration", "hours"},
    {"kB", "size", "kb"},
    {"kHz", "frequency", "khz"},
    {"kb", "size", "kb"},
    {"m", "duration", "min"},
    {"mb", "size", "mb"},
    {"micros", "duration", "us"},
    {"microsecond", "duration", "us"},
    {"microseconds", "duration", "us"},
    {"millis", "duration", "ms"},
    {"millisec", "duration", "ms"},
    {"millisecond", "duration", "ms"},
    {"milliseconds", "duration", "ms"},
    {"min", "duration", "min"},
    {"mins", "duration", "min"},
    {"minute", "duration", "min"},
    {"minutes", "duration", "min"},
    {"ms", "duration", "ms"},
    {"msec", "duration", "ms"},
    {"msecs", "duration", "ms"},
    {"nanos", "duration", "ns"},
    {"nanoseconds", "duration", "ns"},
    {"ns", "duration", "ns"},
    {"percent", "percent", "percent"},
    {"s", "duration", "s"},
    {"sec", "duration", "s"},
    {"second", "duration", "s"},
    {"seconds", "duration", "s"},
    {"secs", "duration", "s"},
    {"tb", "size", "tb"},
    {"us", "duration", "us"},
    {"usec", "duration", "us"},
    {"usecs", "duration", "us"},
    {"week", "duration", "weeks"},
    {"weeks", "duration", "weeks"},
    {"year", "duration", "years"},
    {"years", "duration", "years"},
}};

const Unit* FindUnit(std::string_view unit) {
  const auto found = std::lower_bound(kUnits.begin(), kUnits.end(), unit,
                                      [](const Unit& a, std::string_view b) { return a.unit < b; });
  return found != kUnits.end() && found->unit == unit ? &*found : nullptr;
}

static_assert(IsSorted(kPrepositions) && IsSorted(kCopulas) && IsSorted(kNeverNames) && IsSorted(kGeneric) &&
              IsSorted(kSeverityLike));
static_assert(std::is_sorted(kUnits.begin(), kUnits.end(),
                             [](const Unit& a, const Unit& b) { return a.unit < b.unit; }));

}  // namespace

bool IsPreposition(std::string_view word) { return Contains(kPrepositions, word); }
bool IsCopula(std::string_view word) { return Contains(kCopulas, word); }

bool IsNeverAName(std::string_view word) {
  if (Contains(kNeverNames, word)) return true;
  return word.size() > 4 && (word.ends_with("ing") || word.ends_with("ed"));
}

bool IsGenericNoun(std::string_view word) { return Contains(kGeneric, word); }
bool IsSeverityLikeWord(std::string_view word) { return Contains(kSeverityLike, word); }

std::string_view QuantityOfUnit(std::string_view unit) {
  const Unit* found = FindUnit(unit);
  return found == nullptr ? std::string_view() : found->quantity;
}

std::string_view ShortUnit(std::string_view unit) {
  const Unit* found = FindUnit(unit);
  return found == nullptr ? std::string_view() : found->short_form;
}

}  // namespace whittle
