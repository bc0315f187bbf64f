#include "sample/event_clock.h"

#include <gtest/gtest.h>

#include "sample/rate_controller.h"

namespace whittle {
namespace {

using Step = EventClock::Step;

TEST(EventClock, WindowsBeginAtMultiplesAndLateEventsAreTold) {
  EventClock clock(10);
  EXPECT_EQ(clock.Advance(25), Step::kNewer);
  EXPECT_EQ(clock.window(), 2);
  EXPECT_EQ(clock.Advance(29), Step::kSame);
  EXPECT_EQ(clock.Advance(30), Step::kNewer);
  EXPECT_EQ(clock.Advance(29), Step::kLate);
  EXPECT_EQ(clock.Advance(EventClock::kNone), Step::kLate) << "as the one before";
  EXPECT_EQ(clock.time_ns(), 29);
  EXPECT_EQ(clock.Advance(35), Step::kSame);
  EXPECT_EQ(clock.window(), 3);
}

TEST(EventClock, TimesBeforeTheEpochAndExtremes) {
  EventClock clock(10);
  EXPECT_EQ(clock.Advance(-1), Step::kNewer);
  EXPECT_EQ(clock.window(), -1);
  EXPECT_EQ(clock.Advance(INT64_MAX), Step::kNewer);
  EXPECT_EQ(clock.Advance(INT64_MIN + 1), Step::kLate);
}

TEST(EventClock, WithoutTimeWindowsAreSoManyEvents) {
  EventClock clock(10);
  EXPECT_EQ(clock.Advance(EventClock::kNone), Step::kNewer);
  for (uint64_t i = 1; i < kMaxStepEvents; ++i) ASSERT_EQ(clock.Advance(EventClock::kNone), Step::kSame);
  EXPECT_EQ(clock.Advance(EventClock::kNone), Step::kNewer);
}

TEST(EventClock, GoesOnWhereItWasWrittenDown) {
  EventClock clock(10);
  clock.Advance(57);
  std::string bytes;
  ByteWriter out(&bytes);
  clock.Encode(&out);
  EventClock again(10);
  ByteReader in(bytes);
  again.Decode(&in);
  EXPECT_TRUE(in.ok());
  for (const int64_t time : {58, 49, 61, 60}) EXPECT_EQ(clock.Advance(time), again.Advance(time)) << time;
}

}  // namespace
}  // namespace whittle
