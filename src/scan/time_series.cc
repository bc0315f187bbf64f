#include "scan/time_series.h"

#include <cstring>

#include "base/same_bytes.h"
#include "scan/time_layout_table.h"

namespace whittle {

using namespace time_layout;  // NOLINT(google-build-using-namespace)

namespace {

constexpr int64_t kNanosPerSecond = 1000000000;
constexpr int kSecondsOfMinute = 60;
constexpr size_t kMostDigits = 9;  // of a fraction: a text may grow by fewer

// `count` decimal digits; negative when there is something else among them.
int64_t Digits(const char* p, int count) {
  int64_t value = 0;
  for (int i = 0; i < count; ++i) {
    const auto digit = static_cast<unsigned char>(p[i] - '0');
    if (digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

// Whether a fraction may have so many digits.
bool HasDigits(const TickUnit& unit, int digits) {
  if (unit.low == LowCode::kNanos) return digits >= 7 && digits <= 9;
  if (unit.low == LowCode::kOdd) return digits >= 1 && digits <= 5 && digits != 3;
  return digits == unit.digits;
}

TickUnit UnitOf(TimeLayoutId id) {
  Layout layout;
  return Decode(id, &layout) ? time_layout::UnitOf(layout) : TickUnit();
}

}  // namespace

bool TimeMinute::Read(TimeLayoutId id, std::string_view text) {
  layout_ = 0;
  Layout layout;
  Fields f;
  if (text.size() > kMaxText - kMostDigits || !Decode(id, &layout) || !ParseWhole(layout, text, &f)) return false;
  size_ = static_cast<uint8_t>(text.size());
  std::memcpy(text_.data(), text.data(), text.size());
  fraction_digits_ = static_cast<uint8_t>(f.fraction_digits);
  // A leap second is of no minute, and a layout that does not exist writes another text than it reads.
  const TickUnit unit = time_layout::UnitOf(layout);
  const bool has_second =
      f.second_at >= 0 && f.second < kSecondsOfMinute && (f.fraction_digits > 0) == (unit.digits > 0);
  second_at_ = has_second ? static_cast<uint8_t>(f.second_at) : size_;
  tail_at_ =
      has_second ? static_cast<uint8_t>(f.second_at + 2 + (f.fraction_digits > 0 ? f.fraction_digits + 1 : 0)) : size_;
  time_ = TimeOf(layout, f);
  ticks_ = 0;
  has_ticks_ = TicksOf(layout, f, &ticks_);
  digits_vary_ = has_second && (unit.low == LowCode::kNanos || unit.low == LowCode::kOdd);
  if (has_second) time_.nanos -= f.second * kNanosPerSecond + f.fraction * kPowerOf10[9 - f.fraction_digits];
  if (has_second && has_ticks_) {
    ticks_ -= f.second * unit.ticks_per_second() + FractionTicks(unit, f.fraction_digits, f.fraction);
    // In the last minute that ticks can hold not every text has ticks.
    const bool has_style = unit.digits < 9;
    const int64_t room = has_style ? kTimeLimit - ticks_ % kTimeLimit : INT64_MAX - ticks_;
    has_ticks_ = room > kSecondsOfMinute * unit.ticks_per_second();
  }
  layout_ = id;
  return true;
}

std::optional<TimeMinute::Moment> TimeMinute::Locate(TimeLayoutId layout, std::string_view text) const {
  if (layout_ == 0 || layout != layout_) return std::nullopt;
  Moment moment;
  moment.digits = fraction_digits_;
  if (text.size() != size_) {
    if (!digits_vary_) return std::nullopt;
    moment.digits += static_cast<int>(text.size()) - static_cast<int>(size_);
    if (!HasDigits(UnitOf(layout_), moment.digits)) return std::nullopt;
  }
  const char* const p = text.data();
  if (!SameBytes(p, text_.data(), second_at_)) return std::nullopt;
  if (second_at_ == size_) return moment;
  const size_t tail = size_ - tail_at_;
  if (!SameBytes(p + text.size() - tail, text_.data() + tail_at_, tail)) return std::nullopt;
  moment.second = static_cast<int>(Digits(p + second_at_, 2));
  if (moment.second < 0 || moment.second >= kSecondsOfMinute) return std::nullopt;
  if (moment.digits == 0) return moment;
  const size_t separator = second_at_ + 2u;
  moment.fraction = Digits(p + separator + 1, moment.digits);
  if (p[separator] != text_[separator] || moment.fraction < 0) return std::nullopt;
  return moment;
}

std::optional<TimeMinute::Moment> TimeMinute::Locate(int64_t ticks) const {
  const TickUnit unit = UnitOf(layout_);
  if (layout_ == 0 || !has_ticks_ || second_at_ == size_ || ticks < ticks_) return std::nullopt;
  const uint64_t distance = static_cast<uint64_t>(ticks) - static_cast<uint64_t>(ticks_);
  const int64_t minute = kSecondsOfMinute * unit.ticks_per_second();
  if (distance >= static_cast<uint64_t>(minute)) return std::nullopt;
  const auto within = static_cast<int64_t>(distance);
  const int64_t time = within / unit.factor;
  const int64_t fraction = time % kPowerOf10[unit.digits];
  const int digits = FractionDigits(unit, fraction, static_cast<int>(within % unit.factor));
  return Moment{static_cast<int>(time / kPowerOf10[unit.digits]), fraction / kPowerOf10[unit.digits - digits], digits};
}

ParsedTime TimeMinute::TimeAt(const Moment& moment) const {
  ParsedTime time = time_;
  time.nanos += moment.second * kNanosPerSecond + moment.fraction * kPowerOf10[9 - moment.digits];
  return time;
}

std::optional<int64_t> TimeMinute::TicksAt(const Moment& moment) const {
  if (!has_ticks_) return std::nullopt;
  if (second_at_ == size_) return ticks_;
  const TickUnit unit = UnitOf(layout_);
  return ticks_ + moment.second * unit.ticks_per_second() + FractionTicks(unit, moment.digits, moment.fraction);
}

std::string_view TimeMinute::Write(const Moment& moment) {
  if (moment.digits != fraction_digits_) {
    const int more = moment.digits - fraction_digits_;
    std::memmove(text_.data() + tail_at_ + more, text_.data() + tail_at_, size_ - tail_at_);
    size_ = static_cast<uint8_t>(size_ + more);
    tail_at_ = static_cast<uint8_t>(tail_at_ + more);
    fraction_digits_ = static_cast<uint8_t>(moment.digits);
  }
  char* const second = text_.data() + second_at_;
  second[0] = static_cast<char>('0' + moment.second / 10);
  second[1] = static_cast<char>('0' + moment.second % 10);
  int64_t rest = moment.fraction;
  for (int i = moment.digits; i > 0; --i, rest /= 10) second[2 + i] = static_cast<char>('0' + rest % 10);
  return {text_.data(), size_};
}

bool TimeReader::ParseTime(TimeLayoutId layout, std::string_view text, ParsedTime* out) {
  TimeMinute& minute = MinuteFor(layout);
  auto moment = minute.Locate(layout, text);
  if (!moment && minute.Read(layout, text)) moment = minute.Locate(layout, text);
  if (!moment) return whittle::ParseTime(layout, text, out);
  *out = minute.TimeAt(*moment);
  return true;
}

bool TimeReader::ParseTicks(TimeLayoutId layout, std::string_view text, int64_t* ticks) {
  TimeMinute& minute = MinuteFor(layout);
  auto moment = minute.Locate(layout, text);
  if (!moment && minute.Read(layout, text)) moment = minute.Locate(layout, text);
  const auto known = moment ? minute.TicksAt(*moment) : std::nullopt;
  if (!known) return whittle::ParseTicks(layout, text, ticks);
  *ticks = *known;
  return true;
}

std::string_view TimeWriter::Format(int64_t ticks) {
  if (const auto moment = minute_.Locate(ticks)) return minute_.Write(*moment);
  text_.clear();
  FormatTicks(layout_, ticks, &text_);
  minute_.Read(layout_, text_);
  return text_;
}

}  // namespace whittle
