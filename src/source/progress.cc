#include "source/progress.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

namespace whittle {
namespace {
// Before this much time a rate is mostly noise, and the time left would jump by hours.
constexpr double kFirstEstimateSeconds = 2;

double PerSecond(uint64_t now, uint64_t then, double seconds) {
  return seconds > 0 && now > then ? static_cast<double>(now - then) / seconds : 0;
}

template <typename... Args>
std::string Print(const char* format, Args... args) {
  std::array<char, 64> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), format, args...);
  return std::string(buffer.data(), static_cast<size_t>(std::clamp(size, 0, static_cast<int>(buffer.size()) - 1)));
}
}  // namespace

ProgressView ProgressMeter::Update(int64_t now_ns, const ProgressCounts& counts) {
  // Compare with the oldest sample kept, or with the start while there are few.
  Sample base{start_ns_, 0, 0, 0};
  if (sample_count_ >= kSamples) base = samples_[sample_count_ % kSamples];
  ProgressView view;
  view.counts = counts;
  view.seconds = static_cast<double>(now_ns - start_ns_) * 1e-9;
  const double window = static_cast<double>(now_ns - base.time_ns) * 1e-9;
  view.text_bytes_per_s = PerSecond(counts.text_bytes, base.text_bytes, window);
  view.lines_per_s = PerSecond(counts.lines, base.lines, window);
  if (counts.stored_total) {
    const uint64_t total = *counts.stored_total;
    const uint64_t done = std::min(counts.stored_bytes, total);  // files grow while they are read
    view.fraction = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
    const double rate = PerSecond(counts.stored_bytes, base.stored_bytes, window);
    if (rate > 0 && view.seconds >= kFirstEstimateSeconds) view.seconds_left = static_cast<double>(total - done) / rate;
  }
  const int64_t last_ns = sample_count_ == 0 ? start_ns_ : samples_[(sample_count_ - 1) % kSamples].time_ns;
  if (now_ns - last_ns >= kSampleIntervalNs) {
    samples_[sample_count_++ % kSamples] = {now_ns, counts.stored_bytes, counts.text_bytes, counts.lines};
  }
  return view;
}

std::string FormatBytes(double bytes) {
  static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  size_t unit = 0;
  bytes = std::max(bytes, 0.0);
  // 999.5 would print as 1000.
  while (bytes >= 999.5 && unit + 1 < std::size(kUnits)) bytes /= 1000, ++unit;
  return Print(unit > 0 && bytes < 9.95 ? "%.1f %s" : "%.0f %s", bytes, kUnits[unit]);
}

std::string FormatDuration(double seconds) {
  // A century is as good as for ever, and fits the arithmetic.
  const auto s = static_cast<int64_t>(std::clamp(std::ceil(seconds), 0.0, 3.2e9));
  const long long days = s / 86400, hours = s / 3600 % 24, minutes = s / 60 % 60, rest = s % 60;
  if (days > 0) return Print("%lld d %lld h", days, hours);
  if (hours > 0) return Print("%lld:%02lld:%02lld", hours, minutes, rest);
  return Print("%lld:%02lld", minutes, rest);
}

std::string FormatCount(uint64_t count) {
  std::string out = std::to_string(count);
  for (size_t at = out.size(); at > 3;) {
    at -= 3;
    out.insert(at, ",");
  }
  return out;
}

std::string FormatProgress(const ProgressView& view, size_t width) {
  const ProgressCounts& counts = view.counts;
  std::vector<std::string> parts;
  if (view.fraction) {
    // Rounded down: 100% means done.
    parts.push_back(Print("%d%%", static_cast<int>(*view.fraction * 100)));
    parts.push_back(FormatBytes(static_cast<double>(counts.stored_bytes)) + " of " +
                    FormatBytes(static_cast<double>(*counts.stored_total)));
  } else {
    parts.push_back(FormatBytes(static_cast<double>(counts.text_bytes)));
  }
  parts.push_back(FormatBytes(view.text_bytes_per_s) + "/s");
  if (view.seconds_left) parts.push_back(FormatDuration(*view.seconds_left) + " left");
  if (counts.files_failed > 0) parts.push_back(FormatCount(counts.files_failed) + " failed");
  if (counts.files_total > 1) {
    parts.push_back("file " + FormatCount(std::min(counts.files_done + 1, counts.files_total)) + " of " +
                    FormatCount(counts.files_total));
  }
  parts.push_back(FormatCount(counts.lines) + " lines");
  std::string out;
  for (const std::string& part : parts) {
    const std::string longer = out.empty() ? part : out + ", " + part;
    if (width > 0 && longer.size() > width) break;
    out = longer;
  }
  return out;
}

}  // namespace whittle
