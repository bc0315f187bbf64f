#include "format/word_filter.h"

#include <gtest/gtest.h>

#include <random>

namespace whittle {
namespace {

TEST(WordFilter, HasWhatWasPutInAndLittleElse) {
  std::mt19937_64 random(1);
  for (const size_t count : {0u, 1u, 2u, 10u, 1000u, 50'000u}) {
    std::vector<uint64_t> keys;
    for (size_t i = 0; i < count; ++i) keys.push_back(random());
    if (count > 2) keys.push_back(keys[0]);  // keys may repeat
    const auto filter = WordFilter::Build(keys);
    ASSERT_TRUE(filter.has_value());
    std::string bytes;
    filter->Encode(&bytes);
    EXPECT_LE(bytes.size(), count * 124 / 100 + 60);
    WordFilter decoded;
    ByteReader in(bytes);
    ASSERT_TRUE(decoded.Decode(&in));
    EXPECT_EQ(in.remaining(), 0u);
    for (const uint64_t key : keys) EXPECT_TRUE(decoded.Contains(key));
    size_t wrong = 0;
    for (int i = 0; i < 20'000; ++i) wrong += decoded.Contains(random()) ? 1 : 0;
    EXPECT_LT(wrong, 160u);  // 78 expected
  }
}

TEST(WordFilter, DamagedBytesAreNoFilter) {
  const auto filter = WordFilter::Build({1, 2, 3});
  std::string bytes;
  filter->Encode(&bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    WordFilter decoded;
    ByteReader in(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(decoded.Decode(&in));
  }
}

}  // namespace
}  // namespace whittle
