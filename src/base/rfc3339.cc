#include "base/rfc3339.h"

#include <array>

namespace whittle {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;
// Whole years that lie inside the range of int64 nanoseconds with room for any zone.
constexpr int kMinYear = 1678;
constexpr int kMaxYear = 2261;

// Days since 1970-01-01 of a proleptic Gregorian date, and back: http://howardhinnant.github.io/date_algorithms.html
int64_t DaysFromCivil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

void CivilFromDays(int64_t days, int64_t* year, int64_t* month, int64_t* day) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  *day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  *month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  *year = year_of_era + era * 400 + (*month <= 2);
}

int DaysInMonth(int year, int month) {
  static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays[static_cast<size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

void AppendDigits(int64_t value, int width, std::string* out) {
  std::array<char, 20> digits;
  for (int i = width; i-- > 0; value /= 10) digits[static_cast<size_t>(i)] = static_cast<char>('0' + value % 10);
  out->append(digits.data(), static_cast<size_t>(width));
}

// Reads pieces from the front of a view; every call fails without moving when the piece is not there.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  bool done() const { return text_.empty(); }
  bool Eat(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool EatAny(std::string_view set) {
    if (text_.empty() || set.find(text_[0]) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool Digits(size_t width, int* value) {
    if (text_.size() < width) return false;
    int v = 0;
    for (size_t i = 0; i < width; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return false;
      v = v * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(width);
    *value = v;
    return true;
  }
  bool Digit(int* value) { return Digits(1, value); }
  char front() const { return text_.empty() ? '\0' : text_[0]; }

 private:
  std::string_view text_;
};

std::optional<TimeSpan> ParseUnixTime(std::string_view text) {
  int64_t unit = 0;
  switch (text.size()) {
    case 10:
      unit = kSecond;
      break;
    case 13:
      unit = 1'000'000;
      break;
    case 16:
      unit = 1'000;
      break;
    case 19:
      unit = 1;
      break;
    default:
      return std::nullopt;
  }
  int64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, c - '0', &value))
      return std::nullopt;
  }
  TimeSpan span;
  if (__builtin_mul_overflow(value, unit, &span.begin)) return std::nullopt;
  if (__builtin_add_overflow(span.begin, unit, &span.end)) return std::nullopt;
  return span;
}

// Time of day after the date; *width is set to the length of the smallest unit that was written.
bool ParseTimeOfDay(Cursor* in, int64_t* offset, int64_t* width) {
  int hour = 0, minute = 0, second = 0;
  if (!in->Digits(2, &hour) || hour > 23) return false;
  *width = kHour;
  if (in->Eat(':')) {
    if (!in->Digits(2, &minute) || minute > 59) return false;
    *width = kMinute;
    if (in->Eat(':')) {
      if (!in->Digits(2, &second) || second > 60) return false;  // 60: a leap second reads as the second after
      *width = kSecond;
    }
  }
  *offset = hour * kHour + minute * kMinute + second * kSecond;
  if (*width != kSecond || !in->EatAny(".,")) return true;
  int digits = 0;
  for (int digit = 0; digits < 9 && in->Digit(&digit); ++digits) {
    *width /= 10;
    *offset += digit * *width;
  }
  return digits > 0;
}

bool ParseZone(Cursor* in, int64_t* offset) {
  *offset = 0;
  if (in->done() || in->EatAny("Zz")) return true;
  const bool west = in->front() == '-';
  if (!in->EatAny("+-")) return false;
  int hours = 0, minutes = 0;
  if (!in->Digits(2, &hours) || hours > 23) return false;
  in->Eat(':');
  if (!in->done() && (!in->Digits(2, &minutes) || minutes > 59)) return false;
  *offset = (hours * kHour + minutes * kMinute) * (west ? -1 : 1);
  return true;
}

}  // namespace

void AppendRfc3339(int64_t nanos, std::string* out) {
  int64_t days = nanos / kDay;
  int64_t rest = nanos % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  int64_t year = 0, month = 0, day = 0;
  CivilFromDays(days, &year, &month, &day);
  AppendDigits(year, 4, out);
  out->push_back('-');
  AppendDigits(month, 2, out);
  out->push_back('-');
  AppendDigits(day, 2, out);
  out->push_back('T');
  AppendDigits(rest / kHour, 2, out);
  out->push_back(':');
  AppendDigits(rest % kHour / kMinute, 2, out);
  out->push_back(':');
  AppendDigits(rest % kMinute / kSecond, 2, out);
  out->push_back('.');
  AppendDigits(rest % kSecond, 9, out);
  out->push_back('Z');
}

std::string FormatRfc3339(int64_t nanos) {
  std::string out;
  AppendRfc3339(nanos, &out);
  return out;
}

std::optional<TimeSpan> ParseTimeSpan(std::string_view text) {
  if (auto unix_time = ParseUnixTime(text)) return unix_time;
  Cursor in(text);
  int year = 0, month = 0, day = 1;
  if (!in.Digits(4, &year) || !in.Eat('-') || !in.Digits(2, &month)) return std::nullopt;
  if (year < kMinYear || year > kMaxYear || month < 1 || month > 12) return std::nullopt;
  if (in.done()) {
    const int64_t next = month == 12 ? DaysFromCivil(year + 1, 1, 1) : DaysFromCivil(year, month + 1, 1);
    return TimeSpan{DaysFromCivil(year, month, 1) * kDay, next * kDay};
  }
  if (!in.Eat('-') || !in.Digits(2, &day) || day < 1 || day > DaysInMonth(year, month)) return std::nullopt;
  int64_t begin = DaysFromCivil(year, month, day) * kDay;
  int64_t width = kDay, offset = 0, zone = 0;
  if (in.EatAny("Tt ")) {
    if (!ParseTimeOfDay(&in, &offset, &width)) return std::nullopt;
  }
  if (!ParseZone(&in, &zone) || !in.done()) return std::nullopt;
  begin += offset - zone;
  return TimeSpan{begin, begin + width};
}

}  // namespace whittle
