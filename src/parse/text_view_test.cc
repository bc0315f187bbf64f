#include "parse/text_view.h"

#include <gtest/gtest.h>

#include <random>

#include "event/shape.h"

namespace whittle {
namespace {

TEST(TextViewTest, MapsOffsetsBackThroughTwoLevels) {
  const std::string line = R"({"log":"{\"m\":\"a\\tb \\\"c\\\"\"}\n"})";
  const TextView whole(line);
  const size_t begin = line.find("{\\\""), end = line.rfind("\\n");
  const TextView log = whole.Sub(begin, end, true);
  EXPECT_EQ(log.text(), R"({"m":"a\tb \"c\""})");
  EXPECT_EQ(log.level(), 1);
  const size_t value = log.text().find("a\\t");
  const TextView message = log.Sub(value, log.text().size() - 2, true);
  EXPECT_EQ(message.text(), "a\tb \"c\"");
  EXPECT_EQ(message.level(), 2);
  for (size_t from = 0; from < message.text().size(); ++from) {
    const uint32_t raw_begin = message.Raw(from), raw_end = message.Raw(message.text().size());
    EXPECT_EQ(Unescape(std::string_view(line).substr(raw_begin, raw_end - raw_begin), 2), message.text().substr(from))
        << from;
  }
}

TEST(TextViewTest, AgreesWithUnescape) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const char* pieces[] = {"\\",  "\"", "\\\"", "\\n", "\\u00e9", "\\ud83d\\ude00", "\\ud83d", "\\u12",
                          "\\x", "a",  "bc",   " ",   "\\\\",    "\\u0000",        "\xff"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (size_t n = random() % 12; n > 0; --n) text += pieces[random() % std::size(pieces)];
    const TextView view = TextView(text).Sub(0, text.size(), true);
    ASSERT_EQ(view.text(), Unescape(text, 1)) << text;
    ASSERT_EQ(view.Raw(view.text().size()), text.size());
    const TextView again = view.Sub(0, view.text().size(), true);
    ASSERT_EQ(again.text(), Unescape(text, 2)) << text;
  }
}

}  // namespace
}  // namespace whittle
