#include "parse/time_resolver.h"

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <utility>

#include "scan/civil_time.h"

namespace whittle {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDay = 86'400 * kSecond;
constexpr int64_t kHalfYear = 183 * kDay;
// Clocks differ, and a file may be stamped in another zone than its lines.
constexpr int64_t kReferenceSlack = kDay;

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// "+02:00", "-0730", "+2", "Z", "UTC": seconds east of Greenwich.
std::optional<int64_t> FixedOffset(const std::string& zone) {
  if (zone == "Z" || zone == "UTC" || zone.empty()) return 0;
  if (zone[0] != '+' && zone[0] != '-') return std::nullopt;
  std::string digits;
  for (size_t i = 1; i < zone.size(); ++i) {
    if (zone[i] == ':' && (i == 2 || i == 3)) continue;
    if (zone[i] < '0' || zone[i] > '9') return std::nullopt;
    digits.push_back(zone[i]);
  }
  if (digits.empty() || digits.size() == 3 || digits.size() > 4) return std::nullopt;
  if (digits.size() <= 2) digits += "00";
  const int value = std::atoi(digits.c_str());
  if (value / 100 > 15 || value % 100 > 59) return std::nullopt;
  return (value / 100 * 3600 + value % 100 * 60) * (zone[0] == '-' ? -1 : 1);
}

}  // namespace

// A fixed offset or a zone of the IANA database, with the stretch between two changes of the clock kept at hand.
class TimeResolver::Zone {
 public:
  explicit Zone(int64_t fixed_seconds) : offset_(fixed_seconds) {}
  explicit Zone(const date::time_zone* zone) : zone_(zone) {}

  int64_t ToUtc(int64_t local_ns, std::optional<int64_t> last_utc_ns) {
    const int64_t local = FloorDivide(local_ns, kSecond);
    const int64_t fraction = local_ns - local * kSecond;
    if (zone_ != nullptr && !(local >= safe_begin_ && local < safe_end_)) return Slow(local, fraction, last_utc_ns);
    return (local - offset_) * kSecond + fraction;
  }
  int64_t ToLocal(int64_t utc_ns) {
    if (zone_ == nullptr) return utc_ns + offset_ * kSecond;
    try {
      const auto info = zone_->get_info(date::sys_seconds(std::chrono::seconds(FloorDivide(utc_ns, kSecond))));
      return utc_ns + info.offset.count() * kSecond;
    } catch (const std::exception&) {
      return utc_ns;
    }
  }

 private:
  int64_t Slow(int64_t local, int64_t fraction, std::optional<int64_t> last_utc_ns) {
    try {
      const auto info = zone_->get_info(date::local_seconds(std::chrono::seconds(local)));
      offset_ = info.first.offset.count();
      int64_t utc = (local - offset_) * kSecond + fraction;
      if (info.result == date::local_info::ambiguous) {
        // The hour that happens twice: the second time when the first would be well before the line before.
        if (last_utc_ns && utc + 1800 * kSecond < *last_utc_ns)
          utc = (local - info.second.offset.count()) * kSecond + fraction;
      } else if (info.result == date::local_info::unique) {
        // Two hours off the changes no clock is ambiguous.
        const auto begin = info.first.begin.time_since_epoch().count();
        const auto end = info.first.end.time_since_epoch().count();
        safe_begin_ = std::max<int64_t>(begin, -(int64_t{1} << 40)) + offset_ + 7200;
        safe_end_ = std::min<int64_t>(end, int64_t{1} << 40) + offset_ - 7200;
      }
      return utc;
    } catch (const std::exception&) {
      return local * kSecond + fraction;
    }
  }

  const date::time_zone* zone_ = nullptr;
  int64_t offset_ = 0;
  int64_t safe_begin_ = 0, safe_end_ = 0;  // local seconds in which offset_ holds
};

TimeResolver::TimeResolver(const TimeResolverOptions& options, std::unique_ptr<Zone> zone)
    : options_(options), zone_(std::move(zone)), fixed_year_(options.year) {}
TimeResolver::~TimeResolver() = default;

