#include "sample/metric_ledger.h"

#include <gtest/gtest.h>

#include <random>

namespace whittle {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

MetricLedger Example(int64_t window_ns) { return MetricLedger({{"a", "*", ""}, {"b", "x > 1", "x"}}, window_ns); }

MetricCell Whole(int64_t value, MetricUnit unit = MetricUnit::kInteger) { return {1, 1, unit, value, 0}; }

TEST(MetricLedgerTest, CountsByWindowAndAddsUp) {
  MetricLedger ledger = Example(10 * kSecondNs);
  for (int64_t second = 0; second < 100; ++second) {
    ledger.NoteEvent();
    ledger.At(second * kSecondNs)[0].Add({1, 0, MetricUnit::kNone, 0, 0});
    if (second % 2 == 0) ledger.At(second * kSecondNs)[1].Add(Whole(second));
  }
  ledger.At(INT64_MIN)[0].Add({1, 0, MetricUnit::kNone, 0, 0});
  EXPECT_EQ(ledger.seen(0), 100u);
  EXPECT_EQ(ledger.windows().size(), 11u);
  EXPECT_EQ(ledger.Total(0).events, 101u);
  EXPECT_EQ(ledger.Total(1).events, 50u);
  EXPECT_EQ(ledger.Total(1).whole, 2450);
  const auto decoded = MetricLedger::Decode(ledger.Encode());
  ASSERT_TRUE(decoded.ok()) << decoded.status().message();
  EXPECT_EQ(decoded->windows(), ledger.windows());
  EXPECT_EQ(decoded->definitions(), ledger.definitions());
  EXPECT_EQ(decoded->seen(1), 100u);
}

TEST(MetricLedgerTest, MergingKeepsWhatEachMetricHasSeen) {
  MetricLedger ours = Example(10 * kSecondNs), theirs({{"b", "x > 1", "x"}, {"c", "y", ""}}, 30 * kSecondNs);
  for (int i = 0; i < 5; ++i) ours.NoteEvent();
  for (int i = 0; i < 7; ++i) theirs.NoteEvent();
  ours.At(15 * kSecondNs)[1].Add(Whole(3));
  ours.At(-1)[1].Add(Whole(1));
  theirs.At(20 * kSecondNs)[0].Add(Whole(4, MetricUnit::kDuration));
  theirs.At(20 * kSecondNs)[1].Add({1, 0, MetricUnit::kNone, 0, 0});
  MetricLedger all;
  all.Merge(ours);
  all.Merge(theirs);
  ASSERT_EQ(all.definitions().size(), 3u);
  EXPECT_EQ(all.seen(0), 5u);
  EXPECT_EQ(all.seen(1), 12u);
  EXPECT_EQ(all.seen(2), 7u);
  EXPECT_EQ(all.Total(1).whole, 8);
  EXPECT_EQ(all.Total(1).unit, MetricUnit::kReal) << "integers and durations have no unit together";
  EXPECT_EQ(all.window_ns(), 30 * kSecondNs);
  EXPECT_EQ(all.windows().size(), 2u) << "the window before 0 and the one from 0";
  all.NoteEvent();
  EXPECT_EQ(all.seen(2), 8u);
}

TEST(MetricLedgerTest, JoinsWindowsAndKeepsTotals) {
  MetricLedger ledger = Example(kSecondNs);
  constexpr int64_t kWindows = 200'000;
  for (int64_t i = 0; i < kWindows; ++i) ledger.At(i * kSecondNs)[1].Add(Whole(i));
  EXPECT_LE(ledger.windows().size() * 2, kMaxMetricCells);
  EXPECT_GE(ledger.windows().size(), kMaxMetricCells / 8);
  EXPECT_EQ(ledger.Total(1).events, static_cast<uint64_t>(kWindows));
  EXPECT_EQ(ledger.Total(1).whole, kWindows * (kWindows - 1) / 2);
  MetricLedger copy = ledger;
  copy.At((kWindows - 1) * kSecondNs)[1].Add(Whole(1));
  EXPECT_EQ(ledger.Total(1).events + 1, copy.Total(1).events) << "a copy counts for itself";
}

TEST(MetricLedgerTest, SumsStopAtTheEndsOfTheirRange) {
  MetricCell cell = Whole(INT64_MAX - 1);
  cell.Add(Whole(5));
  EXPECT_EQ(cell.whole, INT64_MAX);
}

TEST(MetricLedgerTest, RefusesDamage) {
  MetricLedger ledger = Example(kSecondNs);
  for (int64_t i = 0; i < 20; ++i)
    ledger.At(i * kSecondNs)[1].Add(i % 2 == 0 ? Whole(i) : MetricCell{1, 1, MetricUnit::kReal, 0, 0.5});
  const std::string bytes = ledger.Encode();
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(MetricLedger::Decode(bytes.substr(0, size)).ok());
  EXPECT_FALSE(MetricLedger::Decode(bytes + "x").ok());
  constexpr uint32_t kSeed = 11;
  std::mt19937 random(kSeed);
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = bytes;
    for (int k = 0; k < 3; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    const auto decoded = MetricLedger::Decode(damaged);
    if (!decoded.ok()) continue;
    MetricLedger merged = Example(7 * kSecondNs);
    merged.Merge(*decoded);
    EXPECT_FALSE(merged.Encode().empty()) << "seed " << kSeed;
  }
}

}  // namespace
}  // namespace whittle
