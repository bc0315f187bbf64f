// What a file name says about the stream it belongs to: `app.log`, `app.log.1`, `app.log.3.gz`, `app.log-20240101.xz`
// and `app-2024-01-01.log` are all the stream `app.log`, in an order that the names give away. Names only, never
// contents or times of files, so the answer is the same wherever the files were copied. Pure functions.
//
//   name                     stream      date        number
//   app.log                  app.log     -           -
//   app.log.3.gz             app.log     -           3
//   app.log-20240101.gz      app.log     2024-01-01  -
//   app-2024-01-01.2.log     app.log     2024-01-01  2
//   2024-01-01T13.log.zst    log         2024-01-01  -        (13:00)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace whittle {

struct RotatedName {
  std::string stream;
  std::optional<int64_t> date_s;   // seconds since 1970 of the date (and hour, ...) in the name, read as if UTC
  std::optional<uint64_t> number;  // the rotation number
};

// `base_name` is a file name without directory.
RotatedName ParseRotatedName(std::string_view base_name);

// True when `a` was written before `b`, both of one stream. Dated names come before undated ones, by date and then by
// rising number (`app-2024-01-01.2.log` continues `.1`); among undated ones the higher number is older, as logrotate
// counts, and the name without a number is the newest.
bool WrittenBefore(const RotatedName& a, const RotatedName& b);

}  // namespace whittle
