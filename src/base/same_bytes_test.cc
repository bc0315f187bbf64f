#include "base/same_bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace whittle {
namespace {

TEST(SameBytes, SeesAnyOneByteThatDiffersAtAnyLength) {
  for (size_t size = 0; size < 40; ++size) {
    const std::string text(size, 'x');
    EXPECT_TRUE(SameText(text, std::string(size, 'x'))) << size;
    EXPECT_FALSE(SameText(text, text + "x")) << size;
    for (size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] = '\0';
      EXPECT_FALSE(SameText(text, other)) << size << " bytes, byte " << i;
    }
  }
}

TEST(SameBytes, LooksAtNothingBeyond) {
  const std::string a = "12345678abc", b = "12345678xyz";
  for (size_t size = 0; size <= 8; ++size) EXPECT_TRUE(SameBytes(a.data(), b.data(), size)) << size;
}

}  // namespace
}  // namespace whittle
