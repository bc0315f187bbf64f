// Searching with filters and candidate rows finds what reading every line finds.
#include "query/candidate_rows.h"

#include <gtest/gtest.h>

#include <random>

#include "expr/required_words.h"
#include "format/format_testing.h"
#include "query/store_reader.h"
#include "query/test_store.h"

namespace whittle {
namespace {

std::string Hex(std::mt19937* random, size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text += "0123456789abcdef"[(*random)() % 16];
  return text;
}

std::string Line(std::mt19937* random) {
  const auto number = [&](unsigned below) { return std::to_string((*random)() % below); };
  switch ((*random)() % 12) {
    case 0:
      return "2024-05-01 10:00:0" + number(10) + "." + std::to_string(100000000 + (*random)() % 900000000) +
             " INFO stored blk_" + number(1u << 30) + " of task_" + number(100) + "_attempt_" + number(1000000);
    case 1:
      return "request " + Hex(random, 32) + " took " + number(500) + "ms";
    case 2:
      return R"({"msg":"got )" + Hex(random, 10) + R"(\nnext\t)" + Hex(random, 12) + R"( \u003c)" + Hex(random, 9) +
             R"(\u003e","id":)" + number(1u << 31) + "}";
    case 3:
      return "sequence 1000" + std::to_string(100000 + (*random)() % 500);
    case 4:
      return "user=" + Hex(random, 8) + "X" + number(100) + "/" + Hex(random, 4) + "-" + Hex(random, 12);
    case 5:
      return number(1u << 31) + Hex(random, 3) + "," + number(1u << 31) + ";" + Hex(random, 20);
    case 6:
      return R"({"log":"INFO id )" + Hex(random, 16) + R"(\n","stream":"stdout","time":"2024-05-01T10:00:00.)" +
             std::to_string(100000000 + (*random)() % 900000000) + R"(Z"})";
    case 7:
      return "checksum 0x" + Hex(random, 12) + " seen at 1714557600" + number(10);
    case 8:
      return "caf\u00e9" + Hex(random, 8) + " or \u00fc" + number(1u << 30) + "\u00fc tea";
    case 9:
      return "blk_" + number(1u << 30) + (number(2) == "0" ? "" : "_") + Hex(random, 3) + " stored";
    case 10:
      return "session " + Hex(random, 12) + number(1u << 20) + " ended";
    default:
      return "nothing to see here";
  }
}

