// The other half of time_layout.h: ticks, and descriptions of the layouts.
#include <algorithm>
#include <iterator>

#include "scan/time_layout.h"
#include "scan/time_layout_table.h"

namespace whittle {

using namespace time_layout;  // NOLINT(google-build-using-namespace)

namespace {

bool Exists(const Layout& l) {
  if (l.fraction != kNoFraction && !Has(l.family->format, 'f')) return false;
  if (l.zone != kNoZone && !Has(l.family->format, 'z')) return false;
  constexpr char kSeparators[] = {'.', '.', '.', '.', '.', ',', ',', ':'};
  return l.fraction == kNoFraction || SeparatorsOf(*l.family).find(kSeparators[l.fraction]) != std::string_view::npos;
}

}  // namespace

namespace {

constexpr int kOddDigits[] = {1, 2, 4, 5};

// Without trailing zeros, but at least 7.
int ShortestDigits(int64_t nanos) {
  int digits = 9;
  for (; digits > 7 && nanos % 10 == 0; nanos /= 10) --digits;
  return digits;
}

}  // namespace

int time_layout::FractionDigits(const TickUnit& unit, int64_t fraction, int code) {
  if (unit.low == LowCode::kOdd) return kOddDigits[code & 3];
  if (unit.low == LowCode::kNanos) return std::min(ShortestDigits(fraction) + code, 9);
  return unit.digits;
}

int64_t time_layout::FractionTicks(const TickUnit& unit, int digits, int64_t fraction) {
  const int64_t value = fraction * kPowerOf10[unit.digits > digits ? unit.digits - digits : 0];
  int code = 0;
  if (unit.low == LowCode::kOdd) code = digits <= 2 ? digits - 1 : digits - 2;
  if (unit.low == LowCode::kNanos) code = digits - ShortestDigits(value);
  return value * unit.factor + code;
}

bool time_layout::TicksOf(const Layout& layout, const Fields& f, int64_t* ticks) {
  if (!f.exact || f.second == 60 || f.low_style == 3) return false;
  const Family& family = *layout.family;
  int64_t seconds = f.seconds;
  if (!(family.flags & kUtc)) {
    seconds = SecondsOf(f);
    if (family.flags & kNoDate) seconds -= DaysFromCivil(1972, 1, 1) * 86400;
    if (f.weekday >= 0 && f.weekday != WeekdayFromDays(DaysFromCivil(f.year, f.month, f.day))) return false;
  }
  const TickUnit unit = UnitOf(layout);
  int64_t value = 0;
  if (__builtin_mul_overflow(seconds, unit.ticks_per_second(), &value)) return false;
  if (__builtin_add_overflow(value, FractionTicks(unit, f.fraction_digits, f.fraction), &value)) return false;
  if (unit.low == LowCode::kPadding) value += f.low_style & 1;
  // Nanoseconds fill the tick, so there is no room for a style: rare (an offset with nanoseconds), and it fails.
  if (f.style != 0) {
    if (unit.digits == 9 || value < 0 || value >= kTimeLimit) return false;
    value += static_cast<int64_t>(f.style) << kStyleShift;
  } else if (unit.digits < 9 && value >= kTimeLimit) {
    return false;
  }
  *ticks = value;
  return true;
}

bool ParseTicks(TimeLayoutId id, std::string_view text, int64_t* ticks) {
  Layout layout;
  Fields f;
  return Decode(id, &layout) && ParseWhole(layout, text, &f) && TicksOf(layout, f, ticks);
}

namespace {

void AppendNumber(int64_t value, int width, std::string* out) {
  if (width == 2 && value >= 0 && value < 100) {  // most parts of a time
    const char pair[2] = {static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)};
    out->append(pair, 2);
    return;
  }
  char buffer[20];
  int i = 20;
  for (; value > 0 || width > 0; --width, value /= 10) buffer[--i] = static_cast<char>('0' + value % 10);
  out->append(buffer + i, static_cast<size_t>(20 - i));
}

void AppendPadded(int value, bool padded, std::string* out) { AppendNumber(value, padded || value >= 10 ? 2 : 1, out); }

void AppendFraction(const Layout& layout, const TickUnit& unit, int64_t fraction, int code, std::string* out) {
  if (layout.fraction == kNoFraction) return;
  out->push_back(layout.fraction >= kColon3 ? ':' : layout.fraction >= kComma3 ? ',' : '.');
  const int digits = FractionDigits(unit, fraction, code);
  AppendNumber(fraction / kPowerOf10[unit.digits - digits], digits, out);
}

void AppendZone(int zone, int style, std::string* out) {
  const int code = style & 127;
  switch (zone) {
    case kNoZone:
      return;
    case kZ:
      out->push_back('Z');
      return;
    case kName:
      out->push_back(' ');
      if (static_cast<size_t>(code) < std::size(kNamedZones)) out->append(kNamedZones[code].name);
      return;
    default:
      break;
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
      case 'Y':
        AppendNumber(c.date.year, 4, out);
        break;
      case 'y':
        AppendNumber(c.date.year % 100, 2, out);
        break;
      case 'm':
        AppendNumber(c.date.month, 2, out);
        break;
      case 'd':
        AppendNumber(c.date.day, 2, out);
        break;
      case 'H':
        AppendNumber(c.hour, 2, out);
        break;
      case 'k':
        out->push_back(' ');
        AppendNumber(c.hour, 1, out);
        break;
      case 'M':
        AppendNumber(c.minute, 2, out);
        break;
      case 'S':
        AppendNumber(c.second, 2, out);
        break;
      case 'b':
        out->append(kMonths.substr(static_cast<size_t>(c.date.month - 1) * 3, 3));
        break;
      case 'B':
        out->append(kUpperMonths.substr(static_cast<size_t>(c.date.month - 1) * 3, 3));
        break;
      case 'G':
        out->append("GMT");
        break;
      case 'a':
        out->append(kWeekdays.substr(static_cast<size_t>(WeekdayFromDays(c.days)) * 3, 3));
        break;
      case 'e':
        if (c.date.day < 10 && (c.style >> 7 & 3) == 0) out->push_back(' ');
        AppendPadded(c.date.day, (c.style >> 7 & 3) == 1, out);
        break;
      case 'n':
        AppendPadded(c.date.month, c.style >> 7 & 1, out);
        break;
      case 'j':
        AppendPadded(c.date.day, c.style >> 8 & 1, out);
        break;
      case 'I':
        AppendPadded(c.hour % 12 == 0 ? 12 : c.hour % 12, c.style >> 9 & 1, out);
        break;
      case 'h':
        AppendPadded(c.hour, wide, out);
        break;
      case 'i':
        AppendPadded(c.minute, wide, out);
        break;
      case 'x':
        AppendPadded(c.second, wide, out);
        break;
      case 'l':
        AppendNumber(c.fraction, wide || c.fraction >= 100 ? 3 : c.fraction >= 10 ? 2 : 1, out);
        break;
      case 'p':
        out->append(c.hour < 12 ? "AM" : "PM");
        break;
      case 's':
        AppendNumber(c.seconds, 10, out);
        break;
      case 'q':
      case 'u':
      case 'v':
        AppendNumber(c.seconds * kPowerOf10[unit.digits] + c.fraction, unit.digits + 10, out);
        break;
      case 'f':
        AppendFraction(layout, unit, c.fraction, c.code, out);
        break;
      case 'z':
        AppendZone(layout.zone, c.style, out);
        break;
      default:
        out->push_back(*op);
        break;
    }
  }
}

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
  if (std::string_view(layout.family->format).find_first_of("HI") != std::string_view::npos &&
      !Has(layout.family->format, 'S'))
    seconds -= 1;
  if (layout.family->flags & kNeedsBoundary && !Has(layout.family->format, 'M') && !(layout.family->flags & kUtc))
    seconds -= 54961;
  if (Has(layout.family->format, 'k')) seconds -= 12 * 3600;
  const int64_t fraction =
      layout.fraction == kNoFraction && !Has("lquv", layout.family->format[0]) && unit.low == LowCode::kNone
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
  return Decode(id, &layout) &&
         std::string_view(layout.family->format).find_first_of("HhkIsquv") != std::string_view::npos;
}

bool TimeLayoutHasZone(TimeLayoutId id) {
  Layout layout;
  return Decode(id, &layout) && (layout.zone != kNoZone || (layout.family->flags & kUtc));
}

}  // namespace whittle
