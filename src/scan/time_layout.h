// Time layouts: every way of writing a point in time that whittle knows, each with a parser and its exact inverse.
// Pure functions over constant tables; safe from any thread; views are not kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace whittle {

// A layout number: index into the table, 0 = none. Part of the segment format: append only.
using TimeLayoutId = uint16_t;

struct ParsedTime {
  int64_t nanos = 0;       // since 1970-01-01T00:00:00; UTC if has_zone, else local wall-clock time read as if UTC;
                           // without a year the year is 1972 (a leap year, so that Feb 29 parses)
  bool has_date = true;    // false: only a time of day
  bool has_year = true;
  bool has_zone = false;
};

// Finds a timestamp that starts exactly at text[0]. Returns its layout and length, preferring the longest match.
struct TimeMatch {
  TimeLayoutId layout = 0;
  uint32_t size = 0;
};
std::optional<TimeMatch> MatchTime(std::string_view text);

// Parses all of `text` as `layout`; false when it does not fit or is out of range (month 13, hour 25, ...). Hot path:
// no allocation, about 20 ns.
bool ParseTime(TimeLayoutId layout, std::string_view text, ParsedTime* out);

// Ticks: the integer that stands for `text` in a column. FormatTicks(ParseTicks(text)) == text or ParseTicks fails, so a
// column of ticks is byte-exact. The unit (ns, us, ms, s) is a property of the layout; zones in the text that vary per
// value make ParseTicks fail unless the layout says the zone is constant.
bool ParseTicks(TimeLayoutId layout, std::string_view text, int64_t* ticks);
void FormatTicks(TimeLayoutId layout, int64_t ticks, std::string* out);

// For documentation, `explain` and tests.
size_t TimeLayoutCount();
std::string_view TimeLayoutName(TimeLayoutId layout);     // "iso8601-comma-millis", ...
std::string_view TimeLayoutExample(TimeLayoutId layout);  // a text that parses

}  // namespace whittle