// Words of the lines, in other case sometimes, and words that are not there.
std::vector<std::string> Words(const std::vector<TestLine>& lines, std::mt19937* random) {
  std::vector<std::string> words;
  for (int i = 0; i < 300; ++i) {
    const std::string& text = lines[(*random)() % lines.size()].text;
    const size_t begin = (*random)() % text.size();
    size_t end = begin;
    while (end < text.size() && std::isalnum(static_cast<unsigned char>(text[end])) != 0) ++end;
    std::string word = text.substr(begin, end - begin);
    if (word.empty()) continue;
    if ((*random)() % 4 == 0) {
      for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    words.push_back(word);
    const size_t cut = text.find_last_of(" =\"/,;\\", begin);
    const std::string longer =
        text.substr(cut == std::string::npos ? 0 : cut + 1, end - (cut == std::string::npos ? 0 : cut + 1));
    if (!longer.empty()) words.push_back(longer);
    if (word.size() > 3) words.push_back(word.substr(0, word.size() - 1));  // a part of one is none
    if (longer.size() > 2 && longer[0] == 'n') words.push_back(longer.substr(1));
  }
  for (int i = 0; i < 30; ++i) words.push_back(Hex(random, 16));
  return words;
}

std::vector<uint64_t> Found(StoreReader* reader, const std::string& word, bool with_words,
                            VisitStatistics* statistics) {
  Expr expr;
  expr.kind = Expr::Kind::kText;
  expr.literals.push_back({word, true, 1});
  const auto filter = Filter::Bind(expr);
  EXPECT_TRUE(filter.ok());
  const std::vector<FieldRef> none;
  VisitOptions options;
  options.filter = &*filter;
  options.order = VisitOptions::Order::kAny;
  options.demand = {&none, false};
  if (with_words) options.words = RequiredWords(expr);
  std::vector<uint64_t> lines;
  const Status status = reader->Visit(options, [&](RecordView* record) -> Result<bool> {
    lines.push_back(record->origin().line);
    return true;
  });
  EXPECT_TRUE(status.ok()) << status.message();
  *statistics = reader->statistics();
  return lines;
}

TEST(CandidateRows, FindWhatReadingEverythingFinds) {
  const unsigned seed = 41;
  SCOPED_TRACE("seed 41");
  std::mt19937 random(seed);
  TestDirectory directory;
  std::vector<TestLine> all;
  uint64_t offset = 0;
  for (int s = 0; s < 3; ++s) {
    std::vector<TestLine> lines;
    for (int i = 0; i < 400; ++i) lines.push_back({Line(&random), i == 0 || random() % 5 != 0});
    TestSegment segment;
    segment.AddRun('a', "app.log", offset, all.size() + 1, lines);
    for (const TestLine& line : lines) offset += line.text.size() + 1;
    directory.Write(std::to_string(s) + ".wseg", segment.Encode());
    all.insert(all.end(), lines.begin(), lines.end());
  }
  auto reader = StoreReader::Open(&directory.env, "/d");
  ASSERT_TRUE(reader.ok());
  uint64_t read_with = 0, read_without = 0;
  for (const std::string& word : Words(all, &random)) {
    VisitStatistics with, without;
    const auto expected = Found(reader->get(), word, false, &without);
    EXPECT_EQ(Found(reader->get(), word, true, &with), expected) << word;
    if (!IsFilterWord(word)) continue;
    read_with += with.records_read;
    read_without += without.records_read;
  }
  EXPECT_LT(read_with * 10, read_without);
}

// Rows of shapes that share a column, each with another neighbour of the same value.
TEST(CandidateRows, AreCertainOnlyWhereTheWordStandsAlone) {
  struct Case {
    std::vector<std::pair<std::string, std::vector<std::string>>> rows;  // form and values
    std::vector<bool> certain;                                           // of the rows that have session77001
  };
  const std::vector<std::string> value = {"session77001"}, longer = {"session770012"};
  const std::vector<Case> cases = {
      {{{"got % now", value}, {"got % now", longer}}, {true, false}},
      {{{"got a,% now", value}, {"got x% now", longer}}, {true, false}},
      {{{"got session% now", {"77001"}}, {"got session% now", {"770012"}}}, {true, false}},
      {{{"got \u00fc% now", value}}, {false}},
      {{{"got %\u00fc now", value}}, {false}},
      {{{"got %0 now", value}, {"got %0\u00fc now", value}}, {false, false}},
      {{{"got %0 now", value}, {"got %0_b now", value}}, {false, false}},
      {{{"got %0 now", value}, {"got %0%1 now", {"session77001", "9"}}}, {true, false}},
      {{{"got session77001 now %", {"1"}}}, {false}},  // constant text: all its rows are read
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(i);
    whittle::testing::SegmentMaker maker;
    for (const auto& [form, values] : cases[i].rows) maker.Row(form, values);
    const auto bytes = EncodeSegment(maker.Finish(), EncodeOptions{});
    ASSERT_TRUE(bytes.ok());
    auto reader = SegmentReader::Open(std::make_shared<MemorySource>(*bytes));
    ASSERT_TRUE(reader.ok());
    const auto rows = SegmentRows::Load(std::move(*reader));
    ASSERT_TRUE(rows.ok());
    const auto filter =
        SegmentFilter::Decode(SegmentFilter::Build(maker.input(), 1000), (*rows)->footer().column_count);
    ASSERT_TRUE(filter.has_value());
    const auto found = FindCandidateRows(**rows, *filter, "session77001");
    ASSERT_TRUE(found.ok() && found->has_value());
    EXPECT_EQ((*found)->rows.size(), cases[i].rows.size());
    EXPECT_EQ((*found)->certain, cases[i].certain);
  }
}

// Columns that hold the same ids share their texts, which are searched once for all of them.
TEST(CandidateRows, AreFoundInColumnsThatShareTheirTexts) {
  whittle::testing::SegmentMaker maker;
  const auto id = [](int i) { return "task_" + std::to_string(770000 + i * 7919 % 100000) + "x"; };
  for (int i = 0; i < 400; ++i) {
    maker.Row("began % now", {id(i)});
    maker.Row("ended % at last", {id(i)});
    maker.Row("took %", {std::to_string(i)});
  }
  const auto bytes = EncodeSegment(maker.Finish(), EncodeOptions{});
  ASSERT_TRUE(bytes.ok());
  const auto filter = SegmentFilter::Decode(SegmentFilter::Build(maker.input(), 1000), maker.input().columns.size());
  ASSERT_TRUE(filter.has_value());
  for (const int i : {0, 1, 200, 399}) {
    auto reader = SegmentReader::Open(std::make_shared<MemorySource>(*bytes));
    ASSERT_TRUE(reader.ok());
    ASSERT_TRUE((*reader)->GroupOf(0).has_value()) << "no group: this tests nothing";
    ASSERT_EQ((*reader)->GroupOf(0), (*reader)->GroupOf(1));
    const auto rows = SegmentRows::Load(std::move(*reader));
    ASSERT_TRUE(rows.ok());
    const auto found = FindCandidateRows(**rows, *filter, id(i));
    ASSERT_TRUE(found.ok() && found->has_value());
    const auto first = static_cast<uint32_t>(3 * i);
    EXPECT_EQ((*found)->rows, (std::vector<uint32_t>{first, first + 1}));
    EXPECT_EQ((*found)->certain, (std::vector<bool>{true, true}));
    // What was decoded to be searched serves who loads the columns.
    for (const uint32_t column : {0u, 1u}) {
      const auto loaded = (*rows)->reader().LoadColumn(column);
      ASSERT_TRUE(loaded.ok());
      ASSERT_EQ(loaded->values.size(), 400u);
      EXPECT_EQ(loaded->values.texts()[loaded->values.TextIndex(static_cast<size_t>(i))], id(i));
    }
  }
}

TEST(CandidateRows, AbsentWordsLeaveSegmentsUnread) {
  std::mt19937 random(43);
  TestDirectory directory;
  std::vector<TestLine> lines;
  for (int i = 0; i < 500; ++i) lines.push_back({"request " + Hex(&random, 32) + " done"});
  TestSegment segment;
  segment.AddRun('a', "app.log", 0, 1, lines);
  directory.Write("0.wseg", segment.Encode());
  auto reader = StoreReader::Open(&directory.env, "/d");
  ASSERT_TRUE(reader.ok());
  size_t read = 0;
  for (int i = 0; i < 200; ++i) {
    VisitStatistics statistics;
    EXPECT_TRUE(Found(reader->get(), "a1" + Hex(&random, 30), true, &statistics).empty());
    read += statistics.segments_read;
  }
  EXPECT_LT(read, 20u);  // one in 256 by chance
}

}  // namespace
}  // namespace whittle
