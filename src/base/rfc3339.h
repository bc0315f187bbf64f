// Points in time as text: RFC 3339 in UTC with nanoseconds for output, and a lenient reader for what people type in
// queries and configuration. Pure functions, safe from any thread. Nanoseconds since 1970-01-01T00:00:00Z throughout;
// the range of int64 nanoseconds is 1677-09-21 .. 2262-04-11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace whittle {

// Appends "2023-01-29T11:18:29.104384446Z": always nine digits of fraction, so that texts sort like times.
void AppendRfc3339(int64_t nanos, std::string* out);
std::string FormatRfc3339(int64_t nanos);

// What a written time stands for: all instants in [begin, end). "2024-05-01" is a day, "2024-05-01T10:00" a minute.
struct TimeSpan {
  int64_t begin = 0;
  int64_t end = 0;
  bool operator==(const TimeSpan&) const = default;
};

// Reads YYYY-MM[-DD[(T| )HH[:MM[:SS[(.|,)f{1,9}]]]]][Z|±HH[:]MM], UTC without a zone, and Unix times of 10, 13, 16 or
// 19 digits (s, ms, us, ns). Nothing when it is not all of `text`, not a real date, or out of range.
std::optional<TimeSpan> ParseTimeSpan(std::string_view text);

}  // namespace whittle
