#include "parse/framing.h"

#include <gtest/gtest.h>

#include <random>

namespace whittle {
namespace {

std::unique_ptr<Framer> Make(const FramingOptions& options = {}) {
  auto framer = Framer::Create(options);
  EXPECT_TRUE(framer.ok()) << framer.status().message();
  return std::move(framer).value();
}

std::vector<LineBatch> Frame(std::string_view text, const FramingOptions& options = {}) {
  std::vector<LineBatch> out;
  const auto framer = Make(options);
  framer->Feed(text, &out);
  framer->Flush(&out);
  return out;
}

std::string_view Terminator(LineEnd end) { return end == LineEnd::kLf ? "\n" : end == LineEnd::kCrLf ? "\r\n" : ""; }

// Puts the source together again and checks offsets and numbers on the way.
std::string Render(const std::vector<LineBatch>& batches, uint64_t offset = 0, uint64_t line_number = 1) {
  std::string text;
  for (const LineBatch& batch : batches) {
    EXPECT_EQ(batch.first_offset, offset + text.size());
    EXPECT_EQ(batch.first_line, line_number);
    EXPECT_FALSE(batch.lines.empty());
    uint32_t next = 0;
    for (const Line& line : batch.lines) {
      EXPECT_EQ(line.begin, next);
      text.append(*batch.text, line.begin, line.size);
      text.append(Terminator(line.end));
      next = line.begin + line.size + static_cast<uint32_t>(Terminator(line.end).size());
    }
    EXPECT_EQ(next, batch.text->size());
    line_number += batch.lines.size();
  }
  return text;
}

std::vector<std::string> Lines(const std::vector<LineBatch>& batches) {
  std::vector<std::string> lines;
  for (const LineBatch& batch : batches) {
    for (const Line& line : batch.lines) {
      lines.push_back((line.record_start ? ">" : "|") + batch.text->substr(line.begin, line.size) +
                      (line.end == LineEnd::kNone ? "$" : ""));
    }
  }
  return lines;
}

TEST(FramingTest, EmptySourceYieldsNothing) { EXPECT_TRUE(Frame("").empty()); }

TEST(FramingTest, TerminatorsOfAllKinds) {
  const std::string text("a\nb\r\n\n\r\nc\rd\n\0e\n\xff\xfe\nlast", 22);
  const auto batches = Frame(text);
  EXPECT_EQ(Render(batches), text);
  EXPECT_EQ(Lines(batches),
            (std::vector<std::string>{">a", ">b", ">", ">", ">c\rd", std::string(">\0e", 3), ">\xff\xfe", ">last$"}));
}

TEST(FramingTest, MultilineModes) {
  const char* text = "2023-01-01 10:00:00 a\n  b\nc\n";
  EXPECT_EQ(Lines(Frame(text)), (std::vector<std::string>{">2023-01-01 10:00:00 a", "|  b", ">c"}));
  FramingOptions options;
  options.multiline = FramingOptions::Multiline::kNone;
  EXPECT_EQ(Lines(Frame(text, options)), (std::vector<std::string>{">2023-01-01 10:00:00 a", ">  b", ">c"}));
  options.multiline = FramingOptions::Multiline::kStartPattern;
  options.start_pattern = R"(^\d{4}-)";
  EXPECT_EQ(Lines(Frame(text, options)), (std::vector<std::string>{">2023-01-01 10:00:00 a", "|  b", "|c"}));
}

TEST(FramingTest, RefusesABadStartPattern) {
  FramingOptions options;
  options.multiline = FramingOptions::Multiline::kStartPattern;
  options.start_pattern = "(";
  const auto framer = Framer::Create(options);
  ASSERT_FALSE(framer.ok());
  EXPECT_EQ(framer.status().code(), StatusCode::kConfig);
}

TEST(FramingTest, LongLinesAreCutWithoutLoss) {
  FramingOptions options;
  options.max_line_bytes = 4;
  const std::string text = "abcd\nabcde\nabcd\r\nabcdefghij";
  const auto batches = Frame(text, options);
  EXPECT_EQ(Render(batches), text);
  EXPECT_EQ(Lines(batches),
            (std::vector<std::string>{">abcd", ">abcd$", "|e", ">abcd$", "|", ">abcd$", "|efgh$", "|ij$"}));
}

TEST(FramingTest, RecordsAreBounded) {
  FramingOptions options;
  options.max_record_lines = 3;
  EXPECT_EQ(Lines(Frame("a\n b\n c\n d\n e\n", options)), (std::vector<std::string>{">a", "| b", "| c", "> d", "| e"}));
  options = {};
  options.max_record_bytes = 6;
  EXPECT_EQ(Lines(Frame("a\n b\n c\n d\n", options)), (std::vector<std::string>{">a", "| b", "> c", "| d"}));
}

TEST(FramingTest, ResumesInTheMiddle) {
  FramingOptions options;
  options.first_offset = 1000;
  options.first_line = 11;
  options.source = 7;
  const auto batches = Frame("a\nb\n", options);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].source, 7u);
  EXPECT_EQ(Render(batches, 1000, 11), "a\nb\n");
}

