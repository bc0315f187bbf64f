#include "scan/time_layout.h"

#include <array>
#include <cstring>

#include "scan/time_layout_table.h"

namespace whittle {

using namespace time_layout;  // NOLINT(google-build-using-namespace)

namespace {

constexpr bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
constexpr bool IsLetter(char c) { return static_cast<unsigned char>((c | 0x20) - 'a') < 26; }

// Walks a text along a format. `relaxed` skips range checks, for LooksLikeTime.
class Cursor {
 public:
  Cursor(std::string_view text, bool relaxed) : p_(text.data()), end_(text.data() + text.size()), relaxed_(relaxed) {}
  const char* position() const { return p_; }
  bool at_end() const { return p_ == end_; }

  bool Literal(char c) { return p_ != end_ && *p_ == c && (++p_, true); }

  bool Two(int low, int high, int* out) {
    if (end_ - p_ < 2 || !IsDigit(p_[0]) || !IsDigit(p_[1])) return false;
    *out = (p_[0] - '0') * 10 + (p_[1] - '0');
    p_ += 2;
    return relaxed_ || (*out >= low && *out <= high);
  }
  bool Four(int* out) {
    int high = 0, low = 0;
    if (!Two(0, 99, &high) || !Two(0, 99, &low)) return false;
    *out = high * 100 + low;
    // Years outside of this are not when software logged.
    return relaxed_ || (*out >= 1970 && *out < 2200);
  }
  // 1..width digits; returns how many were read, 0 on failure.
  int Flexible(int width, int low, int high, int* out) {
    int value = 0, count = 0;
    while (count < width && p_ + count != end_ && IsDigit(p_[count])) value = value * 10 + (p_[count++] - '0');
    *out = value;
    p_ += count;
    return relaxed_ || (value >= low && value <= high) ? count : 0;
  }
  bool Name(std::string_view names, int* index) {
    if (end_ - p_ < 3) return false;
    for (size_t i = 0; i < names.size(); i += 3) {
      if (std::memcmp(p_, names.data() + i, 3) == 0) {
        *index = static_cast<int>(i / 3);
        p_ += 3;
        return true;
      }
    }
    return false;
  }
  bool Digits(int count, int64_t* out) {
    if (end_ - p_ < count) return false;
    // Up to 19 digits, which an unsigned number holds.
    uint64_t value = 0;
    for (int i = 0; i < count; ++i) {
      if (!IsDigit(p_[i])) return false;
      value = value * 10 + static_cast<uint64_t>(p_[i] - '0');
    }
    p_ += count;
    *out = static_cast<int64_t>(value & INT64_MAX);
    return value <= INT64_MAX || relaxed_;
  }
  bool ParseFraction(std::string_view separators, int* variant, Fields* f);
  bool ParseZone(int* variant, Fields* f);

 private:
  bool Offset(bool colon, bool minutes, Fields* f);

