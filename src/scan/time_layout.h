// Time layouts: every way of writing a point in time that whittle knows, each with a parser and its exact inverse.
// Pure functions over constant tables; safe from any thread; views are not kept.
//
// A layout is a family (how date and time are written) with one of eight ways to write the fraction and one of eight
// ways to write the zone. Layouts are disjoint: a text parses under at most one of them, so a layout that once was
// matched may be tried first on the next text without changing any answer. Where one way of writing is ambiguous
// (17/06/09, 10/11/2023) the table prefers year/month/day, then month/day, and takes day/month only for days above 12.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace whittle {

// A layout number, 0 = none. Part of the segment format: append only. Numbers are family * 64 + fraction * 8 + zone +
// 1; not every combination exists (see TimeLayoutName).
using TimeLayoutId = uint16_t;

struct ParsedTime {
  int64_t nanos = 0;     // since 1970-01-01T00:00:00; UTC if has_zone, else local wall-clock time read as if UTC;
                         // without a year the year is 1972 (a leap year, so that Feb 29 parses)
  bool has_date = true;  // false: only a time of day
  bool has_year = true;
  bool has_zone = false;
};

// Finds a timestamp that starts exactly at text[0]. Returns its layout and length, preferring the longest match.
struct TimeMatch {
  TimeLayoutId layout = 0;
  uint32_t size = 0;
};
std::optional<TimeMatch> MatchTime(std::string_view text);

// True when text starts with something that has the form of a timestamp but values out of range (month 13, an epoch of
// the year 2300): another text of the same form would match. Callers that cache by form must not cache such a line.
bool LooksLikeTime(std::string_view text);

// Parses all of `text` as `layout`; false when it does not fit or is out of range (month 13, hour 25, ...). Hot path:
// no allocation, about 20 ns.
bool ParseTime(TimeLayoutId layout, std::string_view text, ParsedTime* out);

// Ticks: the integer that stands for `text` in a column. FormatTicks(ParseTicks(text)) == text or ParseTicks fails, so
// a column of ticks is byte-exact. The unit is a property of the layout. What varies little (zone, how a day below ten
// is padded) stands above the bits of the time, so that within one file differences of ticks are differences of time.
// Fails for texts that parse but would not come back, such as a leap second or the wrong day of the week.
bool ParseTicks(TimeLayoutId layout, std::string_view text, int64_t* ticks);
// Appends. A tick that no text maps to appends something harmless.
void FormatTicks(TimeLayoutId layout, int64_t ticks, std::string* out);

// For documentation, `explain` and tests. Ids from 1 to TimeLayoutCount() - 1; the name of an id that does not exist is
// empty.
size_t TimeLayoutCount();
std::string TimeLayoutName(TimeLayoutId layout);     // "iso8601-space-comma3", ...
std::string TimeLayoutExample(TimeLayoutId layout);  // a text that parses
// False for times of day.
bool TimeLayoutHasDate(TimeLayoutId layout);
// False for dates alone.
bool TimeLayoutHasClock(TimeLayoutId layout);
bool TimeLayoutHasZone(TimeLayoutId layout);

}  // namespace whittle
