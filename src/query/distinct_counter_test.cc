#include "query/distinct_counter.h"

#include <gtest/gtest.h>

#include <string>

namespace whittle {
namespace {

TEST(DistinctCounter, IsExactForFew) {
  DistinctCounter counter;
  for (int round = 0; round < 3; ++round) {
    for (size_t i = 0; i < DistinctCounter::kExactValues; ++i) counter.Add(std::to_string(i));
  }
  EXPECT_TRUE(counter.exact());
  EXPECT_EQ(counter.Estimate(), static_cast<double>(DistinctCounter::kExactValues));
}

TEST(DistinctCounter, IsNearForManyAndMerges) {
  for (const int count : {6'000, 20'000, 300'000}) {
    DistinctCounter counter, left, right;
    size_t bytes = 0;
    for (int i = 0; i < count; ++i) {
      const std::string value = "user-" + std::to_string(i);
      bytes += counter.Add(value);
      (i % 3 == 0 ? left : right).Add(value);
    }
    EXPECT_FALSE(counter.exact());
    EXPECT_NEAR(counter.Estimate(), count, 4 * DistinctCounter::kStandardError * count);
    EXPECT_LT(bytes, size_t{200} << 10);
    left.Merge(right);
    EXPECT_EQ(left.Estimate(), counter.Estimate());
  }
}

}  // namespace
}  // namespace whittle
