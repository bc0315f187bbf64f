#include "scan/binary_line.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace whittle {
namespace {

bool IsBinary(std::string_view line) {
  Tokenizer tokens;
  return tokens.Scan(line) && IsBinaryLine(line, tokens.masked());
}

TEST(BinaryLine, TextIsNot) {
  for (const std::string_view line : {
           std::string_view("2024-05-01 10:00:00 INFO started"),
           std::string_view("\t\t\t\tat com.example.Main.run(Main.java:17)"),
           std::string_view("\x1b[32minfo\x1b[0m: \x1b[1mready\x1b[22m \x1b[0m"),
           std::string_view("8=FIX.4.2\x01"
                            "9=65\x01"
                            "35=A\x01"
                            "49=A\x01"
                            "56=B\x01"
                            "34=1\x01"
                            "10=062\x01"),
           std::string_view("\xe6\x97\xa5\xe5\xbf\x97\xe8\xa8\x98\xe9\x8c\xb2\xe3\x81\xa7\xe3\x81\x99\xe3\x80\x82"),
           std::string_view("caf\xe9 ferm\xe9, r\xe9ouverture \xe0 midi"),
           std::string_view("\0\0\0short", 8),
           std::string_view("one bell \a in a line of words is a bell, not an archive"),
       })
    EXPECT_FALSE(IsBinary(line)) << line;
}

TEST(BinaryLine, OtherBytesAre) {
  EXPECT_TRUE(IsBinary(std::string_view("h\0e\0l\0l\0o\0 \0w\0o\0r\0l\0d\0", 22)));
  EXPECT_TRUE(IsBinary(std::string(4096, '\0')));
  std::mt19937 random(5);
  int binary = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string line(256, '\0');
    for (char& c : line) c = static_cast<char>(random());
    binary += IsBinary(line) ? 1 : 0;
  }
  EXPECT_GT(binary, 950);
}

TEST(BinaryLine, IsAPropertyOfTheSkeleton) {
  std::mt19937 random(6);
  for (int i = 0; i < 2000; ++i) {
    std::string line(64, '\0');
    for (char& c : line)
      c = random() % 3 == 0 ? static_cast<char>(random() % 40) : static_cast<char>('a' + random() % 26);
    Tokenizer tokens;
    ASSERT_TRUE(tokens.Scan(line));
    const bool binary = IsBinaryLine(line, tokens.masked());
    const uint64_t skeleton = tokens.skeleton_hash();
    std::string other;
    size_t begin = 0;
    for (const MaskedToken& token : tokens.masked()) {
      other.append(line, begin, token.begin - begin).append("9");
      begin = token.end;
    }
    other.append(line, begin);
    ASSERT_TRUE(tokens.Scan(other));
    if (tokens.skeleton_hash() == skeleton) {
      EXPECT_EQ(IsBinaryLine(other, tokens.masked()), binary) << line;
    }
  }
}

}  // namespace
}  // namespace whittle
