#include "source/progress.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

ProgressCounts At(uint64_t stored) {
  ProgressCounts counts;
  counts.files_total = 40;
  counts.files_done = 2;
  counts.stored_bytes = stored;
  counts.stored_total = 1'000'000'000;
  counts.text_bytes = stored * 10;
  counts.lines = stored / 10;
  return counts;
}

TEST(ProgressTest, RateAndTimeLeftFollowTheLastSeconds) {
  ProgressMeter meter(100 * kSecond);
  EXPECT_FALSE(meter.Update(100 * kSecond, At(0)).seconds_left.has_value());
  // 100 s at 1 MB/s stored, then twice as fast.
  ProgressView view;
  for (int s = 1; s <= 100; ++s) view = meter.Update((100 + s) * kSecond, At(static_cast<uint64_t>(s) * 1'000'000));
  EXPECT_NEAR(view.text_bytes_per_s, 1e7, 1);
  EXPECT_NEAR(*view.seconds_left, 900, 0.1);
  EXPECT_NEAR(*view.fraction, 0.1, 1e-9);
  for (int s = 1; s <= 20; ++s)
    view = meter.Update((200 + s) * kSecond, At(100'000'000 + static_cast<uint64_t>(s) * 2'000'000));
  EXPECT_NEAR(view.text_bytes_per_s, 2e7, 1);
  EXPECT_NEAR(*view.seconds_left, 430, 0.1);
  EXPECT_DOUBLE_EQ(view.seconds, 120);
}

TEST(ProgressTest, FrequentCallsDoNotShortenTheWindow) {
  ProgressMeter meter(0);
  ProgressView view;
  for (int i = 1; i <= 10'000; ++i) view = meter.Update(i * kSecond / 1000, At(static_cast<uint64_t>(i) * 1000));
  EXPECT_NEAR(view.text_bytes_per_s, 1e7, 1);
}

TEST(ProgressTest, APipeHasNoTimeLeftAndAGrownFileNoMoreThanAll) {
  ProgressMeter meter(0);
  ProgressCounts counts;
  counts.text_bytes = 5'000'000;
  counts.lines = 1000;
  const ProgressView pipe = meter.Update(10 * kSecond, counts);
  EXPECT_FALSE(pipe.seconds_left.has_value());
  EXPECT_EQ(FormatProgress(pipe), "5.0 MB, 500 kB/s, 1,000 lines");
  counts.stored_bytes = 11;
  counts.stored_total = 10;
  EXPECT_DOUBLE_EQ(*meter.Update(11 * kSecond, counts).fraction, 1.0);
}

TEST(ProgressTest, TheLineIsCutAtWholeParts) {
  ProgressMeter meter(0);
  ProgressCounts counts = At(423'000'000);
  counts.files_failed = 1;
  const ProgressView view = meter.Update(10 * kSecond, counts);
  EXPECT_EQ(FormatProgress(view),
            "42%, 423 MB of 1.0 GB, 423 MB/s, 0:14 left, 1 failed, file 3 of 40, 42,300,000 lines");
  EXPECT_EQ(FormatProgress(view, 40), "42%, 423 MB of 1.0 GB, 423 MB/s");
  EXPECT_EQ(FormatProgress(view, 2), "");
}

TEST(ProgressTest, NumbersForPeople) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(999), "999 B");
  EXPECT_EQ(FormatBytes(1000), "1.0 kB");
  EXPECT_EQ(FormatBytes(9'960), "10 kB");
  EXPECT_EQ(FormatBytes(999'600), "1.0 MB");
  EXPECT_EQ(FormatBytes(1.8e19), "18 EB");
  EXPECT_EQ(FormatDuration(6.2), "0:07");
  EXPECT_EQ(FormatDuration(73), "1:13");
  EXPECT_EQ(FormatDuration(7384), "2:03:04");
  EXPECT_EQ(FormatDuration(3 * 86400 + 4 * 3600), "3 d 4 h");
  EXPECT_EQ(FormatDuration(1e300), "37037 d 0 h");
  EXPECT_EQ(FormatCount(7), "7");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(12'345'678), "12,345,678");
}

}  // namespace
}  // namespace whittle
