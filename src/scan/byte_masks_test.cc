#include "scan/byte_masks.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "scan/tokenizer.h"

namespace whittle {
namespace {

void ExpectSame(const std::string& line) {
  ByteMasks fast, slow;
  fast.Build(line);
  slow.Build(line, ByteMasks::Engine::kScalar);
  for (size_t i = 0; i < line.size(); ++i) {
    ASSERT_EQ(fast.IsDelimiter(i), slow.IsDelimiter(i)) << "byte " << i;
    ASSERT_EQ(fast.classes()[i], slow.classes()[i]) << "byte " << i;
    const size_t size = std::min<size_t>(i % 20, line.size() - i);
    uint8_t together = 0;
    for (size_t k = 0; k < size; ++k) together |= ClassOfByte(line[i + k]);
    ASSERT_EQ(fast.ClassesOf(i, size), together) << "byte " << i;
    ASSERT_EQ(fast.NextDelimiter(i), slow.NextDelimiter(i));
    ASSERT_EQ(fast.NextNonDelimiter(i), slow.NextNonDelimiter(i));
    ASSERT_EQ(fast.NextMark(i), slow.NextMark(i));
    size_t mark = i;
    const auto is_mark = [&](size_t k) {
      return !slow.IsDelimiter(k) && (ClassOfByte(line[k]) & (kDigitByte | kSlashOrAtByte)) != 0;
    };
    while (mark < line.size() && !is_mark(mark)) ++mark;
    ASSERT_EQ(fast.NextMark(i), mark) << "byte " << i;
    if (slow.IsDelimiter(i)) continue;
    size_t begin = i;
    while (begin > 0 && !slow.IsDelimiter(begin - 1)) --begin;
    ASSERT_EQ(fast.TokenBegin(i), begin) << "byte " << i;
  }
}

TEST(ByteMasks, FastEqualsScalarOnEveryByteAtEveryPlace) {
  for (int c = 0; c < 256; ++c) {
    for (const size_t at : {0, 31, 32, 63, 64, 99}) {
      std::string line(100, 'x');
      line[at] = static_cast<char>(c);
      ExpectSame(line);
      ByteMasks masks;
      masks.Build(line);
      EXPECT_EQ(masks.IsDelimiter(at), IsDelimiter(static_cast<unsigned char>(c))) << c;
    }
  }
}

TEST(ByteMasks, FastEqualsScalarOnRandomLines) {
  std::mt19937 random(11);
  SCOPED_TRACE("seed 11");
  for (int round = 0; round < 2000; ++round) {
    std::string line(random() % 300, ' ');
    for (char& c : line) c = random() % 4 == 0 ? "\\\"nrt/@ 0"[random() % 9] : static_cast<char>(random());
    ExpectSame(line);
  }
}

TEST(ByteMasks, ColoursAfterAnyNumberOfBackslashes) {
  for (size_t backslashes = 1; backslashes <= 200; ++backslashes) {
    const std::string line = "a" + std::string(backslashes, '\\') + "u001b[31mred";
    ByteMasks masks;
    masks.Build(line);
    EXPECT_TRUE(masks.IsDelimiter(backslashes + 7)) << backslashes << " backslashes";
    EXPECT_FALSE(masks.IsDelimiter(line.size() - 1));
    EXPECT_EQ(masks.NextMark(0), line.size()) << "the digits of a colour are no value";
  }
}

TEST(ByteMasks, TwoHashesPartValues) {
  for (const auto engine : {ByteMasks::Engine::kBest, ByteMasks::Engine::kScalar}) {
    ByteMasks masks;
    masks.Build("n=17##230 a#1 ###", engine);
    std::string shown;
    for (size_t i = 0; i < 17; ++i) shown += masks.IsDelimiter(i) ? 'd' : '.';
    EXPECT_EQ(shown, ".d..dd...d...dddd");
  }
}

TEST(ByteMasks, LongRunsOfEscapesAreLinear) {
  std::string line;
  for (size_t i = 0; i < kMaxScanBytes / 2; ++i) line += "\\n";
  ByteMasks masks;
  for (int round = 0; round < 100; ++round) masks.Build(line);  // quadratic work would take minutes
  EXPECT_FALSE(masks.IsDelimiter(0));
  line.back() = '"';
  masks.Build(line);
  EXPECT_TRUE(masks.IsDelimiter(0));
  line.assign(kMaxScanBytes, '\\');
  line.back() = 'u';
  for (int round = 0; round < 100; ++round) masks.Build(line);
  EXPECT_FALSE(masks.IsDelimiter(0));
}

}  // namespace
}  // namespace whittle
