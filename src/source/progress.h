// Progress: turns counts that a run reports from time to time into a rate, a time left and one line of text. Prints
// nothing and looks at no clock; whoever calls decides where and how often. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace whittle {

struct ProgressCounts {
  uint64_t files_done = 0;
  uint64_t files_total = 0;  // 0: not files but a pipe
  uint64_t files_failed = 0;
  uint64_t stored_bytes = 0;             // read so far, compressed where the inputs are
  std::optional<uint64_t> stored_total;  // none while a pipe is read
  uint64_t text_bytes = 0;               // decompressed
  uint64_t lines = 0;
};

struct ProgressView {
  ProgressCounts counts;
  double text_bytes_per_s = 0;  // over the last seconds, what is interesting while it changes
  double lines_per_s = 0;
  std::optional<double> fraction;  // 0..1 of the stored bytes
  std::optional<double> seconds_left;
  double seconds = 0;  // since the start
};

class ProgressMeter {
 public:
  explicit ProgressMeter(int64_t start_ns) : start_ns_(start_ns) {}

  // `now_ns` is of the same steady clock as the start. May be called as often as one likes.
  ProgressView Update(int64_t now_ns, const ProgressCounts& counts);

 private:
  struct Sample {
    int64_t time_ns = 0;
    uint64_t stored_bytes = 0, text_bytes = 0, lines = 0;
  };
  // A sample a second, so rates look back 15 s: long enough to be calm when files of many kinds alternate.
  static constexpr size_t kSamples = 15;
  static constexpr int64_t kSampleIntervalNs = 1'000'000'000;

  int64_t start_ns_;
  std::array<Sample, kSamples> samples_{};
  size_t sample_count_ = 0;  // ever taken; the last kSamples of them are kept
};

// "42%, 1.2 GB of 2.9 GB, 152 MB/s, 1:13 left, file 3 of 40, 12,345,678 lines": as many parts, from the left, as
// fit into `width` columns (0: all).
std::string FormatProgress(const ProgressView& view, size_t width = 0);

// "999 B", "1.2 kB", "38 MB": decimal units, two or three digits.
std::string FormatBytes(double bytes);
// "0:07", "1:13", "2:03:04", "3 d 4 h".
std::string FormatDuration(double seconds);
// "12,345,678".
std::string FormatCount(uint64_t count);

}  // namespace whittle
