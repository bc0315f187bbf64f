#include "sample/segment_ledger.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
const std::string kA(32, 'a'), kB(32, 'b');

StratumInfo Info(const std::string& value, uint32_t rule = 0) {
  StratumInfo info;
  info.rule = rule;
  info.values = {value, std::nullopt};
  return info;
}

SegmentLedger NewLedger() {
  return SegmentLedger("keep 10%", {"signature", "severity"}, {"severity >= error: keep all"}, 30 * kSecond);
}

uint32_t Stratum(SegmentLedger* ledger, const StratumInfo& info) {
  const uint64_t id = StratumId(info);
  const auto known = ledger->FindStratum(id);
  return known ? *known : ledger->AddStratum(id, info);
}

enum class Fate { kKept, kSampledOut, kDropped, kLate };

// An event with lines of so many bytes. kLate is sampled out, too.
void Count(SegmentLedger* ledger, const SegmentLedger::Entry& entry, Fate fate, std::initializer_list<uint64_t> lines) {
  LedgerCell& cell = (*ledger->mutable_cells())[ledger->FindCell(entry)];
  EventCounts event;
  event.records = 1;
  event.lines = lines.size();
  for (const uint64_t bytes : lines) event.bytes += bytes;
  cell.in += event;
  cell.late += fate == Fate::kLate ? 1 : 0;
  cell.dropped = cell.dropped || fate == Fate::kDropped;
  if (fate != Fate::kKept) return;
  cell.kept += event;
  cell.weight += 1 / entry.probability;
  cell.variance += (1 - entry.probability) / entry.probability / entry.probability;
}

EventCounts Total(const SegmentLedger& ledger) {
  EventCounts total;
  for (const LedgerCell& cell : ledger.cells()) total += cell.in;
  return total;
}

// docs/segment-format.md, "Strata and exact counts".
TEST(SegmentLedger, WorkedExampleOfEventsThatCameSampled) {
  SegmentLedger ledger("", {}, {}, kSecond);
  StratumInfo second;
  second.rule = 1;
  ledger.AddStratum(1, StratumInfo());
  ledger.AddStratum(2, second);
  for (const uint32_t stratum : {0U, 1U}) {
    LedgerCell& cell = (*ledger.mutable_cells())[ledger.FindCell({kA, 0, stratum})];
    const uint64_t events = stratum == 0 ? 2 : 1;
    cell.in = {events, events, 10 * events};
    cell.kept = {1, 1, 10};
    cell.weight = stratum == 0 ? 8 : 1;
    cell.variance = stratum == 0 ? 32 : 0;
    if (stratum == 0) cell.Came(4);
    if (stratum == 0) cell.Came(4);
  }
  const auto cells = ledger.EncodeCells({kA});
  ASSERT_TRUE(cells.ok());
  const std::string_view expected(
      "\x02\x02\x00\x00\x01\x01\x00\x01\x02\x01\x00\x00\x14\x0A\x01\x01\x00\x00\x0A\x0A\x00\x00\x0C\x00\x00\x00\x00"
      "\x41\x00\x00\x00\x42\x00\x00\x00\x00\x00\x00\x18\x40\x00\x00\x00\x00\x00\x00\x38\x40",
      48);
  EXPECT_EQ(*cells, expected);
  SegmentLedger with_rule("", {}, {"a rule"}, kSecond);
  with_rule.AddStratum(1, StratumInfo());
  with_rule.AddStratum(2, second);
  auto read = SegmentLedger::Decode(with_rule.EncodeStrata(), *cells, {kA});
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->cells()[0].more_in, 6);
  EXPECT_EQ(read->cells()[0].spread_in, 24);
  EXPECT_EQ(read->cells()[1].more_in, 0);
  // A kept one goes: what it stood for goes with it when it has expired.
  read->LeaveOut({kA, 0, 0, 0.5, 4}, {1, 1, 10}, true, false);
  EXPECT_EQ(read->cells()[0].more_in, 3);
  EXPECT_EQ(read->cells()[0].spread_in, 12);
  EXPECT_EQ(read->cells()[0].weight, 0);
  EXPECT_EQ(read->cells()[0].variance, 0);
}

