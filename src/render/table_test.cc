#include "render/table.h"

#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "render/display_width.h"

namespace whittle {
namespace {

TEST(Table, AlignsColumns) {
  Table table({{"name"}, {"count", true}});
  table.AddRow({"a", "1"});
  table.AddRow({"\xE6\x97\xA5\xE6\x9C\xAC", "12345"});
  EXPECT_EQ(table.Render(),
            "name  count\n"
            "----  -----\n"
            "a         1\n"
            "\xE6\x97\xA5\xE6\x9C\xAC  12345\n");
}

TEST(Table, CutsTheWidestTextToFit) {
  Table table({{"id"}, {"text"}, {"n", true}});
  table.AddRow({"abc", std::string(50, 'x'), "123456"});
  EXPECT_EQ(table.Render(30),
            "id   text                    n\n"
            "---  -----------------  ------\n"
            "abc  xxxxxxxxxxxxxxxx\xE2\x80\xA6  123456\n");
}

TEST(Table, OneLongCellDoesNotWidenEveryLine) {
  Table table({{"text"}, {"n"}});
  table.AddRow({std::string(5000, 'x'), "1"});
  table.AddRow({"short", "2"});
  EXPECT_EQ(table.Render(), "text" + std::string(158, ' ') + "n\n" + std::string(160, '-') + "  -\n" +
                                std::string(5000, 'x') + "  1\n" + "short" + std::string(157, ' ') + "2\n");
}

TEST(Table, LinesFitOrNothingMoreCanBeCut) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    Table table({{"a"}, {"b"}, {"c"}});
    for (int row = 0; row < 3; ++row) {
      std::vector<std::string> cells(3);
      for (auto& cell : cells) {
        for (size_t n = random() % 40; n > 0; --n) cell += random() % 4 == 0 ? "\xE6\x97\xA5" : "x";
      }
      table.AddRow(cells);
    }
    const size_t width = 28 + random() % 60;  // three columns of 8 and two gaps always fit
    std::istringstream lines(table.Render(width));
    for (std::string line; std::getline(lines, line);) ASSERT_LE(DisplayWidth(line), width) << line;
  }
}

TEST(DisplayText, NothingATerminalWouldObey) {
  EXPECT_EQ(DisplayText("a\x1b[31m\n\t\"\\\xff\xC2\x9B"), "a\\x1b[31m\\n\\t\"\\\xEF\xBF\xBD\\x9b");
  EXPECT_EQ(DisplayText("plain"), "plain");
  EXPECT_EQ(DisplayText(""), "");
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("\xC3\xA9"), 1u);
  EXPECT_EQ(DisplayWidth("e\xCC\x81"), 1u);
  EXPECT_EQ(DisplayWidth("\xF0\x9F\x98\x80"), 2u);
  EXPECT_EQ(FitWidth("abcdef", 4), "abc\xE2\x80\xA6");
  EXPECT_EQ(FitWidth("\xE6\x97\xA5\xE6\x9C\xAC", 3), "\xE6\x97\xA5\xE2\x80\xA6");
  EXPECT_EQ(FitWidth("abc", 3), "abc");
}

TEST(Csv, QuotesWhatNeedsIt) {
  std::string out;
  AppendCsvRow({"a", "b,c", "say \"hi\"", "two\nlines", ""}, &out);
  EXPECT_EQ(out, "a,\"b,c\",\"say \"\"hi\"\"\",\"two\nlines\",\n");
}

}  // namespace
}  // namespace whittle
