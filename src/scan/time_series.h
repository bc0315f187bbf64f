// Times of one layout, many of them in a row. Lines that follow each other mostly lie within one minute, so all of a
// time but its second and fraction stands in the one before: those digits are read or written, and the rest is compared
// or left alone. Answers are exactly those of time_layout.h; a property test holds the two against each other.
//
// One object per thread; what it remembers is for speed only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scan/time_layout.h"

namespace whittle {

// A text that was read, as what another text of its minute can be read from.
class TimeMinute {
 public:
  // Longer texts, and those that may become longer, are read each anew.
  static constexpr size_t kMaxText = 48;

  // Reads `text`; false when it is none of this layout, and then this is empty.
  bool Read(TimeLayoutId layout, std::string_view text);

  // What the digits of a text say that differ from the others of its minute.
  struct Moment {
    int second = 0;
    int64_t fraction = 0;  // in 10^-digits s
    int digits = 0;        // of the fraction; one layout may have several, within one minute too
  };
  // Nothing when the text has another form or lies in another minute.
  std::optional<Moment> Locate(TimeLayoutId layout, std::string_view text) const;

  ParsedTime TimeAt(const Moment& moment) const;
  // Nothing when it takes a look at the whole text to tell whether it has ticks.
  std::optional<int64_t> TicksAt(const Moment& moment) const;
  // The moment that `ticks` stand for, if it lies in this minute.
  std::optional<Moment> Locate(int64_t ticks) const;
  // The text of `moment`; valid until the next call.
  std::string_view Write(const Moment& moment);

 private:
  TimeLayoutId layout_ = 0;  // 0: empty
  uint8_t size_ = 0;
  uint8_t second_at_ = 0;        // size_ when no second can be told apart
  uint8_t fraction_digits_ = 0;  // the separator not counted
  uint8_t tail_at_ = 0;          // first byte behind second and fraction
  bool digits_vary_ = false;
  bool has_ticks_ = false;
  ParsedTime time_;  // at second 0 of the minute; of the text itself when no second can be told apart
  int64_t ticks_ = 0;
  std::array<char, kMaxText> text_{};
};

// Reads.
class TimeReader {
 public:
  bool ParseTime(TimeLayoutId layout, std::string_view text, ParsedTime* out);
  bool ParseTicks(TimeLayoutId layout, std::string_view text, int64_t* ticks);

 private:
  // A line may have several times. By layout.
  static constexpr size_t kMinutes = 4;
  TimeMinute& MinuteFor(TimeLayoutId layout) { return minutes_[(layout ^ layout / 64) % kMinutes]; }
  std::array<TimeMinute, kMinutes> minutes_;
};

// Writes texts of one layout.
class TimeWriter {
 public:
  explicit TimeWriter(TimeLayoutId layout) : layout_(layout) {}

  // What FormatTicks gives; valid until the next call.
  std::string_view Format(int64_t ticks);

 private:
  TimeLayoutId layout_;
  std::string text_;  // of what is not in the minute
  TimeMinute minute_;
};

}  // namespace whittle