Result<std::unique_ptr<TimeResolver>> TimeResolver::Create(const TimeResolverOptions& options) {
  if (const auto fixed = FixedOffset(options.zone)) {
    return std::unique_ptr<TimeResolver>(new TimeResolver(options, std::make_unique<Zone>(*fixed)));
  }
  try {
    const date::time_zone* zone = date::locate_zone(options.zone);
    return std::unique_ptr<TimeResolver>(new TimeResolver(options, std::make_unique<Zone>(zone)));
  } catch (const std::exception&) {
    return Status(StatusCode::kConfig,
                  "time zone '" + options.zone +
                      "' is unknown: write an IANA name such as Europe/Berlin or an offset such as +02:00");
  }
}

// `local_ns` is in the year 1972, a leap year.
int64_t TimeResolver::WithYear(int64_t local_ns) {
  const int64_t days = FloorDivide(local_ns, kDay);
  const CivilDate date = CivilFromDays(days);
  const auto in_year = [&](int year) {
    const int day = date.day > DaysInMonth(year, date.month) ? DaysInMonth(year, date.month) : date.day;
    return DaysFromCivil(year, date.month, day) * kDay + (local_ns - days * kDay);
  };
  if (options_.year_mode == TimeResolverOptions::Year::kFixed) {
    const int64_t local = in_year(fixed_year_);
    if (!last_local_ns_) return local;
    if (local < *last_local_ns_ - kHalfYear) return in_year(++fixed_year_);
    // A straggler from before the turn of the year.
    if (local > *last_local_ns_ + kHalfYear) return in_year(fixed_year_ - 1);
    return local;
  }
  // Without any date to go by, the last full time of the source is the best guess.
  const int64_t reference = options_.reference_ns != 0 ? options_.reference_ns
                            : last_local_ns_           ? *last_local_ns_ + kHalfYear
                                                       : 0;
  int year = CivilFromDays(FloorDivide(reference + kReferenceSlack, kDay)).year;
  if (year > 1970 && in_year(year) > reference + kReferenceSlack) --year;
  if (date.month == 2 && date.day == 29) {
    while (!IsLeapYear(year)) --year;
  }
  return in_year(year);
}

int64_t TimeResolver::WithDay(int64_t time_of_day_ns) {
  const int64_t base = last_local_ns_ ? *last_local_ns_ : zone_->ToLocal(options_.reference_ns);
  int64_t local = FloorDivide(base, kDay) * kDay + time_of_day_ns;
  if (!last_local_ns_) return local > base + kReferenceSlack / 2 ? local - kDay : local;
  if (local < base - kDay / 2)
    local += kDay;
  else if (local > base + kDay / 2)
    local -= kDay;
  return local;
}

ResolvedTime TimeResolver::Resolve(const ParsedTime& time) {
  return ResolveLocal(time.nanos, time.has_year, time.has_zone);
}

ResolvedTime TimeResolver::ResolveLocal(int64_t local_time_ns, bool has_year, bool has_zone) {
  ++counts_.times;
  ResolvedTime resolved;
  int64_t local = local_time_ns;
  if (!has_year) {
    resolved.filled_in = true;
    // Zone and year are apart: a time with zone but without year is moved to its year first.
    if (local_time_ns < kDay * 2) {
      ++counts_.day;
      local = WithDay(local_time_ns);
    } else {
      ++counts_.year;
      local = WithYear(local_time_ns);
    }
  }
  if (has_zone) {
    resolved.utc_ns = local;
    last_local_ns_ = zone_->ToLocal(local);
  } else {
    ++counts_.zone;
    resolved.filled_in = true;
    resolved.utc_ns = zone_->ToUtc(local, last_utc_ns_);
    last_local_ns_ = local;
  }
  last_utc_ns_ = resolved.utc_ns;
  return resolved;
}

TimeState TimeResolver::state() const {
  TimeState state;
  state.local_ns = last_local_ns_;
  state.utc_ns = last_utc_ns_;
  if (options_.year_mode == TimeResolverOptions::Year::kFixed && last_local_ns_) state.year = fixed_year_;
  return state;
}

void TimeResolver::Restore(const TimeState& state) {
  last_local_ns_ = state.local_ns;
  last_utc_ns_ = state.utc_ns;
  if (state.year && options_.year_mode == TimeResolverOptions::Year::kFixed) fixed_year_ = *state.year;
}

}  // namespace whittle
