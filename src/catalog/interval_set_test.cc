#include "catalog/interval_set.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace whittle {
namespace {

TEST(IntervalSetTest, AddsJoinsAndAnswers) {
  IntervalSet set{{10, 20}, {30, 40}};
  EXPECT_EQ(set.CoveredPrefix(), 0u);
  EXPECT_EQ(set.Total(), 20u);
  EXPECT_EQ(set.End(), 40u);
  EXPECT_TRUE(set.Contains(Interval{12, 20}));
  EXPECT_FALSE(set.Contains(Interval{12, 21}));
  EXPECT_TRUE(set.Intersects(Interval{19, 31}));
  EXPECT_FALSE(set.Intersects(Interval{20, 30}));
  EXPECT_EQ(set.Gaps(50), (std::vector<Interval>{{0, 10}, {20, 30}, {40, 50}}));
  EXPECT_EQ(set.Gaps(25), (std::vector<Interval>{{0, 10}, {20, 25}}));
  set.Add({20, 30});
  EXPECT_EQ(set, (IntervalSet{{10, 40}})) << "touching intervals become one";
  set.Add({0, 10});
  EXPECT_EQ(set.CoveredPrefix(), 40u);
  set.Add({7, 7});
  set.Add({9, 3});
  EXPECT_EQ(set.size(), 1u);
}

// Against the slow twin: a bit for every position.
TEST(IntervalSetTest, AgreesWithABitmap) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    constexpr size_t kSize = 64;
    std::vector<bool> bits(kSize, false);
    IntervalSet set;
    for (int step = 0; step < 20; ++step) {
      const uint64_t begin = random() % kSize, end = begin + random() % (kSize - begin + 1);
      const auto is_set = [&](uint64_t at) { return bool{bits[at]}; };
      uint64_t count = 0;
      for (uint64_t i = begin; i < end; ++i) count += is_set(i);
      ASSERT_EQ(set.Contains(Interval{begin, end}), count == end - begin);
      ASSERT_EQ(set.Intersects(Interval{begin, end}), count > 0);
      if (step % 2 == 0) {
        set.Add({begin, end});
        for (uint64_t i = begin; i < end; ++i) bits[i] = true;
      }
      uint64_t total = 0, prefix = 0, last = 0;
      for (uint64_t i = 0; i < kSize; ++i) {
        total += is_set(i);
        if (is_set(i)) last = i + 1;
        if (is_set(i) && prefix == i) ++prefix;
      }
      ASSERT_EQ(set.Total(), total);
      ASSERT_EQ(set.CoveredPrefix(), prefix);
      ASSERT_EQ(set.End(), last);
      uint64_t gaps = 0;
      for (const Interval& gap : set.Gaps(kSize)) {
        for (uint64_t i = gap.begin; i < gap.end; ++i) ASSERT_FALSE(is_set(i));
        gaps += gap.end - gap.begin;
      }
      ASSERT_EQ(gaps + total, kSize);
      std::string bytes;
      ByteWriter out(&bytes);
      set.Encode(&out);
      ByteReader in(bytes);
      IntervalSet back;
      ASSERT_TRUE(IntervalSet::Decode(&in, &back));
      ASSERT_EQ(back, set);
    }
  }
}

// The worked example of docs/store-layout.md.
TEST(IntervalSetTest, Bytes) {
  std::string bytes;
  ByteWriter out(&bytes);
  IntervalSet{{0, 300}, {1000, 1010}}.Encode(&out);
  EXPECT_EQ(bytes, std::string("\x02\x00\xac\x02\xbc\x05\x0a", 7));
}

TEST(IntervalSetTest, RefusesBytesThatAreNoSet) {
  const auto decodes = [](std::string_view bytes) {
    ByteReader in(bytes);
    IntervalSet set;
    return IntervalSet::Decode(&in, &set);
  };
  EXPECT_TRUE(decodes(std::string_view("\0", 1)));
  EXPECT_FALSE(decodes("")) << "nothing";
  EXPECT_FALSE(decodes(std::string_view("\x02\x01\x01\x00\x01", 5))) << "touching";
  EXPECT_FALSE(decodes(std::string_view("\x01\x01\x00", 3))) << "empty interval";
  EXPECT_FALSE(decodes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")) << "a count without intervals";
  std::string wrap;
  ByteWriter out(&wrap);
  out.Varint(2);
  out.Varint(UINT64_MAX - 5);
  out.Varint(3);
  out.Varint(2);
  out.Varint(9);
  EXPECT_FALSE(decodes(wrap)) << "positions wrap around";
}

}  // namespace
}  // namespace whittle
