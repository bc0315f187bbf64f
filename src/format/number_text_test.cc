#include "format/number_text.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace whittle {
namespace {

std::string Integer(int64_t v) {
  char buffer[kMaxNumberText];
  return std::string(buffer, AppendInteger(v, buffer));
}
std::string Digits(int64_t v, size_t width) {
  char buffer[kMaxNumberText];
  return std::string(buffer, AppendDigits(v, width, buffer));
}
std::string Decimal(int64_t v, size_t fraction) {
  char buffer[kMaxNumberText];
  return std::string(buffer, AppendDecimal(v, fraction, buffer));
}

TEST(NumberText, AcceptsOnlyWhatItGivesBack) {
  const char* const texts[] = {"0",
                               "7",
                               "-7",
                               "-0",
                               "007",
                               "",
                               "-",
                               "+1",
                               "1.5",
                               "12 ",
                               "0.5",
                               "00.5",
                               "-0.5",
                               "-0.0",
                               "1.",
                               ".5",
                               "1.50",
                               "-1.50",
                               "a",
                               "1a",
                               "999999999999999999",
                               "1000000000000000000",
                               "-999999999999999999",
                               "0000000000000000001"};
  for (const std::string text : texts) {
    int64_t v;
    if (ParseInteger(text, &v)) {
      EXPECT_EQ(Integer(v), text);
    }
    if (ParseDigits(text, &v)) {
      EXPECT_EQ(Digits(v, text.size()), text);
    }
    for (size_t fraction = 1; fraction < kMaxDigits; ++fraction) {
      if (ParseDecimal(text, fraction, &v)) {
        EXPECT_EQ(Decimal(v, fraction), text);
      }
    }
  }
  int64_t v;
  EXPECT_TRUE(ParseInteger("-999999999999999999", &v));
  EXPECT_FALSE(ParseInteger("1000000000000000000", &v));
  EXPECT_FALSE(ParseInteger("-0", &v));
  EXPECT_FALSE(ParseInteger("01", &v));
  EXPECT_TRUE(ParseDigits("01", &v));
  EXPECT_TRUE(ParseDecimal("-0.5", 1, &v));
  EXPECT_EQ(v, -5);
  EXPECT_FALSE(ParseDecimal("-0.0", 1, &v));
  EXPECT_FALSE(ParseDecimal("00.5", 1, &v));
}

TEST(NumberText, RoundTripsRandomNumbers) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    const auto v = static_cast<int64_t>(random()) >> (random() % 64);
    EXPECT_EQ(Integer(v), std::to_string(v));
    if (v > -1000000000000000000 && v < 1000000000000000000) {
      int64_t back;
      ASSERT_TRUE(ParseInteger(Integer(v), &back));
      EXPECT_EQ(back, v);
      const size_t fraction = 1 + random() % 6;
      if (ParseDecimal(Decimal(v, fraction), fraction, &back)) {
        EXPECT_EQ(back, v);
      }
    }
  }
}

}  // namespace
}  // namespace whittle
