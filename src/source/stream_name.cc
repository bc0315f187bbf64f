#include "source/stream_name.h"

#include <algorithm>
#include <chrono>
#include <tuple>

namespace whittle {
namespace {

constexpr size_t kMaxNumberDigits = 10;             // longer runs of digits are ids, not counters
constexpr int kFirstYear = 1990, kLastYear = 2099;  // keeps most eight-digit ids from being dates

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsSeparator(char c) { return c == '-' || c == '_' || c == '.'; }

size_t DigitRun(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && IsDigit(text[end])) ++end;
  return end - at;
}

int Number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

std::string_view WithoutCompressionSuffix(std::string_view name) {
  for (const std::string_view suffix : {".gz", ".zst", ".zstd", ".xz", ".bz2", ".gzip", ".bzip2"}) {
    if (name.size() > suffix.size() && name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  }
  return name;
}

// A date, with a time of day perhaps, found in a name.
struct FoundDate {
  size_t begin = 0, end = 0;
  int64_t seconds = 0;
};

std::optional<int64_t> Days(int year, int month, int day) {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || year < kFirstYear || year > kLastYear) return std::nullopt;
  return sys_days(date).time_since_epoch().count();
}

// "13", "1305", "130500", "13-05", "13_05_00" at text[at]: sets the seconds of the day and returns the end, or `at`.
size_t ReadTimeOfDay(std::string_view text, size_t at, int64_t* seconds) {
  int parts[3] = {0, 0, 0};
  const size_t run = DigitRun(text, at);
  size_t end = at + run, count = 0;
  if (run == 4 || run == 6) {
    for (count = 0; count < run / 2; ++count) parts[count] = Number(text.substr(at + 2 * count, 2));
  } else if (run == 2) {
    parts[count++] = Number(text.substr(at, 2));
    while (count < 3 && end < text.size() && (IsSeparator(text[end]) || text[end] == ':') && text[end] != '.' &&
           DigitRun(text, end + 1) == 2) {
      parts[count++] = Number(text.substr(end + 1, 2));
      end += 3;
    }
  } else {
    return at;
  }
  if (parts[0] > 23 || parts[1] > 59 || parts[2] > 60) return at;
  *seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  return end;
}

// The calendar date at text[at]; its end, or `at`. `run` digits stand there.
size_t ReadCalendarDate(std::string_view text, size_t at, size_t run, int64_t* seconds) {
  size_t end = at;
  std::optional<int64_t> days;
  if (run == 8 || run == 10 || run == 12 || run == 14) {
    days = Days(Number(text.substr(at, 4)), Number(text.substr(at + 4, 2)), Number(text.substr(at + 6, 2)));
    end = at + 8;
    int64_t time = 0;
    if (days && run > 8) {
      const std::string_view rest = text.substr(end, run - 8);
      end += ReadTimeOfDay(rest, 0, &time);
      if (end != at + run) return at;
    }
    *seconds = time;
  } else if (run == 4 && at + 7 <= text.size() && IsSeparator(text[at + 4]) && DigitRun(text, at + 5) == 2) {
    const char separator = text[at + 4];
    const bool has_day = at + 10 <= text.size() && text[at + 7] == separator && DigitRun(text, at + 8) == 2;
    if (!has_day && separator != '-') return at;  // a month alone is written 2024-01
    days =
        Days(Number(text.substr(at, 4)), Number(text.substr(at + 5, 2)), has_day ? Number(text.substr(at + 8, 2)) : 1);
    end = at + (has_day ? 10 : 7);
    *seconds = 0;
  }
  if (!days) return at;
  *seconds += *days * 86400;
  return end;
}

std::optional<FoundDate> ReadDate(std::string_view text, size_t at) {
  const size_t run = DigitRun(text, at);
  FoundDate found{at, at, 0};
  found.end = ReadCalendarDate(text, at, run, &found.seconds);
  if (found.end == at) {
    // Seconds since 1970, as logrotate's dateformat %s writes: ten digits from 2001 on.
    if (run != 10 || text[at] != '1') return std::nullopt;
    for (const char c : text.substr(at, run)) found.seconds = found.seconds * 10 + (c - '0');
    found.end = at + run;
  } else if (found.end < text.size() && (text[found.end] == 'T' || text[found.end] == '-' || text[found.end] == '_')) {
    int64_t time = 0;
    const size_t after = ReadTimeOfDay(text, found.end + 1, &time);
    if (after > found.end + 1) {
      found.seconds += time;
      found.end = after;
    }
  }
  if (found.end < text.size() && text[found.end] == 'Z') ++found.end;
  if (found.end < text.size() && !IsSeparator(text[found.end])) return std::nullopt;
  return found;
}

std::optional<FoundDate> FindDate(std::string_view name) {
  for (size_t at = 0; at < name.size(); ++at) {
    if (!IsDigit(name[at]) || (at > 0 && !IsSeparator(name[at - 1]))) continue;
    if (auto found = ReadDate(name, at)) return found;
  }
  return std::nullopt;
}

uint64_t ReadNumber(std::string_view digits) {
  uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<uint64_t>(c - '0');
  return value;
}

// Takes the date, and a number that follows it, out of `name`.
void TakeDate(std::string* name, const FoundDate& found, RotatedName* out) {
  out->date_s = found.seconds;
  size_t begin = found.begin, end = found.end;
  if (end < name->size()) {
    const size_t run = DigitRun(*name, end + 1);
    const size_t after = end + 1 + run;
    if (run > 0 && run <= kMaxNumberDigits && (after == name->size() || (*name)[after] == '.')) {
      out->number = ReadNumber(std::string_view(*name).substr(end + 1, run));
      end = after;
    }
  }
  if (begin > 0) {
    --begin;  // with the separator before it
  } else {
    while (end < name->size() && IsSeparator((*name)[end])) ++end;
  }
  name->erase(begin, end - begin);
}

// ".3" at the end, after something that is a name and not part of a version or an address: "app.log.3", not "10.0.0.1".
void TakeTrailingNumber(std::string* name, RotatedName* out) {
  const size_t dot = name->rfind('.');
  if (out->number || dot == std::string::npos || dot == 0) return;
  const size_t run = DigitRun(*name, dot + 1);
  if (run == 0 || run > kMaxNumberDigits || dot + 1 + run != name->size()) return;
  const size_t previous = name->rfind('.', dot - 1);
  const size_t start = previous == std::string::npos ? 0 : previous + 1;
  if (std::none_of(name->begin() + static_cast<ptrdiff_t>(start), name->begin() + static_cast<ptrdiff_t>(dot),
                   IsLetter)) {
    return;
  }
  out->number = ReadNumber(std::string_view(*name).substr(dot + 1));
  name->resize(dot);
}

}  // namespace

RotatedName ParseRotatedName(std::string_view base_name) {
  RotatedName out;
  std::string name(WithoutCompressionSuffix(base_name));
  if (const auto found = FindDate(name)) TakeDate(&name, *found, &out);
  TakeTrailingNumber(&name, &out);
  // "2024-01-01.log" leaves ".log": a name must not be hidden, nor empty.
  if (out.date_s) name.erase(0, std::min(name.find_first_not_of("-_."), name.size()));
  out.stream = name.empty() ? "log" : std::move(name);
  return out;
}

bool WrittenBefore(const RotatedName& a, const RotatedName& b) {
  if (a.date_s.has_value() != b.date_s.has_value()) return a.date_s.has_value();
  if (a.date_s) return std::tie(*a.date_s, a.number) < std::tie(*b.date_s, b.number);
  if (a.number.has_value() != b.number.has_value()) return a.number.has_value();
  return a.number && *a.number > *b.number;
}

}  // namespace whittle
