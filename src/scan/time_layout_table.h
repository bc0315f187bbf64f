// The table of time layouts and what is built on it: time_layout.cc reads, time_ticks.cc restores, time_series.cc does
// both for texts that follow each other. Private to those three.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "scan/civil_time.h"
#include "scan/time_layout.h"

namespace whittle::time_layout {

// One letter per field of a family's format; every other byte stands for itself.
//   Y 4-digit year  y 2-digit year  m 2-digit month  b Jan..Dec  B JAN..DEC  d 2-digit day  a Sun..Sat  p AM or PM
//   H M S 2 digits  e day as " 4", "04", "4" or "14"  n j I month, day, 12-hour with 1 or 2 digits
//   h i x l hour, minute, second, millisecond without (or all with) leading zeros
//   k hour below ten, padded with a blank
//   s q u v epoch seconds (10 digits), milli (13), micro (16), nano (19)
//   f fraction of the layout  z zone of the layout  G the letters GMT
enum FamilyFlags : uint8_t {
  kPlain = 0,
  kNoYear = 1,
  kNoDate = 2,      // only a time of day
  kDayAbove12 = 4,  // month/day would win otherwise
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
inline constexpr Family kFamilies[] = {
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
    {"slash-short-ymd", "y/m/d H:M:Sfz"},
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
    {"iso8601-blank-hour", "Y-m-d k:M:Sfz"},
    {"mysql-short-blank-hour", "ymd k:M:Sf"},
    {"kitchen", "I:Mp", kNoDate | kNeedsBoundary},
    {"iso8601-two-spaces", "Y-m-d  H:M:Sfz"},
    {"slash-two-spaces", "Y/m/d  H:M:Sfz"},
    {"slash-tab", "Y/m/d\tH:M:Sfz"},
    {"iso8601-comma", "Y-m-d,H:M:Sfz"},
    {"iso8601-semicolon", "Y-m-d;H:M:Sfz"},
    {"iso8601-dash", "Y-m-d-H:M:Sfz"},
    {"slash-dash", "Y/m/d-H:M:Sfz"},
    {"iso8601-dotted-clock", "Y-m-d H.M.Sfz"},
    {"dotted", "Y.m.d-H.M.Sf"},
    {"us-comma", "m/d/Y, H:M:Sf"},
    {"day-month-comma", "d/m/Y, H:M:Sf", kDayAbove12},
    {"us-dash", "m-d-Y H:M:Sfz", kDayAbove12},
    {"compact-dby", "dbY H:M:Sfz"},
    {"dash-dby-upper", "d-B-Y H:M:Sfz"},
    {"german-short", "d.m.y H:M:Sfz"},
    {"month-name", "b e, Y H:M:Sfz"},
    {"ctime-year", "a b e Y H:M:Sf"},
    {"js-date", "a b e Y H:M:S Gz"},
    {"compact-underscore", "Ymd_HMSf", kNeedsBoundary},
    {"compact-space-14", "Ymd HMSf", kNeedsBoundary},
    {"compact-dash-14", "Ymd-HMSf", kNeedsBoundary},
    {"slash-month-day", "m/d H:M:Sf", kNoYear},
    {"iso8601-minute", "Y-m-d H:Mz", kNeedsBoundary},
    {"slash-minute", "Y/m/d H:Mz", kNeedsBoundary},
    {"us-12h-minute", "n/j/Y I:M p"},
};
inline constexpr size_t kFamilyCount = std::size(kFamilies);

enum Fraction : int { kNoFraction, kDot3, kDot6, kDot9, kDotOdd, kComma3, kComma6, kColon3, kAnyFraction };
enum Zone : int { kNoZone, kZ, kColonOffset, kOffset, kHourOffset, kSpaceOffset, kSpaceColonOffset, kName, kAnyZone };
inline constexpr const char* kFractionNames[] = {"",         "-dot3",   "-dot6",   "-dot9",
                                                 "-dot-odd", "-comma3", "-comma6", "-colon3"};
inline constexpr const char* kZoneNames[] = {
    "", "-z", "-colon-offset", "-offset", "-hour-offset", "-space-offset", "-space-colon-offset", "-zone-name"};

struct NamedZone {
  std::string_view name;
  int minutes;
};
// Abbreviations with one common meaning. Append only, at most 64.
inline constexpr NamedZone kNamedZones[] = {
    {"UTC", 0},    {"GMT", 0},    {"CET", 60},   {"CEST", 120}, {"EET", 120},  {"EEST", 180}, {"WET", 0},
    {"WEST", 60},  {"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300}, {"MST", -420}, {"MDT", -360},
    {"PST", -480}, {"PDT", -420}, {"BST", 60},   {"MSK", 180},  {"JST", 540},  {"KST", 540},  {"IST", 330},
    {"SGT", 480},  {"HKT", 480},  {"AEST", 600}, {"AEDT", 660}, {"NZST", 720}, {"NZDT", 780}, {"BRT", -180},
    {"ART", -180}, {"SAST", 120}, {"Z", 0},
};
inline constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
inline constexpr std::string_view kUpperMonths = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
inline constexpr std::string_view kWeekdays = "SunMonTueWedThuFriSat";

// Ticks = time + style << 53. Style: bits 0..6 the zone, bits 7..9 how small numbers are padded.
inline constexpr int kStyleShift = 53;
inline constexpr int64_t kStyleLimit = int64_t{1} << 10;
inline constexpr int64_t kTimeLimit = int64_t{1} << kStyleShift;
// Epochs outside of 2000..2100 are more likely plain numbers.
inline constexpr int64_t kEpochMin = 946684800;
inline constexpr int64_t kEpochMax = 4102444800;

struct Fields {
  int year = 1972, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  int64_t seconds = 0;   // epoch families
  int64_t fraction = 0;  // `fraction_digits` decimal digits
  int fraction_digits = 0;
  int zone_minutes = 0;
  int weekday = -1;
  int style = 0;       // see kStyleShift
  int low_style = 0;   // kLowStyle families: bit 0 a leading zero was seen, bit 1 a field shorter than its width
  int second_at = -1;  // offset of the two digits of the second; the fraction, if any, follows behind a separator
  bool has_zone = false;
  bool exact = true;  // false: parses, but ticks could not restore it
  bool pm = false, twelve_hour = false;
};

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

inline bool Decode(TimeLayoutId id, Layout* layout) {
  if (id == 0 || id > kFamilyCount * 64) return false;
  const int index = id - 1;
  *layout = {&kFamilies[index / 64], index / 8 % 8, index % 8};
  return true;
}

inline std::string_view SeparatorsOf(const Family& family) {
  if (family.flags & kDotFraction) return ".";
  return family.flags & kNoColonFraction ? ".," : ".,:";
}

inline int HourOf(const Fields& f) { return f.twelve_hour ? f.hour % 12 + (f.pm ? 12 : 0) : f.hour; }

inline int64_t SecondsOf(const Fields& f) {
  return DaysFromCivil(f.year, f.month, f.day) * 86400 + HourOf(f) * 3600 + f.minute * 60 + f.second;
}

inline constexpr int64_t kPowerOf10[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

// Reads all of `text` as `layout`, in range.
bool ParseWhole(const Layout& layout, std::string_view text, Fields* f);
ParsedTime TimeOf(const Layout& layout, const Fields& f);

enum class LowCode { kNone, kNanos, kOdd, kPadding };

// How many ticks a second has, and what stands in the lowest part of a tick beside the time.
struct TickUnit {
  int digits = 0;  // of the fraction
  int factor = 1;  // ticks per unit of time
  LowCode low = LowCode::kNone;

  int64_t ticks_per_second() const { return kPowerOf10[digits] * factor; }
};

inline TickUnit UnitOf(const Layout& l) {
  if (l.family->flags & kLowStyle) return {3, 2, LowCode::kPadding};
  switch (l.family->format[0]) {
    case 'q':
      return {3};
    case 'u':
      return {6};
    case 'v':
      return {9};
    default:
      break;
  }
  switch (l.fraction) {
    case kDot3:
    case kComma3:
    case kColon3:
      return {3};
    case kDot6:
    case kComma6:
      return {6};
    // 7 to 9 digits, usually without trailing zeros (RFC3339Nano) or always 7 or always 9: the code is the number of
    // zeros written beyond the shortest text of at least 7 digits.
    case kDot9:
      return {9, 3, LowCode::kNanos};
    // 1, 2, 4 or 5 digits: the code is which.
    case kDotOdd:
      return {5, 4, LowCode::kOdd};
    default:
      return {0};
  }
}

// Of a fraction of `fraction` / 10^`digits` s, its low code included.
int64_t FractionTicks(const TickUnit& unit, int digits, int64_t fraction);
// How many digits of fraction `fraction` / 10^unit.digits s are written.
int FractionDigits(const TickUnit& unit, int64_t fraction, int code);
// False when the ticks would not give the text back.
bool TicksOf(const Layout& layout, const Fields& f, int64_t* ticks);

}  // namespace whittle::time_layout