  const char* p_;
  const char* end_;
  bool relaxed_;
};

int FractionVariant(char separator, int digits) {
  switch (separator) {
    case '.':
      return digits == 3 ? kDot3 : digits == 6 ? kDot6 : digits >= 7 ? kDot9 : kDotOdd;
    case ',':
      return digits == 3 ? kComma3 : digits == 6 ? kComma6 : kNoFraction;
    default:
      return digits == 3 ? kColon3 : kNoFraction;
  }
}

bool Cursor::ParseFraction(std::string_view separators, int* variant, Fields* f) {
  if (*variant == kNoFraction) return true;
  const bool any = *variant == kAnyFraction;
  const char* q = p_;
  const bool separator = q != end_ && separators.find(*q) != std::string_view::npos;
  int digits = 0;
  int64_t value = 0;
  if (separator) {
    for (++q; digits < 9 && q != end_ && IsDigit(*q); ++q, ++digits) value = value * 10 + (*q - '0');
  }
  const int found = digits == 0 ? kNoFraction : FractionVariant(*p_, digits);
  if (any) *variant = found;
  if (found == kNoFraction) return any;
  if (found != *variant) return false;
  f->fraction = value;
  f->fraction_digits = digits;
  p_ = q;
  return true;
}

// Zones are written in steps of 15 minutes up to 15:45; others parse but have no ticks.
bool Cursor::Offset(bool colon, bool minutes, Fields* f) {
  if (p_ == end_ || (*p_ != '+' && *p_ != '-')) return false;
  const bool negative = *p_++ == '-';
  int hours = 0, mins = 0;
  if (!Two(0, 15, &hours)) return false;
  if (colon && !Literal(':')) return false;
  if (minutes && !Two(0, 59, &mins)) return false;
  f->zone_minutes = (hours * 60 + mins) * (negative ? -1 : 1);
  f->has_zone = true;
  f->style |= ((hours * 60 + mins) / 15 & 63) | (negative ? 64 : 0);
  f->exact = f->exact && mins % 15 == 0;
  return true;
}

bool Cursor::ParseZone(int* variant, Fields* f) {
  const char* const start = p_;
  switch (*variant) {
    case kNoZone:
      return true;
    case kZ:
      return Literal('Z') && (f->has_zone = true);
    case kColonOffset:
      return Offset(true, true, f);
    case kOffset:
      return Offset(false, true, f);
    case kHourOffset:
      return Offset(false, false, f);
    case kSpaceOffset:
      return Literal(' ') && Offset(false, true, f);
    case kSpaceColonOffset:
      return Literal(' ') && Offset(true, true, f);
    case kName: {
      if (!Literal(' ')) return false;
      const char* q = p_;
      while (q != end_ && IsLetter(*q) && q - p_ < 5) ++q;
      const std::string_view name(p_, static_cast<size_t>(q - p_));
      for (size_t i = 0; i < std::size(kNamedZones); ++i) {
        if (name != kNamedZones[i].name) continue;
        f->zone_minutes = kNamedZones[i].minutes;
        f->has_zone = true;
        f->style |= static_cast<int>(i);
        p_ = q;
        return true;
      }
      return false;
    }
    default:
      break;
  }
  // Any: the longest that is followed by something else than a digit, a letter or a colon.
  for (const int zone : {kZ, kColonOffset, kOffset, kHourOffset, kSpaceColonOffset, kSpaceOffset, kName}) {
    Fields trial = *f;
    int fixed = zone;
    p_ = start;
    const bool found = ParseZone(&fixed, &trial);
    // The name in "GMT+0100" is not the zone.
    if (found && zone == kName && end_ - p_ > 1 && (*p_ == '+' || *p_ == '-') && IsDigit(p_[1])) break;
    if (found && (p_ == end_ || !(IsDigit(*p_) || IsLetter(*p_) || *p_ == ':' || *p_ == '.'))) {
      *f = trial;
      *variant = zone;
      return true;
    }
    // "Z" must not swallow the colon of "Z:"; a log that writes 15:16:01Z: is read as without more.
    if (zone == kZ && p_ != start && p_ != end_ && *p_ == ':' && !(p_ + 1 != end_ && IsDigit(p_[1]))) {
      *f = trial;
      *variant = zone;
      return true;
    }
  }
  p_ = start;
  *variant = kNoZone;
  return true;
}

void Padded(int count, int value, int bit, Fields* f) {
  if (count == 2 && value < 10) f->style |= 1 << bit;
}
bool Loose(int count, int width, int value, Fields* f) {
  if (count == 0) return false;
  const int smallest = width == 3 ? (value < 10 ? 1 : value < 100 ? 2 : 3) : (value < 10 ? 1 : 2);
  if (count > smallest) f->low_style |= 1;
  if (count < width) f->low_style |= 2;
  return true;
}

bool ParseEpoch(char op, Cursor* c, bool relaxed, Fields* f) {
  const int digits = op == 's' ? 10 : op == 'q' ? 13 : op == 'u' ? 16 : 19;
  int64_t value = 0, scale = 1;
  if (!c->Digits(digits, &value)) return false;
  for (int i = 10; i < digits; ++i) scale *= 10;
  f->seconds = value / scale;
  if (digits > 10) {
    f->fraction = value % scale;
    f->fraction_digits = digits - 10;
  }
  f->has_zone = true;
  return relaxed || (f->seconds >= kEpochMin && f->seconds < kEpochMax);
}

// "4", " 4", "04" or "14"; the first byte must not be a space at the very start of the text.
bool ParseFlexibleDay(Cursor* c, const char* start, Fields* f) {
  const bool space = c->position() != start && c->Literal(' ');
  const int count = c->Flexible(space ? 1 : 2, 1, 31, &f->day);
  if (count == 0) return false;
  if (f->day < 10) f->style |= (space ? 0 : count == 2 ? 1 : 2) << 7;
  return true;
}

bool ParseFields(const Family& family, int* fraction, int* zone, bool relaxed, std::string_view text, Cursor* c,
                 Fields* f) {
  for (const char* op = family.format; *op != 0; ++op) {
    bool ok = true;
    int count = 0;
    switch (*op) {
      case 'Y':
        ok = c->Four(&f->year);
        break;
      case 'y':
        ok = c->Two(0, 99, &f->year), f->year += f->year < 70 ? 2000 : 1900;
        break;
      case 'm':
        ok = c->Two(1, 12, &f->month);
        break;
      case 'd':
        ok = c->Two(1, 31, &f->day);
        break;
      case 'H':
        ok = c->Two(0, 23, &f->hour);
        break;
      case 'k':
        ok = c->Literal(' ') && c->Flexible(1, 0, 9, &f->hour) == 1;
        break;
      case 'M':
        ok = c->Two(0, 59, &f->minute);
        break;
      case 'S':
        f->second_at = static_cast<int>(c->position() - text.data());
        ok = c->Two(0, 60, &f->second);
        break;
      case 'b':
        ok = c->Name(kMonths, &f->month);
        ++f->month;
        break;
      case 'B':
        ok = c->Name(kUpperMonths, &f->month);
        ++f->month;
        break;
      case 'G':
        ok = c->Literal('G') && c->Literal('M') && c->Literal('T');
        break;
      case 'a':
        ok = c->Name(kWeekdays, &f->weekday);
        break;
      case 'e':
        ok = ParseFlexibleDay(c, text.data(), f);
        break;
      case 'n':
        ok = (count = c->Flexible(2, 1, 12, &f->month)) != 0;
        Padded(count, f->month, 7, f);
        break;
      case 'j':
        ok = (count = c->Flexible(2, 1, 31, &f->day)) != 0;
        Padded(count, f->day, 8, f);
        break;
      case 'I':
        ok = (count = c->Flexible(2, 1, 12, &f->hour)) != 0;
        Padded(count, f->hour, 9, f);
        break;
      case 'h':
        count = c->Flexible(2, 0, 23, &f->hour);
        ok = Loose(count, 2, f->hour, f);
        break;
      case 'i':
        count = c->Flexible(2, 0, 59, &f->minute);
        ok = Loose(count, 2, f->minute, f);
        break;
      case 'x':
        count = c->Flexible(2, 0, 59, &f->second);
        ok = Loose(count, 2, f->second, f);
        break;
      case 'l': {
        int millis = 0;
        count = c->Flexible(3, 0, 999, &millis);
        ok = Loose(count, 3, millis, f);
        f->fraction = millis, f->fraction_digits = 3;
        break;
      }
      case 'p': {
        f->twelve_hour = true;
        const bool am = c->Literal('A');
        f->pm = !am;
        ok = (am || c->Literal('P')) && c->Literal('M');
        break;
      }
      case 's':
      case 'q':
      case 'u':
      case 'v':
        ok = ParseEpoch(*op, c, relaxed, f);
        break;
      case 'f':
        ok = c->ParseFraction(SeparatorsOf(family), fraction, f);
        break;
      case 'z':
        ok = c->ParseZone(zone, f);
        break;
      default:
        ok = c->Literal(*op);
        break;
    }
    if (!ok) return false;
  }
  return true;
}

bool InRange(const Family& family, const Fields& f) {
  if (f.day > 28 && f.day > DaysInMonth(f.year, f.month)) return false;
  if ((family.flags & kDayAbove12) && f.day <= 12) return false;
  // A leap second only ever ends an hour.
  return f.second < 60 || f.minute == 59;
}

}  // namespace

bool time_layout::ParseWhole(const Layout& layout, std::string_view text, Fields* f) {
  Cursor cursor(text, false);
  int fraction = layout.fraction, zone = layout.zone;
  return ParseFields(*layout.family, &fraction, &zone, false, text, &cursor, f) && cursor.at_end() &&
         InRange(*layout.family, *f);
}

ParsedTime time_layout::TimeOf(const Layout& layout, const Fields& f) {
  const uint8_t flags = layout.family->flags;
  int64_t seconds = f.seconds;
  if (flags & kNoDate) {
    seconds = HourOf(f) * 3600 + f.minute * 60 + f.second;
  } else if (!(flags & kUtc)) {
    seconds = SecondsOf(f) - f.zone_minutes * 60;
  }
  ParsedTime time;
  time.nanos = seconds * 1000000000 + f.fraction * kPowerOf10[9 - f.fraction_digits];
  time.has_date = !(flags & kNoDate);
  time.has_year = !(flags & (kNoDate | kNoYear));
  time.has_zone = f.has_zone;
  return time;
}

bool ParseTime(TimeLayoutId id, std::string_view text, ParsedTime* out) {
  Layout layout;
  Fields f;
  if (!Decode(id, &layout) || !ParseWhole(layout, text, &f)) return false;
  *out = TimeOf(layout, f);
  return true;
}

namespace {

// What may not follow a timestamp: it would be a piece of something longer.
bool Ends(const Family& family, const char* p, const char* end) {
  if (p == end) return true;
  if (IsDigit(*p) || *p == '_') return false;
  if (IsLetter(*p)) return !(family.flags & kNeedsBoundary);
  if (p + 1 != end && std::strchr(":.,/-+@%", *p) != nullptr && *p != 0) {
    if (IsDigit(p[1])) return *p == ',';
    if ((family.flags & kNeedsBoundary) && IsLetter(p[1]) && *p != ',') return false;
  }
  return true;
}

constexpr size_t kMinTimeBytes = 6;  // 3:04PM

// How the texts of a family begin: with so many digits, and behind them this byte, or anything when it is 0. For
// families that begin with a letter the digits are none.
struct Beginning {
  uint8_t least = 0;
  uint8_t most = 0;
  char next = 0;
};

constexpr Beginning BeginningOf(std::string_view format) {
  Beginning beginning;
  for (const char op : format) {
    int least = 0, most = 0;
    switch (op) {
      case 'Y':
        least = most = 4;
        break;
      case 'y':
      case 'm':
      case 'd':
      case 'H':
      case 'M':
      case 'S':
        least = most = 2;
        break;
      case 'e':
      case 'n':
      case 'j':
      case 'I':
      case 'h':
      case 'i':
      case 'x':
        least = 1, most = 2;
        break;
      case 's':
        least = most = 10;
        break;
      case 'q':
        least = most = 13;
        break;
      case 'u':
        least = most = 16;
        break;
      case 'v':
        least = most = 19;
        break;
      case 'a':
      case 'b':
      case 'B':
      case 'f':
      case 'z':
        return beginning;
      case 'k':
        beginning.next = ' ';
        return beginning;
      default:
        beginning.next = op;
        return beginning;
    }
    beginning.least = static_cast<uint8_t>(beginning.least + least);
    beginning.most = static_cast<uint8_t>(beginning.most + most);
  }
  return beginning;
}

constexpr std::array<Beginning, kFamilyCount> kBeginnings = [] {
  std::array<Beginning, kFamilyCount> all;
  for (size_t i = 0; i < kFamilyCount; ++i) all[i] = BeginningOf(kFamilies[i].format);
  return all;
}();

// A byte tells most families apart before their formats are walked.
bool MayBegin(const Beginning& beginning, size_t digits, char next) {
  return digits >= beginning.least && digits <= beginning.most && (beginning.next == 0 || beginning.next == next);
}

std::optional<TimeMatch> Match(std::string_view text, bool relaxed) {
  std::optional<TimeMatch> best;
  if (text.size() < kMinTimeBytes) return best;
  const bool letter = IsLetter(text[0]);
  if (!letter && !IsDigit(text[0])) return best;
  // No layout is longer; keeps relaxed walks short too.
  text = text.substr(0, 64);
  size_t digits = 0;
  while (digits < text.size() && IsDigit(text[digits])) ++digits;
  const char next = digits < text.size() ? text[digits] : '\0';
  for (size_t i = 0; i < kFamilyCount; ++i) {
    const Family& family = kFamilies[i];
    if (!MayBegin(kBeginnings[i], digits, next)) continue;
    if (letter != (family.format[0] == 'a' || family.format[0] == 'b')) continue;
    Cursor cursor(text, relaxed);
    Fields f;
    int fraction = kAnyFraction, zone = kAnyZone;
    if (!Has(family.format, 'f')) fraction = kNoFraction;
    if (!Has(family.format, 'z')) zone = kNoZone;
    if (!ParseFields(family, &fraction, &zone, relaxed, text, &cursor, &f)) continue;
    if (!relaxed && !InRange(family, f)) continue;
    if (!Ends(family, cursor.position(), text.data() + text.size())) continue;
    const auto size = static_cast<uint32_t>(cursor.position() - text.data());
    if (best && best->size >= size) continue;
    best = TimeMatch{
        static_cast<TimeLayoutId>(i * 64 + static_cast<size_t>(fraction) * 8 + static_cast<size_t>(zone) + 1), size};
  }
  return best;
}

}  // namespace

std::optional<TimeMatch> MatchTime(std::string_view text) { return Match(text, false); }

bool LooksLikeTime(std::string_view text) { return Match(text, true).has_value(); }

}  // namespace whittle
