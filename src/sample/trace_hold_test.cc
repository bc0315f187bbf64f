#include "sample/trace_hold.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace whittle {
namespace {

using Kind = TraceHold::Verdict::Kind;
constexpr int64_t kSecond = 1'000'000'000;

struct Record {
  uint64_t trace = 0;
  bool wanted = false;
  int64_t time_ns = 0;
  uint64_t bytes = 100;
};

SamplingPolicy Whole(int64_t hold_ns, uint64_t hold_bytes) {
  SamplingPolicy policy;
  policy.traces = SamplingPolicy::Traces::kWhole;
  policy.hold_ns = hold_ns;
  policy.hold_bytes = hold_bytes;
  return policy;
}

// What a decision says, with the rate of the first record where the trace goes by it.
std::string DecideOne(TraceHold* hold, uint64_t number) {
  const auto verdict = hold->Decide();
  if (verdict.kind == Kind::kTrace && !verdict.threshold) {
    hold->SetTrace(number, number * 7);
    return "first " + std::to_string(number);
  }
  return std::to_string(static_cast<int>(verdict.kind)) + " " + std::to_string(verdict.key.value_or(0)) + " " +
         std::to_string(verdict.threshold.value_or(0));
}

TEST(TraceHold, KeepsATraceOfWhichAnythingIsWanted) {
  const SamplingPolicy policy = Whole(5 * kSecond, 1 << 20);
  TraceHold hold(&policy);
  hold.Arrive(1, false, 0, 100);
  hold.Arrive(2, false, kSecond, 100);
  hold.Arrive(0, true, 2 * kSecond, 100);
  hold.Arrive(1, true, 4 * kSecond, 100);
  EXPECT_EQ(hold.ready(), 0U);
  hold.Arrive(2, true, 7 * kSecond, 100);
  EXPECT_EQ(hold.ready(), 3U);
  EXPECT_EQ(hold.Decide().kind, Kind::kWhole);
  EXPECT_EQ(hold.Decide().kind, Kind::kWhole);  // 7 s is when it was decided
  EXPECT_EQ(hold.Decide().kind, Kind::kAlone);
}

TEST(TraceHold, WhatIsFoundTooLateIsCalledLate) {
  const SamplingPolicy policy = Whole(5 * kSecond, 1 << 20);
  TraceHold hold(&policy);
  hold.Arrive(1, false, 0, 100);
  hold.Arrive(1, false, 3 * kSecond, 100);
  hold.Arrive(0, false, 5 * kSecond, 100);
  hold.Arrive(1, true, 7 * kSecond, 100);
  hold.Release();
  EXPECT_EQ(hold.Decide().kind, Kind::kTrace);
  hold.SetTrace(9, 77);
  EXPECT_EQ(hold.Decide().kind, Kind::kLate);
  EXPECT_EQ(hold.Decide().kind, Kind::kAlone);
  EXPECT_EQ(hold.Decide().kind, Kind::kLate);
}

TEST(TraceHold, BytesAndRecordsAreBounded) {
  const SamplingPolicy policy = Whole(5 * kSecond, 1000);
  TraceHold hold(&policy);
  for (int i = 0; i < 30; ++i) hold.Arrive(1, false, INT64_MIN, 100);
  EXPECT_EQ(hold.ready(), 20U);
  const SamplingPolicy large = Whole(5 * kSecond, UINT64_MAX / 2);
  TraceHold many(&large);
  for (uint64_t i = 0; i < kMaxHeldRecords + 10; ++i) many.Arrive(i + 1, true, INT64_MIN, 100);
  EXPECT_EQ(many.ready(), 10U);
  many.Release();
  while (many.waiting() > 0) many.Decide();
  std::string state;
  ByteWriter out(&state);
  many.Encode(&out);
  EXPECT_LT(state.size(), kMaxHeldTraces * 40);
}

// However late decisions are asked for, and wherever a run ends and goes on from what it wrote down: the same
// decisions.
TEST(TraceHold, NeitherBatchesNorRestartsChangeADecision) {
  constexpr uint64_t kSeed = 31;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 20; ++round) {
    const SamplingPolicy policy = Whole(5 * kSecond, round % 2 == 0 ? 1 << 30 : 5000);
    std::vector<Record> records;
    int64_t time_ns = 0;
    for (int i = 0; i < 3000; ++i) {
      time_ns += static_cast<int64_t>(random() % (kSecond / 5));
      records.push_back(
          {random() % 40, random() % 50 == 0, time_ns - static_cast<int64_t>(random() % kSecond), 50 + random() % 200});
    }
    std::vector<std::string> at_once, later;
    TraceHold eager(&policy);
    for (const Record& r : records) {
      eager.Arrive(r.trace, r.wanted, r.time_ns, r.bytes);
      while (eager.ready() > 0) at_once.push_back(DecideOne(&eager, at_once.size()));
    }
    const size_t decided_for_good = at_once.size();
    eager.Release();
    while (eager.waiting() > 0) at_once.push_back(DecideOne(&eager, at_once.size()));
    auto lazy = std::make_unique<TraceHold>(&policy);
    for (size_t i = 0; i < records.size(); ++i) {
      const Record& r = records[i];
      lazy->Arrive(r.trace, r.wanted, r.time_ns, r.bytes);
      if (random() % 30 != 0 && i + 1 < records.size()) continue;
      while (lazy->ready() > random() % 20) later.push_back(DecideOne(lazy.get(), later.size()));
      if (random() % 3 != 0) continue;
      std::string state;
      ByteWriter out(&state);
      lazy->Encode(&out);
      lazy = std::make_unique<TraceHold>(&policy);
      ByteReader in(state);
      ASSERT_TRUE(lazy->Decode(&in) && in.remaining() == 0);
      i = later.size() - 1;  // what waited is read again
      ByteReader cut(std::string_view(state).substr(0, state.size() / 2));
      EXPECT_FALSE(TraceHold(&policy).Decode(&cut));
    }
    while (lazy->ready() > 0) later.push_back(DecideOne(lazy.get(), later.size()));
    ASSERT_LE(later.size(), at_once.size());
    ASSERT_GE(later.size(), decided_for_good);
    for (size_t i = 0; i < later.size(); ++i) ASSERT_EQ(later[i], at_once[i]) << "record " << i << " seed " << kSeed;
  }
}

}  // namespace
}  // namespace whittle
