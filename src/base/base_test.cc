#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/varint.h"

namespace whittle {
namespace {

TEST(Varint, RoundTripsEdges) {
  for (const uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{1} << 35, UINT64_MAX}) {
    std::string bytes;
    PutVarint(&bytes, value);
    ByteReader in(bytes);
    EXPECT_EQ(in.Varint(), value);
    EXPECT_TRUE(in.ok());
    EXPECT_EQ(in.remaining(), 0u);
  }
  for (const int64_t value : {INT64_MIN, int64_t{-1}, int64_t{0}, INT64_MAX}) EXPECT_EQ(UnZigZag(ZigZag(value)), value);
}

TEST(Varint, RefusesOverlongAndTruncated) {
  ByteReader overlong("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
  overlong.Varint();
  EXPECT_FALSE(overlong.ok());
  ByteReader truncated("\x80");
  truncated.Varint();
  EXPECT_FALSE(truncated.ok());
}

TEST(ByteReader, StaysFailedAfterTheFirstError) {
  ByteReader in("ab");
  in.U32();
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.U8(), 0);
  EXPECT_TRUE(in.Raw(1).empty());
}

TEST(Hash, HexIsFixedWidthLowerCase) {
  EXPECT_EQ(ToHex(uint64_t{0xABC}), "0000000000000abc");
  EXPECT_EQ(ToHex(Hash128{1, 2}), "00000000000000010000000000000002");
}

TEST(Hash, StreamingEqualsAtOnce) {
  StreamHash128 hash;
  hash.Update("ab");
  hash.Update("");
  hash.Update("c");
  EXPECT_EQ(hash.Digest(), HashBytes128("abc"));
}

TEST(Hash, IsTheFormatsHash) {
  // XXH3 of the empty input with seed 0, from the xxHash reference.
  EXPECT_EQ(ToHex(Hash64("")), "2d06800538d394c2");
}

}  // namespace
}  // namespace whittle
