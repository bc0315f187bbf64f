#include "scan/time_layout.h"

#include <array>
#include <cstring>

#include "scan/civil_time.h"

namespace whittle {
namespace {

// One letter per field of a family's format; every other byte stands for itself.
//   Y 4-digit year  y 2-digit year  m 2-digit month  b Jan..Dec  d 2-digit day  a Sun..Sat  p AM or PM
//   H M S 2 digits  e day as " 4", "04", "4" or "14"  n j I month, day, 12-hour with 1 or 2 digits
//   h i x l hour, minute, second, millisecond without (or all with) leading zeros
//   s q u v epoch seconds (10 digits), milli (13), micro (16), nano (19)
//   f fraction of the layout  z zone of the layout
enum FamilyFlags : uint8_t {
  kPlain = 0,
  kNoYear = 1,
  kNoDate = 2,          // only a time of day
  kDayAbove12 = 4,      // month/day would win otherwise
  kNoColonFraction = 8,
  kDotFraction = 128,   // a comma would be the next column
  kLowStyle = 16,       // the padding varies from value to value, so it stands in the lowest bit of the ticks
  kNeedsBoundary = 32,  // short forms: reject when a letter follows
  kUtc = 64,
};

struct Family {
  const char* name;
  const char* format;
  uint8_t flags = kPlain;
};

// Append only: the position is part of the segment format.
constexpr Family kFamilies[] = {
    {"iso8601-t", "Y-m-dTH:M:Sfz"},
    {"iso8601-space", "Y-m-d H:M:Sfz"},
    {"slash-ymd", "Y/m/d H:M:Sfz"},
    {"dot-ymd", "Y.m.d H:M:Sfz"},
    {"german", "d.m.Y H:M:Sfz"},
    {"clf", "d/b/Y:H:M:Sfz"},
    {"slash-dby", "d/b/Y H:M:Sfz"},
    {"dash-dby", "d-b-Y H:M:Sfz"},
    {"syslog", "b e H:M:Sfz", kNoYear},
    {"syslog-year", "b e Y H:M:Sfz"},
    {"syslog-year-last", "b e H:M:Sfz Y"},
    {"dby", "e b Y H:M:Sfz"},
    {"db", "e b H:M:Sfz", kNoYear},
    {"ctime", "a b e H:M:Sfz Y"},
    {"ctime-no-year", "a b e H:M:Sfz", kNoYear},
    {"rfc1123", "a, e b Y H:M:Sfz"},
    {"month-day", "m-d H:M:Sfz", kNoYear},
    {"compact-ymd", "ymd HMSf"},
    {"mysql-short", "ymd H:M:Sf"},
    {"spark", "y/m/d H:M:Sfz"},
    {"dotted-dash", "Y-m-d-H.M.Sfz"},
    {"compact-dash", "Ymd-H:M:Sfz", kNoColonFraction},
    {"compact-dash-unpadded", "Ymd-h:i:x:l", kLowStyle},
    {"compact-space", "Ymd H:M:Sfz"},
    {"iso8601-basic", "YmdTHMSfz"},
    {"compact-14", "YmdHMSfz", kNeedsBoundary},
    {"dot-month-day", "m.d H:M:Sf", kNoYear},
    {"glog", "md H:M:Sf", kNoYear},
    {"epoch-s", "sf", kUtc | kNeedsBoundary | kDotFraction},
    {"epoch-ms", "q", kUtc | kNeedsBoundary},
    {"epoch-us", "u", kUtc | kNeedsBoundary},
    {"epoch-ns", "v", kUtc | kNeedsBoundary},
    {"us-12h", "n/j/Y I:M:Sf p"},
    {"us-12h-comma", "n/j/Y, I:M:Sf p"},
    {"us", "m/d/Y H:M:Sfz"},
    {"day-month", "d/m/Y H:M:Sfz", kDayAbove12},
    {"us-short", "m/d/y H:M:Sfz", kDayAbove12},
    {"snort", "m/d/Y-H:M:Sfz"},
    {"java-util", "b j, Y I:M:Sf p"},
    {"time-of-day", "H:M:Sf", kNoDate | kNeedsBoundary},
    {"underscore", "Y-m-d_H:M:Sfz"},
    {"underscore-dash", "Y-m-d_H-M-Sfz"},
    {"tab", "Y-m-d\tH:M:Sfz"},
    {"date-only", "Y-m-d", kNeedsBoundary},
    {"date-only-slash", "Y/m/d", kNeedsBoundary},
    {"date-only-dot", "Y.m.d", kNeedsBoundary},
    {"day-month-dash", "d-m-Y H:M:Sfz"},
    {"us-12h-short", "n/j/y I:M:Sf p"},
    {"iso8601-12h", "Y-m-d I:M:Sf p"},
    {"year-month-name", "Y b e H:M:Sfz"},
    {"year-month-name-dash", "Y-b-d H:M:Sfz"},
    {"snort-short", "m/d-H:M:Sf", kNoYear},
    {"iso8601-t-minute", "Y-m-dTH:Mz", kNeedsBoundary},
};
constexpr size_t kFamilyCount = std::size(kFamilies);

enum Fraction : int { kNoFraction, kDot3, kDot6, kDot9, kDotOdd, kComma3, kComma6, kColon3, kAnyFraction };
enum Zone : int { kNoZone, kZ, kColonOffset, kOffset, kHourOffset, kSpaceOffset, kSpaceColonOffset, kName, kAnyZone };
constexpr const char* kFractionNames[] = {"", "-dot3", "-dot6", "-dot9", "-dot-odd", "-comma3", "-comma6", "-colon3"};
constexpr const char* kZoneNames[] = {"", "-z", "-colon-offset", "-offset", "-hour-offset", "-space-offset",
                                      "-space-colon-offset", "-zone-name"};

struct NamedZone {
  std::string_view name;
  int minutes;
};
// Abbreviations with one common meaning. Append only, at most 64.
constexpr NamedZone kNamedZones[] = {
    {"UTC", 0},    {"GMT", 0},    {"CET", 60},   {"CEST", 120}, {"EET", 120},  {"EEST", 180},  {"WET", 0},    {"WEST", 60},
    {"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300}, {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420},
    {"BST", 60},   {"MSK", 180},  {"JST", 540},  {"KST", 540},  {"IST", 330},  {"SGT", 480},  {"HKT", 480},  {"AEST", 600},
    {"AEDT", 660}, {"NZST", 720}, {"NZDT", 780}, {"BRT", -180}, {"ART", -180}, {"SAST", 120}, {"Z", 0},
};
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view kWeekdays = "SunMonTueWedThuFriSat";

// Ticks = time + style << 53. Style: bits 0..6 the zone, bits 7..9 how small numbers are padded.
constexpr int kStyleShift = 53;
constexpr int64_t kStyleLimit = int64_t{1} << 10;
constexpr int64_t kTimeLimit = int64_t{1} << kStyleShift;
// Epochs outside of 2000..2100 are more likely plain numbers.
constexpr int64_t kEpochMin = 946684800;
constexpr int64_t kEpochMax = 4102444800;

struct Fields {
  int year = 1972, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  int64_t seconds = 0;      // epoch families
  int64_t fraction = 0;     // `fraction_digits` decimal digits
  int fraction_digits = 0;
  int zone_minutes = 0;
  int weekday = -1;
  int style = 0;            // see kStyleShift
  int low_style = 0;        // kLowStyle families: bit 0 a leading zero was seen, bit 1 a field shorter than its width
  bool has_zone = false;
  bool exact = true;        // false: parses, but ticks could not restore it
  bool pm = false, twelve_hour = false;
};

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
    case '.': return digits == 3 ? kDot3 : digits == 6 ? kDot6 : digits >= 7 ? kDot9 : kDotOdd;
    case ',': return digits == 3 ? kComma3 : digits == 6 ? kComma6 : kNoFraction;
    default: return digits == 3 ? kColon3 : kNoFraction;
  }
}

std::string_view SeparatorsOf(const Family& family) {
  if (family.flags & kDotFraction) return ".";
  return family.flags & kNoColonFraction ? ".," : ".,:";
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
    case kNoZone: return true;
    case kZ: return Literal('Z') && (f->has_zone = true);
    case kColonOffset: return Offset(true, true, f);
    case kOffset: return Offset(false, true, f);
    case kHourOffset: return Offset(false, false, f);
    case kSpaceOffset: return Literal(' ') && Offset(false, true, f);
    case kSpaceColonOffset: return Literal(' ') && Offset(true, true, f);
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
    default: break;
  }
  // Any: the longest that is followed by something else than a digit, a letter or a colon.
  for (const int zone : {kZ, kColonOffset, kOffset, kHourOffset, kSpaceColonOffset, kSpaceOffset, kName}) {
    Fields trial = *f;
    int fixed = zone;
    p_ = start;
    if (ParseZone(&fixed, &trial) && (p_ == end_ || !(IsDigit(*p_) || IsLetter(*p_) || *p_ == ':' || *p_ == '.'))) {
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

bool ParseFields(const Family& family, int* fraction, int* zone, bool relaxed, std::string_view text, Cursor* c, Fields* f) {
  for (const char* op = family.format; *op != 0; ++op) {
    bool ok = true;
    int count = 0;
    switch (*op) {
      case 'Y': ok = c->Four(&f->year); break;
      case 'y': ok = c->Two(0, 99, &f->year), f->year += f->year < 70 ? 2000 : 1900; break;
      case 'm': ok = c->Two(1, 12, &f->month); break;
      case 'd': ok = c->Two(1, 31, &f->day); break;
      case 'H': ok = c->Two(0, 23, &f->hour); break;
      case 'M': ok = c->Two(0, 59, &f->minute); break;
      case 'S': ok = c->Two(0, 60, &f->second); break;
      case 'b': ok = c->Name(kMonths, &f->month); ++f->month; break;
      case 'a': ok = c->Name(kWeekdays, &f->weekday); break;
      case 'e': ok = ParseFlexibleDay(c, text.data(), f); break;
      case 'n': ok = (count = c->Flexible(2, 1, 12, &f->month)) != 0; Padded(count, f->month, 7, f); break;
      case 'j': ok = (count = c->Flexible(2, 1, 31, &f->day)) != 0; Padded(count, f->day, 8, f); break;
      case 'I': ok = (count = c->Flexible(2, 1, 12, &f->hour)) != 0; Padded(count, f->hour, 9, f); break;
      case 'h': ok = Loose(c->Flexible(2, 0, 23, &f->hour), 2, f->hour, f); break;
      case 'i': ok = Loose(c->Flexible(2, 0, 59, &f->minute), 2, f->minute, f); break;
      case 'x': ok = Loose(c->Flexible(2, 0, 59, &f->second), 2, f->second, f); break;
      case 'l': {
        int millis = 0;
        ok = Loose(c->Flexible(3, 0, 999, &millis), 3, millis, f);
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
      case 's': case 'q': case 'u': case 'v': ok = ParseEpoch(*op, c, relaxed, f); break;
      case 'f': ok = c->ParseFraction(SeparatorsOf(family), fraction, f); break;
      case 'z': ok = c->ParseZone(zone, f); break;
      default: ok = c->Literal(*op); break;
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

// Which of 'f' and 'z' a format has; without one only variant 0 exists.
constexpr bool Has(const char* format, char op) {
  for (; *format != 0; ++format) {
    if (*format == op) return true;
  }
  return false;
}

struct Layout {
  const Family* family = nullptr;
  int fraction = 0;
  int zone = 0;
};

bool Decode(TimeLayoutId id, Layout* layout) {
  if (id == 0 || id > kFamilyCount * 64) return false;
  const int index = id - 1;
  *layout = {&kFamilies[index / 64], index / 8 % 8, index % 8};
  return true;
}

bool Exists(const Layout& l) {
  if (l.fraction != kNoFraction && !Has(l.family->format, 'f')) return false;
  if (l.zone != kNoZone && !Has(l.family->format, 'z')) return false;
  constexpr char kSeparators[] = {'.', '.', '.', '.', '.', ',', ',', ':'};
  return l.fraction == kNoFraction || SeparatorsOf(*l.family).find(kSeparators[l.fraction]) != std::string_view::npos;
}

int64_t SecondsOf(const Fields& f) {
  int hour = f.hour;
  if (f.twelve_hour) hour = hour % 12 + (f.pm ? 12 : 0);
  return DaysFromCivil(f.year, f.month, f.day) * 86400 + hour * 3600 + f.minute * 60 + f.second;
}

constexpr int64_t kPowerOf10[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

bool ParseWhole(const Layout& layout, std::string_view text, Fields* f) {
  Cursor cursor(text, false);
  int fraction = layout.fraction, zone = layout.zone;
  return ParseFields(*layout.family, &fraction, &zone, false, text, &cursor, f) && cursor.at_end() && InRange(*layout.family, *f);
}

}  // namespace

bool ParseTime(TimeLayoutId id, std::string_view text, ParsedTime* out) {
  Layout layout;
  Fields f;
  if (!Decode(id, &layout) || !ParseWhole(layout, text, &f)) return false;
  const uint8_t flags = layout.family->flags;
  int64_t seconds = f.seconds;
  if (flags & kNoDate) {
    seconds = f.hour * 3600 + f.minute * 60 + f.second;
  } else if (!(flags & kUtc)) {
    seconds = SecondsOf(f) - f.zone_minutes * 60;
  }
  out->nanos = seconds * 1000000000 + f.fraction * kPowerOf10[9 - f.fraction_digits];
  out->has_date = !(flags & kNoDate);
  out->has_year = !(flags & (kNoDate | kNoYear));
  out->has_zone = f.has_zone;
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

std::optional<TimeMatch> Match(std::string_view text, bool relaxed) {
  std::optional<TimeMatch> best;
  if (text.size() < 8) return best;
  const bool letter = IsLetter(text[0]);
  if (!letter && !IsDigit(text[0])) return best;
  // No layout is longer; keeps relaxed walks short too.
  text = text.substr(0, 64);
  for (size_t i = 0; i < kFamilyCount; ++i) {
    const Family& family = kFamilies[i];
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
    best = TimeMatch{static_cast<TimeLayoutId>(i * 64 + static_cast<size_t>(fraction) * 8 + static_cast<size_t>(zone) + 1), size};
  }
  return best;
}

}  // namespace

std::optional<TimeMatch> MatchTime(std::string_view text) { return Match(text, false); }

bool LooksLikeTime(std::string_view text) { return Match(text, true).has_value(); }

// Ticks ---------------------------------------------------------------------------------------------------------------

namespace {

enum class LowCode { kNone, kNanos, kOdd, kPadding };

// How many ticks a second has, and what stands in the lowest part of a tick beside the time.
struct TickUnit {
  int digits = 0;       // of the fraction
  int factor = 1;       // ticks per unit of time
  LowCode low = LowCode::kNone;
};

TickUnit UnitOf(const Layout& l) {
  if (l.family->flags & kLowStyle) return {3, 2, LowCode::kPadding};
  switch (l.family->format[0]) {
    case 'q': return {3};
    case 'u': return {6};
    case 'v': return {9};
    default: break;
  }
  switch (l.fraction) {
    case kDot3: case kComma3: case kColon3: return {3};
    case kDot6: case kComma6: return {6};
    // 7 to 9 digits, usually without trailing zeros (RFC3339Nano) or always 7 or always 9: the code is the number of
    // zeros written beyond the shortest text of at least 7 digits.
    case kDot9: return {9, 3, LowCode::kNanos};
    // 1, 2, 4 or 5 digits: the code is which.
    case kDotOdd: return {5, 4, LowCode::kOdd};
    default: return {0};
  }
}

constexpr int kOddDigits[] = {1, 2, 4, 5};

// The code of LowCode for fraction `value` (unit digits wide) written with `digits` digits.
int LowCodeOf(const TickUnit& unit, const Fields& f, int64_t value) {
  if (unit.low == LowCode::kPadding) return f.low_style & 1;
  if (unit.low == LowCode::kOdd) return f.fraction_digits <= 2 ? f.fraction_digits - 1 : f.fraction_digits - 2;
  int shortest = 9;
  while (shortest > 7 && value % 10 == 0) value /= 10, --shortest;
  return f.fraction_digits - shortest;
}

}  // namespace

bool ParseTicks(TimeLayoutId id, std::string_view text, int64_t* ticks) {
  Layout layout;
  Fields f;
  if (!Decode(id, &layout) || !ParseWhole(layout, text, &f) || !f.exact) return false;
  const Family& family = *layout.family;
  if (f.second == 60 || f.low_style == 3) return false;
  int64_t seconds = f.seconds;
  if (!(family.flags & kUtc)) {
    seconds = SecondsOf(f);
    if (family.flags & kNoDate) seconds -= DaysFromCivil(1972, 1, 1) * 86400;
    if (f.weekday >= 0 && f.weekday != WeekdayFromDays(DaysFromCivil(f.year, f.month, f.day))) return false;
  }
  const TickUnit unit = UnitOf(layout);
  const int64_t fraction = f.fraction * kPowerOf10[unit.digits > f.fraction_digits ? unit.digits - f.fraction_digits : 0];
  int64_t value = 0;
  if (__builtin_mul_overflow(seconds, kPowerOf10[unit.digits], &value)) return false;
  if (__builtin_add_overflow(value, fraction, &value)) return false;
  if (__builtin_mul_overflow(value, unit.factor, &value)) return false;
  if (unit.low != LowCode::kNone) value += LowCodeOf(unit, f, fraction);
  // Nanoseconds fill the tick, so there is no room for a style: rare (an offset with nanoseconds), and then it fails.
  if (f.style != 0) {
    if (value < 0 || value >= kTimeLimit) return false;
    value += static_cast<int64_t>(f.style) << kStyleShift;
  } else if (unit.digits < 9 && value >= kTimeLimit) {
    return false;
  }
  *ticks = value;
  return true;
}

namespace {

void AppendNumber(int64_t value, int width, std::string* out) {
  char buffer[20];
  int i = 20;
  for (; value > 0 || width > 0; --width, value /= 10) buffer[--i] = static_cast<char>('0' + value % 10);
  out->append(buffer + i, static_cast<size_t>(20 - i));
}

void AppendPadded(int value, bool padded, std::string* out) { AppendNumber(value, padded || value >= 10 ? 2 : 1, out); }

void AppendFraction(const Layout& layout, const TickUnit& unit, int64_t fraction, int code, std::string* out) {
  if (layout.fraction == kNoFraction) return;
  out->push_back(layout.fraction >= kColon3 ? ':' : layout.fraction >= kComma3 ? ',' : '.');
  int digits = unit.digits;
  if (unit.low == LowCode::kOdd) {
    digits = kOddDigits[code & 3];
  } else if (unit.low == LowCode::kNanos) {
    int64_t value = fraction;
    while (digits > 7 && value % 10 == 0) value /= 10, --digits;
    digits += code;
    if (digits > 9) digits = 9;
  }
  AppendNumber(fraction / kPowerOf10[unit.digits - digits], digits, out);
}

void AppendZone(int zone, int style, std::string* out) {
  const int code = style & 127;
  switch (zone) {
    case kNoZone: return;
    case kZ: out->push_back('Z'); return;
    case kName:
      out->push_back(' ');
      if (static_cast<size_t>(code) < std::size(kNamedZones)) out->append(kNamedZones[code].name);
      return;
    default: break;
  }
  if (zone == kSpaceOffset || zone == kSpaceColonOffset) out->push_back(' ');
  out->push_back(code & 64 ? '-' : '+');
  AppendNumber((code & 63) / 4, 2, out);
  if (zone == kHourOffset) return;
  if (zone == kColonOffset || zone == kSpaceColonOffset) out->push_back(':');
  AppendNumber((code & 3) * 15, 2, out);
}

struct Clock {
  CivilDate date;
  int64_t days = 0, seconds = 0, fraction = 0;
  int hour = 0, minute = 0, second = 0, style = 0, code = 0;
};

Clock ClockOf(const TickUnit& unit, int64_t ticks) {
  Clock c;
  if (unit.digits < 9) {
    c.style = static_cast<int>(ticks >> kStyleShift & (kStyleLimit - 1));
    ticks &= kTimeLimit - 1;
  }
  if (ticks < 0) ticks = 0;
  c.code = static_cast<int>(ticks % unit.factor);
  const int64_t time = ticks / unit.factor;
  c.seconds = time / kPowerOf10[unit.digits];
  c.fraction = time % kPowerOf10[unit.digits];
  c.days = c.seconds / 86400;
  c.date = CivilFromDays(c.days);
  const int of_day = static_cast<int>(c.seconds % 86400);
  c.hour = of_day / 3600, c.minute = of_day / 60 % 60, c.second = of_day % 60;
  return c;
}

}  // namespace

void FormatTicks(TimeLayoutId id, int64_t ticks, std::string* out) {
  Layout layout;
  if (!Decode(id, &layout)) return;
  const TickUnit unit = UnitOf(layout);
  Clock c = ClockOf(unit, ticks);
  if (layout.family->flags & kNoYear) c.date = CivilFromDays(c.days);
  const bool wide = c.code != 0;  // kPadding only
  for (const char* op = layout.family->format; *op != 0; ++op) {
    switch (*op) {
      case 'Y': AppendNumber(c.date.year, 4, out); break;
      case 'y': AppendNumber(c.date.year % 100, 2, out); break;
      case 'm': AppendNumber(c.date.month, 2, out); break;
      case 'd': AppendNumber(c.date.day, 2, out); break;
      case 'H': AppendNumber(c.hour, 2, out); break;
      case 'M': AppendNumber(c.minute, 2, out); break;
      case 'S': AppendNumber(c.second, 2, out); break;
      case 'b': out->append(kMonths.substr(static_cast<size_t>(c.date.month - 1) * 3, 3)); break;
      case 'a': out->append(kWeekdays.substr(static_cast<size_t>(WeekdayFromDays(c.days)) * 3, 3)); break;
      case 'e':
        if (c.date.day < 10 && (c.style >> 7 & 3) == 0) out->push_back(' ');
        AppendPadded(c.date.day, (c.style >> 7 & 3) == 1, out);
        break;
      case 'n': AppendPadded(c.date.month, c.style >> 7 & 1, out); break;
      case 'j': AppendPadded(c.date.day, c.style >> 8 & 1, out); break;
      case 'I': AppendPadded(c.hour % 12 == 0 ? 12 : c.hour % 12, c.style >> 9 & 1, out); break;
      case 'h': AppendPadded(c.hour, wide, out); break;
      case 'i': AppendPadded(c.minute, wide, out); break;
      case 'x': AppendPadded(c.second, wide, out); break;
      case 'l': AppendNumber(c.fraction, wide || c.fraction >= 100 ? 3 : c.fraction >= 10 ? 2 : 1, out); break;
      case 'p': out->append(c.hour < 12 ? "AM" : "PM"); break;
      case 's': AppendNumber(c.seconds, 10, out); break;
      case 'q': case 'u': case 'v': AppendNumber(c.seconds * kPowerOf10[unit.digits] + c.fraction, unit.digits + 10, out); break;
      case 'f': AppendFraction(layout, unit, c.fraction, c.code, out); break;
      case 'z': AppendZone(layout.zone, c.style, out); break;
      default: out->push_back(*op); break;
    }
  }
}

// Descriptions --------------------------------------------------------------------------------------------------------

size_t TimeLayoutCount() { return kFamilyCount * 64 + 1; }

std::string TimeLayoutName(TimeLayoutId id) {
  Layout layout;
  if (!Decode(id, &layout) || !Exists(layout)) return {};
  return std::string(layout.family->name) + kFractionNames[layout.fraction] + kZoneNames[layout.zone];
}

std::string TimeLayoutExample(TimeLayoutId id) {
  std::string text;
  Layout layout;
  if (!Decode(id, &layout) || !Exists(layout)) return text;
  const TickUnit unit = UnitOf(layout);
  // 2023-06-14T15:16:01.123456789 in the layout's unit; the year that stands in for none is 1972.
  int64_t seconds = layout.family->flags & kNoYear ? 77382961 : layout.family->flags & kNoDate ? 54961 : 1686755761;
  if (std::string_view(layout.family->format).find('H') != std::string_view::npos && !Has(layout.family->format, 'S')) seconds -= 1;
  if (layout.family->flags & kNeedsBoundary && !Has(layout.family->format, 'M') && !(layout.family->flags & kUtc)) seconds -= 54961;
  const int64_t fraction = layout.fraction == kNoFraction && !Has("lquv", layout.family->format[0]) && unit.low == LowCode::kNone
                               ? 0
                               : 123456789 / kPowerOf10[9 - unit.digits];
  int64_t ticks = (seconds * kPowerOf10[unit.digits] + fraction) * unit.factor;
  if (unit.low == LowCode::kOdd) ticks += 3;
  FormatTicks(id, ticks, &text);
  return text;
}

bool TimeLayoutHasDate(TimeLayoutId id) {
  Layout layout;
  return Decode(id, &layout) && !(layout.family->flags & kNoDate);
}

bool TimeLayoutHasClock(TimeLayoutId id) {
  Layout layout;
  return Decode(id, &layout) && std::string_view(layout.family->format).find_first_of("HhIsquv") != std::string_view::npos;
}

bool TimeLayoutHasZone(TimeLayoutId id) {
  Layout layout;
  return Decode(id, &layout) && (layout.zone != kNoZone || (layout.family->flags & kUtc));
}

}  // namespace whittle