TEST(SegmentLedger, SurvivesEncoding) {
  SegmentLedger ledger = NewLedger();
  const uint32_t x = Stratum(&ledger, Info("x")), e = Stratum(&ledger, Info("x", 1));
  EXPECT_NE(x, e);
  EXPECT_EQ(Stratum(&ledger, Info("x")), x);
  Count(&ledger, {kA, 100 * kSecond, x, 0.25}, Fate::kKept, {50, 7});
  Count(&ledger, {kA, 101 * kSecond, x, 1}, Fate::kLate, {40});
  Count(&ledger, {kB, INT64_MIN, e, 1}, Fate::kDropped, {11});
  const auto cells = ledger.EncodeCells({kB, kA});
  ASSERT_TRUE(cells.ok());
  const auto read = SegmentLedger::Decode(ledger.EncodeStrata(), *cells, {kB, kA});
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->policy(), "keep 10%");
  EXPECT_EQ(read->strata(), ledger.strata());
  ASSERT_EQ(read->cells().size(), 2U);
  const LedgerCell& dropped = read->cells()[0];
  EXPECT_EQ(read->sources()[dropped.source], kB);
  EXPECT_EQ(dropped.window, kNoWindow);
  EXPECT_TRUE(dropped.dropped);
  const LedgerCell& both = read->cells()[1];
  EXPECT_EQ(both.window, 3);
  EXPECT_EQ(both.in, (EventCounts{2, 3, 97}));
  EXPECT_EQ(both.kept, (EventCounts{1, 2, 57}));
  EXPECT_EQ(both.late, 1U);
  EXPECT_EQ(both.weight, 4);
  EXPECT_EQ(both.variance, 12);
  EXPECT_FALSE(ledger.EncodeCells({kA}).ok());
}

TEST(SegmentLedger, DamageIsFound) {
  SegmentLedger ledger = NewLedger();
  Count(&ledger, {kA, 5, Stratum(&ledger, Info("y")), 0.5}, Fate::kKept, {9});
  const std::string strata = ledger.EncodeStrata(), cells = *ledger.EncodeCells({kA});
  for (size_t i = 0; i < strata.size(); ++i) EXPECT_FALSE(SegmentLedger::Decode(strata.substr(0, i), cells, {kA}).ok());
  for (size_t i = 0; i < cells.size(); ++i) EXPECT_FALSE(SegmentLedger::Decode(strata, cells.substr(0, i), {kA}).ok());
  EXPECT_FALSE(SegmentLedger::Decode(strata, cells, {}).ok());
}

TEST(SegmentLedger, TooManyWindowsAreJoinedAndTotalsStay) {
  SegmentLedger ledger = NewLedger();
  const uint32_t x = Stratum(&ledger, Info("x")), y = Stratum(&ledger, Info("y"));
  constexpr uint64_t kEvents = 3 * kMaxCells;
  for (uint64_t i = 0; i < kEvents; ++i) {
    const auto time = static_cast<int64_t>(i) * 10 * kSecond;
    Count(&ledger, {kA, time, i % 2 == 0 ? x : y, 1}, Fate::kSampledOut, {10});
    ASSERT_LE(ledger.cells().size(), kMaxCells);
  }
  EXPECT_EQ(Total(ledger), (EventCounts{kEvents, kEvents, 10 * kEvents}));
  EXPECT_GT(ledger.window_ns(), 30 * kSecond);
}

TEST(SegmentLedger, TooManyStrataAreOther) {
  SegmentLedger ledger = NewLedger();
  uint32_t last = 0;
  for (size_t i = 0; i < kMaxSegmentStrata + 100; ++i) {
    last = Stratum(&ledger, Info(std::to_string(i)));
    Count(&ledger, {kA, 0, last, 1}, Fate::kKept, {1});
  }
  EXPECT_TRUE(ledger.strata()[last].other);
  EXPECT_LE(ledger.strata().size(), kMaxSegmentStrata);
  EXPECT_EQ(Total(ledger).records, kMaxSegmentStrata + 100);
}

TEST(SegmentLedger, MergesOtherKeysRulesAndWindows) {
  SegmentLedger ledger = NewLedger();
  Count(&ledger, {kA, 45 * kSecond, Stratum(&ledger, Info("x")), 1}, Fate::kKept, {5});
  SegmentLedger other("another", {"url.path", "signature"}, {"r2", "severity >= error: keep all"}, 60 * kSecond);
  StratumInfo info;
  info.rule = 2;
  info.values = {"/a", "x"};
  Count(&other, {kB, 61 * kSecond, other.AddStratum(StratumId(info), info), 0.5}, Fate::kKept, {6});
  std::vector<uint32_t> numbers;
  ledger.Merge(other, &numbers);
  ASSERT_EQ(numbers.size(), 1U);
  const StratumInfo& merged = ledger.strata()[numbers[0]];
  EXPECT_EQ(ledger.keys(), (std::vector<std::string>{"signature", "severity", "url.path"}));
  EXPECT_EQ(*merged.values[0], "x");
  EXPECT_FALSE(merged.values[1]);
  EXPECT_EQ(*merged.values[2], "/a");
  EXPECT_EQ(ledger.rules()[merged.rule - 1], "severity >= error: keep all");
  EXPECT_EQ(ledger.window_ns(), 60 * kSecond);
  EXPECT_EQ(Total(ledger), (EventCounts{2, 2, 11}));
  EXPECT_TRUE(ledger.EncodeCells({kA, kB}).ok());
}

}  // namespace
}  // namespace whittle
