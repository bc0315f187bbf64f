#include "event/value.h"

#include <gtest/gtest.h>

#include <random>

namespace whittle {
namespace {

int64_t Integer(ValueType type, std::string_view text) {
  const Value value = ParseValue(type, text);
  EXPECT_EQ(value.type, type) << text;
  EXPECT_EQ(value.text, text);
  return value.integer;
}

void ExpectString(ValueType type, std::string_view text) {
  const Value value = ParseValue(type, text);
  EXPECT_EQ(value.type, ValueType::kString) << ValueTypeName(type) << " \"" << text << '"';
  EXPECT_EQ(value.text, text);
}

TEST(Value, TypeNames) {
  EXPECT_EQ(ValueTypeName(ValueType::kString), "string");
  EXPECT_EQ(ValueTypeName(ValueType::kHexId), "hex_id");
  EXPECT_EQ(ValueTypeName(ValueType::kSize), "size");
}

TEST(Value, Integers) {
  EXPECT_EQ(Integer(ValueType::kInt64, "0"), 0);
  EXPECT_EQ(Integer(ValueType::kInt64, "-42"), -42);
  EXPECT_EQ(Integer(ValueType::kInt64, "9223372036854775807"), INT64_MAX);
  EXPECT_EQ(Integer(ValueType::kInt64, "-9223372036854775808"), INT64_MIN);
  for (const char* text : {"", "-", "007", "+7", "-0", "9223372036854775808", "1.0", "1 ", " 1", "0x10"}) {
    ExpectString(ValueType::kInt64, text);
  }
}

TEST(Value, Doubles) {
  EXPECT_EQ(ParseValue(ValueType::kDouble, "0.5").real, 0.5);
  EXPECT_EQ(ParseValue(ValueType::kDouble, "-1e-3").real, -0.001);
  EXPECT_EQ(ParseValue(ValueType::kDouble, "3").real, 3.0);
  for (const char* text : {"", "nan", "inf", "-inf", "1e999", "1.5.2", "0x1p3", "1.5s"})
    ExpectString(ValueType::kDouble, text);
}

TEST(Value, Booleans) {
  EXPECT_EQ(Integer(ValueType::kBool, "true"), 1);
  EXPECT_EQ(Integer(ValueType::kBool, "False"), 0);
  ExpectString(ValueType::kBool, "yes");
  ExpectString(ValueType::kBool, "1");
}

TEST(Value, Addresses) {
  for (const char* text :
       {"10.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0", "2001:db8::ff00:42:8329", "::ffff:10.0.0.1"}) {
    EXPECT_EQ(ParseValue(ValueType::kIp, text).type, ValueType::kIp) << text;
  }
  for (const char* text :
       {"", "10.0.0", "256.0.0.1", "10.0.0.1:80", "/10.0.0.1", "[::1]", "10.0.0.1%eth0", "cafe", "%"}) {
    ExpectString(ValueType::kIp, text);
  }
  ExpectString(ValueType::kIp, std::string_view("::1\0", 4));
}

TEST(Value, Identifiers) {
  EXPECT_EQ(ParseValue(ValueType::kUuid, "123e4567-E89B-12d3-a456-426614174000").type, ValueType::kUuid);
  ExpectString(ValueType::kUuid, "123e4567e89b12d3a456426614174000");
  ExpectString(ValueType::kUuid, "123e4567-e89b-12d3-a456-42661417400g");
  EXPECT_EQ(ParseValue(ValueType::kHexId, "0xDEADbeef").type, ValueType::kHexId);
  ExpectString(ValueType::kHexId, "0x");
  ExpectString(ValueType::kHexId, "beefy");
}

TEST(Value, Durations) {
  EXPECT_EQ(Integer(ValueType::kDuration, "35 ms"), 35'000'000);
  EXPECT_EQ(Integer(ValueType::kDuration, "35ms"), 35'000'000);
  EXPECT_EQ(Integer(ValueType::kDuration, "1.5s"), 1'500'000'000);
  EXPECT_EQ(Integer(ValueType::kDuration, "2m30s"), 150'000'000'000);
  EXPECT_EQ(Integer(ValueType::kDuration, "1 h 5 min"), 3'900'000'000'000);
  EXPECT_EQ(Integer(ValueType::kDuration, "-250\xC2\xB5s"), -250'000);
  EXPECT_EQ(Integer(ValueType::kDuration, "0.000000001s"), 1);
  EXPECT_EQ(Integer(ValueType::kDuration, "14 seconds"), 14'000'000'000);
  for (const char* text : {"", "35", "ms", "1.2.3s", "30s2m", "5s5s", "1 fortnight", "300000d", "1s ", "-", "1e3s",
                           "5M", "9999999999999999999999s"}) {
    ExpectString(ValueType::kDuration, text);
  }
}

TEST(Value, Sizes) {
  EXPECT_EQ(Integer(ValueType::kSize, "512 B"), 512);
  EXPECT_EQ(Integer(ValueType::kSize, "2MiB"), 2 << 20);
  EXPECT_EQ(Integer(ValueType::kSize, "1.5 GB"), 1'500'000'000);
  EXPECT_EQ(Integer(ValueType::kSize, "64K"), 65536);
  EXPECT_EQ(Integer(ValueType::kSize, "10 kB"), 10'000);
  for (const char* text : {"", "512", "GB", "1 XB", "1KB2B", "99999999999PB"}) ExpectString(ValueType::kSize, text);
}

TEST(Value, Timestamps) {
  EXPECT_EQ(Integer(ValueType::kTimestamp, "2023-01-29T11:18:29.104384446Z"), 1674991109104384446);
  ExpectString(ValueType::kTimestamp, "yesterday");
}

// Whatever the bytes: no crash, the text is kept, and the type is the one asked for or string.
TEST(Value, AnyBytesAreAValue) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const std::string_view alphabet("0123456789.-+ eEmsunhdBKMGTi:%xabcdef\0\xC2\xB5", 41);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (size_t n = random() % 24; n > 0; --n) text.push_back(alphabet[random() % alphabet.size()]);
    for (int type = 0; type <= 10; ++type) {
      const Value value = ParseValue(static_cast<ValueType>(type), text);
      ASSERT_EQ(value.text, text);
      ASSERT_TRUE(value.type == ValueType::kString || value.type == static_cast<ValueType>(type));
    }
  }
}

}  // namespace
}  // namespace whittle