TEST(FramingTest, DrainYieldsCompleteLinesOnly) {
  const auto framer = Make();
  std::vector<LineBatch> out;
  framer->Feed("a\n b\nhalf", &out);
  EXPECT_TRUE(out.empty());
  framer->Drain(&out);
  EXPECT_EQ(Lines(out), (std::vector<std::string>{">a", "| b"}));
  EXPECT_EQ(framer->next_offset(), 5u);
  framer->Feed(" way\n c\n", &out);
  framer->Flush(&out);
  EXPECT_EQ(Lines(out), (std::vector<std::string>{">a", "| b", ">half way", "| c"}));
  EXPECT_EQ(Render(out), "a\n b\nhalf way\n c\n");
}

TEST(FramingTest, HugeLineWithinLimitStaysWhole) {
  FramingOptions options;
  options.max_line_bytes = 64 << 20;
  std::string text((32 << 20), 'x');
  text += "\nnext\n";
  const auto batches = Frame(text, options);
  EXPECT_EQ(Render(batches), text);
  EXPECT_EQ(batches[0].lines[0].size, 32u << 20);
}

TEST(FramingTest, ResultDoesNotDependOnChunks) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<std::string> pieces = {"\n",
                                           "\r",
                                           "\r\n",
                                           "a",
                                           "  ",
                                           "\t",
                                           "2023-01-01 10:00:00 x",
                                           "Caused by: y",
                                           std::string(1, '\0'),
                                           "\xff",
                                           "java.lang.Exception: z",
                                           "Traceback (most recent call last):",
                                           "panic: ",
                                           "}",
                                           "longer text without much meaning"};
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (size_t n = random() % 300; n > 0; --n) text += pieces[random() % pieces.size()];
    FramingOptions options;
    options.batch_bytes = 1 + random() % 400;
    options.max_line_bytes = 1 + random() % 60;
    options.max_record_lines = 1 + random() % 8;
    options.max_record_bytes = 1 + random() % 300;
    const auto whole = Frame(text, options);
    ASSERT_EQ(Render(whole), text);
    const auto framer = Make(options);
    std::vector<LineBatch> parts;
    for (size_t at = 0; at < text.size();) {
      const size_t size = std::min<size_t>(text.size() - at, random() % 50);
      framer->Feed(std::string_view(text).substr(at, size), &parts);
      at += size;
    }
    framer->Flush(&parts);
    ASSERT_EQ(Lines(parts), Lines(whole));
    ASSERT_EQ(parts.size(), whole.size());
    for (size_t i = 0; i < parts.size(); ++i) {
      ASSERT_EQ(*parts[i].text, *whole[i].text);
      // Batches begin with a record, and reading may resume at any of them.
      ASSERT_TRUE(parts[i].lines[0].record_start);
      FramingOptions resumed = options;
      resumed.first_offset = whole[i].first_offset;
      const auto again = Frame(std::string_view(text).substr(whole[i].first_offset), resumed);
      const std::vector<LineBatch> rest(whole.begin() + static_cast<std::ptrdiff_t>(i), whole.end());
      ASSERT_EQ(Lines(again), Lines(rest));
    }
  }
}

}  // namespace
}  // namespace whittle
