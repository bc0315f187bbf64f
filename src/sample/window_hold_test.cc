#include "sample/window_hold.h"

#include <gtest/gtest.h>

#include <string>

#include "sample/trace_hold.h"

namespace whittle {
namespace {

SamplingPolicy Limit(double events, uint64_t hold_bytes) {
  SamplingPolicy policy;
  policy.budget = {SamplingBudget::Kind::kEventsPerWindow, events};
  policy.window_ns = 10;
  policy.hold_bytes = hold_bytes;
  return policy;
}

// Gives `count` records of `bytes` at one time; what the parts that closed on the way got.
std::vector<uint64_t> Feed(WindowHold* hold, int64_t time_ns, int count, uint64_t bytes) {
  std::vector<uint64_t> places;
  for (int i = 0; i < count; ++i) {
    if (hold->Arrive(time_ns, bytes)) places.push_back(hold->Close(false));
    hold->Wait(bytes);
  }
  return places;
}

using Places = std::vector<uint64_t>;

TEST(WindowHold, AWindowGetsTheLimitWhenItIsOver) {
  const SamplingPolicy policy = Limit(100, 1000);
  WindowHold hold(&policy, 1);
  EXPECT_EQ(Feed(&hold, 5, 50, 10), Places());
  EXPECT_EQ(hold.waiting(), 50U);
  EXPECT_EQ(Feed(&hold, 15, 1, 10), Places({100}));
  EXPECT_EQ(hold.waiting(), 1U);
  EXPECT_EQ(Feed(&hold, 3, 1, 10), Places()) << "late ones wait with the others";
  EXPECT_EQ(hold.Close(true), 100U);
  EXPECT_EQ(hold.waiting(), 0U);
  // The window was taken to be over: what comes of it shares the limit of the next.
  EXPECT_EQ(Feed(&hold, 16, 1, 10), Places());
  EXPECT_EQ(Feed(&hold, 25, 1, 10), Places());
  EXPECT_EQ(Feed(&hold, 35, 1, 10), Places({100}));
}

TEST(WindowHold, APartOfTheLimitIsAPartOfIt) {
  const SamplingPolicy policy = Limit(100, 1000);
  WindowHold hold(&policy, 0.25);
  Feed(&hold, 5, 1, 10);
  EXPECT_EQ(hold.Close(true), 25U);
}

TEST(WindowHold, LongWindowsAreDecidedInPartsThatNeverAddUpToMore) {
  const SamplingPolicy policy = Limit(1000, 1000);
  WindowHold hold(&policy, 1);
  // Nothing is expected: a half, a third of the rest, and so on.
  EXPECT_EQ(Feed(&hold, 5, 500, 10), Places({500, 166, 83, 50}));
  EXPECT_EQ(Feed(&hold, 15, 1, 10), Places({201})) << "what is left";
  // As much is expected as came before: a fifth each, the end taken with care.
  const Places second = Feed(&hold, 15, 499, 10);
  ASSERT_EQ(second.size(), 4U);
  for (const uint64_t places : second) EXPECT_NEAR(static_cast<double>(places), 200, 20);
  uint64_t sum = hold.Close(true);
  for (const uint64_t places : second) sum += places;
  EXPECT_EQ(sum, 1000U);
}

TEST(WindowHold, AsManyRecordsWaitAsMayWait) {
  const SamplingPolicy policy = Limit(10, UINT64_MAX / 2);
  WindowHold hold(&policy, 1);
  EXPECT_EQ(Feed(&hold, 5, static_cast<int>(kMaxHeldRecords) + 1, 1), Places({5}));
  EXPECT_EQ(hold.waiting(), 1U);
}

TEST(WindowHold, GoesOnWhereItWasWrittenDown) {
  const SamplingPolicy policy = Limit(1000, 1000);
  WindowHold hold(&policy, 1);
  EventClock clock(policy.window_ns);
  clock.Advance(5);
  Feed(&hold, 5, 150, 10);  // one part is decided, half of another waits
  for (int i = 0; i < 3; ++i) hold.Decide({uint64_t(i) << 60, uint64_t(i) * 7, 5 - i, {}, 2, i == 1, i == 2});
  hold.Decide({1, 2, EventClock::kNone, 77, 0, false, false});
  std::string bytes;
  ByteWriter out(&bytes);
  hold.Encode(&out);
  WindowHold again(&policy, 1);
  ByteReader in(bytes);
  ASSERT_TRUE(again.Decode(&in, clock));
  EXPECT_EQ(in.remaining(), 0U);
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(again.IsKnown()) << i;
    const WindowHold::Decision a = hold.Take(), b = again.Take();
    EXPECT_EQ(a.key, b.key);
    EXPECT_EQ(a.threshold, b.threshold);
    EXPECT_EQ(a.time_ns, b.time_ns);
    EXPECT_EQ(a.first_seen_ns, b.first_seen_ns);
    EXPECT_EQ(a.decided_by, b.decided_by);
    EXPECT_EQ(a.dropped, b.dropped);
    EXPECT_EQ(a.late, b.late);
  }
  EXPECT_FALSE(again.IsKnown());
  Feed(&again, 5, 50, 10);  // those that waited come again
  EXPECT_EQ(Feed(&hold, 5, 200, 10), Feed(&again, 5, 200, 10));
  EXPECT_EQ(Feed(&hold, 15, 200, 10), Feed(&again, 15, 200, 10));
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    WindowHold damaged(&policy, 1);
    ByteReader part(std::string_view(bytes).substr(0, cut));
    EXPECT_FALSE(damaged.Decode(&part, clock)) << cut;
  }
}

}  // namespace
}  // namespace whittle
