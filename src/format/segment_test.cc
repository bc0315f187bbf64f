// Round trips, damage and versions of whole segments: segment_writer, segment_reader, raw_cursor and footer together.
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "format/format_testing.h"
#include "format/limits.h"
#include "format/raw_cursor.h"
#include "format/segment_reader.h"
#include "format/segment_writer.h"
#include "scan/time_layout.h"

namespace whittle {
namespace {

std::unique_ptr<SegmentReader> MustOpen(const std::string& bytes) {
  auto reader = SegmentReader::Open(std::make_shared<MemorySource>(bytes));
  EXPECT_TRUE(reader.ok()) << reader.status().message();
  return reader.ok() ? std::move(*reader) : nullptr;
}

std::string MustEncode(const SegmentInput& input, const EncodeOptions& options = {}) {
  Result<std::string> bytes = EncodeSegment(input, options);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return bytes.ok() ? *bytes : "";
}

std::string MustRender(const SegmentReader& reader) {
  std::string text;
  Result<RawCursor> cursor = RawCursor::Open(reader);
  EXPECT_TRUE(cursor.ok()) << cursor.status().message();
  if (cursor.ok()) cursor->AppendRows(SIZE_MAX / 2, &text);
  return text;
}

// Reads everything there is to read, in any state of damage; answers whether all of it was fine.
bool ReadAll(const std::string& bytes, std::string* text) {
  auto reader = SegmentReader::Open(std::make_shared<MemorySource>(bytes));
  if (!reader.ok()) return false;
  bool fine = true;
  for (const SectionInfo& section : (*reader)->footer().sections) fine &= (*reader)->LoadSection(section.id).ok();
  fine &= (*reader)->LoadStream(StreamId::kTimeResidual).ok() || !(*reader)->HasStream(StreamId::kTimeResidual);
  Result<RawCursor> cursor = RawCursor::Open(**reader);
  if (!cursor.ok()) return false;
  cursor->AppendRows(SIZE_MAX / 2, text);
  return fine;
}

void ExpectSame(const SegmentInput& input, const std::string& text, const SegmentReader& reader) {
  EXPECT_EQ(MustRender(reader), text);
  EXPECT_EQ(reader.footer().text_bytes, text.size());
  EXPECT_EQ(reader.footer().rows, input.row_shape.size());
  const auto rows = reader.LoadRows();
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->row_shape, input.row_shape);
  EXPECT_EQ(rows->row_flags, input.row_flags);
  for (uint32_t c = 0; c < input.columns.size(); ++c) {
    const auto column = reader.LoadColumn(c);
    ASSERT_TRUE(column.ok()) << column.status().message();
    ASSERT_EQ(column->values.size(), input.columns[c].values.size());
    for (size_t i = 0; i < column->values.size(); ++i) ASSERT_EQ(column->values[i], input.columns[c].values[i]);
  }
  const auto shapes = reader.Shapes();
  ASSERT_TRUE(shapes.ok());
  ASSERT_EQ((*shapes)->size(), input.shapes.size());
  for (size_t s = 0; s < input.shapes.size(); ++s) {
    EXPECT_EQ((**shapes)[s].shape->id, input.shapes[s].shape->id);
    EXPECT_EQ((**shapes)[s].columns, input.shapes[s].columns);
  }
  EXPECT_TRUE(reader.VerifyChecksums().empty());
}

TEST(Segment, RoundTripsRandomSegments) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    testing::SegmentMaker maker;
    testing::FillRandom(random(), round < 3 ? static_cast<size_t>(round) : random() % 3000, &maker);
    const SegmentInput& input = maker.Finish();
    EncodeOptions options;
    options.max_effort = round % 10 == 0;
    const auto reader = MustOpen(MustEncode(input, options));
    ASSERT_NE(reader, nullptr);
    ExpectSame(input, maker.text(), *reader);
    if (::testing::Test::HasFailure()) break;
  }
}

// Messages may be empty and have no line end, so their rows are nothing: every stretch of rows is compared and copied
// all the same, wherever it ends.
TEST(Segment, RowsMayBeEmpty) {
  constexpr size_t kLargerThanBuffer = 70'000;
  const std::vector<std::string> values = {"", "a", "", "", std::string(kLargerThanBuffer, 'x'), "", "b", "", ""};
  testing::SegmentMaker maker;
  for (const std::string& value : values) maker.Row("%", {value}, LineEnd::kNone);
  const auto reader = MustOpen(MustEncode(maker.Finish()));
  ASSERT_NE(reader, nullptr);
  Result<RawCursor> cursor = RawCursor::Open(*reader);
  ASSERT_TRUE(cursor.ok()) << cursor.status().message();
  for (size_t begin = 0; begin < values.size(); ++begin) {
    std::string expected;
    for (size_t end = begin; end <= values.size(); ++end) {
      SCOPED_TRACE(std::to_string(begin) + " to " + std::to_string(end));
      RawCursor compared = cursor->At(begin);
      EXPECT_TRUE(compared.RowsAre(expected, end));
      EXPECT_EQ(end, compared.next_row());
      EXPECT_FALSE(cursor->At(begin).RowsAre(expected + "y", end));
      RawCursor copied = cursor->At(begin);
      std::string text;
      while (copied.next_row() < end) copied.AppendRows(1, &text, end);
      EXPECT_EQ(expected, text);
      if (end < values.size()) expected += values[end];
    }
  }
}

TEST(Segment, KeepsSourcesRunsStreamsAndSections) {
  testing::SegmentMaker maker;
  for (int i = 0; i < 100; ++i) maker.Row("n %", {std::to_string(i)});
  SegmentInput& input = maker.Finish();
  input.streams.push_back({StreamId::kTimeResidual, std::vector<int64_t>(100, 3600)});
  input.streams.push_back({StreamId::kGapBytes, {}});
  input.streams.back().values.assign(100, 0);
  input.streams.back().values[50] = 12345;
  input.sections.push_back({1, false, "strata"});
  input.sections.push_back({40000, false, std::string("\0\1", 2)});
  input.sections.push_back({3, true, ""});
  input.row_groups = {{40, 7, 1700000000000000000}, {50, kNoTime, kNoTime}, {10, -5, 3}};
  const auto reader = MustOpen(MustEncode(input));
  ASSERT_NE(reader, nullptr);
  const SegmentFooter& footer = reader->footer();
  EXPECT_EQ(footer.min_time_ns, -5);
  EXPECT_EQ(footer.max_time_ns, 1700000000000000000);
  EXPECT_EQ(footer.records, 100u);
  ASSERT_EQ(footer.row_groups.size(), 3u);
  EXPECT_EQ(footer.row_groups[1].min_time_ns, kNoTime);
  EXPECT_EQ(footer.row_groups[2].rows, 10u);
  EXPECT_EQ(footer.row_groups[2].max_time_ns, 3);
  ASSERT_EQ(footer.sources.size(), 1u);
  EXPECT_EQ(footer.sources[0].name, "app.log");
  ASSERT_EQ(footer.sources[0].attributes.size(), 1u);
  EXPECT_EQ(footer.sources[0].attributes[0].value.text, "app");
  ASSERT_EQ(footer.runs.size(), 1u);
  EXPECT_EQ(footer.runs[0].end_offset, maker.text().size());
  EXPECT_EQ(*reader->LoadStream(StreamId::kTimeResidual), std::vector<int64_t>(100, 3600));
  EXPECT_EQ(*reader->LoadStream(StreamId::kGapBytes), input.streams[1].values);
  EXPECT_FALSE(reader->HasStream(StreamId::kStratum));
  EXPECT_EQ(reader->LoadStream(StreamId::kStratum).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(*reader->LoadSection(1), "strata");
  EXPECT_EQ(*reader->LoadSection(40000), std::string("\0\1", 2));
  EXPECT_EQ(*reader->LoadSection(3), "");
  EXPECT_EQ(reader->LoadSection(2).status().code(), StatusCode::kNotFound);
}

TEST(Segment, OpeningReadsOnlyTheFooterAndAColumnOnlyItsFrames) {
  testing::SegmentMaker maker;
  std::mt19937_64 random(5);
  for (int i = 0; i < 20000; ++i) {
    maker.Row("%0 %1", {testing::RandomValue(5, 0, &random), std::to_string(i)});
  }
  const std::string bytes = MustEncode(maker.Finish());
  const auto reader = MustOpen(bytes);
  ASSERT_NE(reader, nullptr);
  EXPECT_FALSE(reader->HasStream(StreamId::kIncomingRate));
  EXPECT_EQ(reader->bytes_read(), 0u);
  ASSERT_TRUE(reader->LoadColumn(1).ok());
  EXPECT_LT(reader->bytes_read(), bytes.size() / 10);
  EXPECT_EQ(reader->LoadColumn(9).status().code(), StatusCode::kUsage);
}

TEST(Segment, StreamsOfTheFooterAreThoseOfTheDirectory) {
  testing::SegmentMaker maker;
  maker.Row("n %", {"1"});
  SegmentInput& input = maker.Finish();
  input.streams.push_back({StreamId::kTimeResidual, {5}});
  const std::string bytes = MustEncode(input);
  SegmentFooter footer = MustOpen(bytes)->footer();
  ASSERT_TRUE(footer.streams);
  EXPECT_EQ(*footer.streams, std::vector<uint16_t>{static_cast<uint16_t>(StreamId::kTimeResidual)});
  footer.streams->clear();
  const size_t frames_end = footer.frames.back().offset + footer.frames.back().stored_size;
  const auto reader = MustOpen(bytes.substr(0, frames_end) + *EncodeFooter(footer, frames_end));
  ASSERT_NE(reader, nullptr);
  EXPECT_EQ(reader->LoadColumn(0).status().code(), StatusCode::kCorrupt);
}

// They would cost time, and there could be any number of them.
TEST(Segment, RowGroupsWithoutRowsAreRefused) {
  testing::SegmentMaker maker;
  maker.Row("n %", {"1"});
  const std::string bytes = MustEncode(maker.Finish());
  SegmentFooter footer = MustOpen(bytes)->footer();
  footer.row_groups.insert(footer.row_groups.begin(), RowGroupInfo{});
  const size_t frames_end = footer.frames.back().offset + footer.frames.back().stored_size;
  const std::string file = bytes.substr(0, frames_end) + *EncodeFooter(footer, frames_end);
  EXPECT_EQ(SegmentReader::Open(std::make_shared<MemorySource>(file)).status().code(), StatusCode::kCorrupt);
}

TEST(Segment, ThreadsDoNotChangeTheBytes) {
  testing::SegmentMaker maker;
  testing::FillRandom(11, 4000, &maker);
  const SegmentInput& input = maker.Finish();
  EncodeOptions parallel;
  parallel.parallel_for = [](size_t n, const std::function<void(size_t)>& body) {
    std::vector<std::thread> threads;
    for (size_t t = 0; t < 3; ++t) {
      threads.emplace_back([&, t] {
        for (size_t i = t; i < n; i += 3) body(i);
      });
    }
    for (std::thread& thread : threads) thread.join();
  };
  EXPECT_TRUE(MustEncode(input) == MustEncode(input, parallel));
}

TEST(Segment, EveryFlippedByteIsFoundAndHarmless) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  testing::SegmentMaker maker;
  testing::FillRandom(random(), 120, &maker);
  SegmentInput& input = maker.Finish();
  input.sections.push_back({1, false, "a section"});
  input.streams.push_back({StreamId::kTimeResidual, std::vector<int64_t>(120, 5)});
  const std::string bytes = MustEncode(input);
  ASSERT_TRUE(VerifyChecksums(std::make_shared<MemorySource>(bytes)).empty());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] ^= static_cast<char>(1 + random() % 255);
    EXPECT_FALSE(VerifyChecksums(std::make_shared<MemorySource>(damaged)).empty()) << "byte " << i;
    std::string text;
    if (ReadAll(damaged, &text)) {
      EXPECT_EQ(text, maker.text()) << "byte " << i;
    }
  }
}

TEST(Segment, EveryTruncationIsRefused) {
  testing::SegmentMaker maker;
  testing::FillRandom(17, 60, &maker);
  const std::string bytes = MustEncode(maker.Finish());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto reader = SegmentReader::Open(std::make_shared<MemorySource>(bytes.substr(0, size)));
    EXPECT_FALSE(reader.ok()) << size;
  }
  EXPECT_FALSE(SegmentReader::Open(std::make_shared<MemorySource>(bytes + "x")).ok());
}

TEST(Segment, RefusesOtherVersionsAndRequiredUnknowns) {
  testing::SegmentMaker maker;
  maker.Row("x", {});
  SegmentInput& input = maker.Finish();
  std::string newer = MustEncode(input);
  newer[8] = 2;
  EXPECT_EQ(SegmentReader::Open(std::make_shared<MemorySource>(newer)).status().code(), StatusCode::kUnsupported);
  input.sections.push_back({60000, true, "must know"});
  EXPECT_EQ(SegmentReader::Open(std::make_shared<MemorySource>(MustEncode(input))).status().code(),
            StatusCode::kUnsupported);
  // A required feature bit, with checksums that fit.
  SegmentFooter footer;
  footer.required_features = uint64_t{1} << 63;
  footer.row_groups.push_back({});
  const std::string header = EncodeSegmentHeader();
  const auto tail = EncodeFooter(footer, header.size());
  ASSERT_TRUE(tail.ok());
  EXPECT_EQ(SegmentReader::Open(std::make_shared<MemorySource>(header + *tail)).status().code(),
            StatusCode::kUnsupported);
}

TEST(Segment, RefusesInputThatContradictsItself) {
  testing::SegmentMaker maker;
  maker.Row("n %", {"1"});
  const SegmentInput good = maker.Finish();
  const auto code = [](const SegmentInput& input) { return EncodeSegment(input, {}).status().code(); };
  SegmentInput bad = good;
  bad.columns[0].values.clear();
  EXPECT_EQ(code(bad), StatusCode::kData);
  bad = good;
  bad.row_shape[0] = 7;
  EXPECT_EQ(code(bad), StatusCode::kData);
  bad = good;
  bad.row_groups = {{2, 0, 0}};
  EXPECT_EQ(code(bad), StatusCode::kData);
  bad = good;
  bad.runs[0].row_count = 2;
  EXPECT_EQ(code(bad), StatusCode::kData);
  bad = good;
  bad.row_flags.push_back(1);
  EXPECT_EQ(code(bad), StatusCode::kData);
  bad = good;
  bad.shapes[0].columns[0] = 5;
  EXPECT_EQ(code(bad), StatusCode::kData);
}

TEST(Segment, EmptySegmentCarriesOnlySections) {
  SegmentInput input;
  input.sections.push_back({3, true, "ledger only"});
  const auto reader = MustOpen(MustEncode(input));
  ASSERT_NE(reader, nullptr);
  EXPECT_EQ(MustRender(*reader), "");
  EXPECT_EQ(*reader->LoadSection(3), "ledger only");
  EXPECT_TRUE(reader->VerifyChecksums().empty());
}

TEST(Segment, ManyTinyColumnsCostAFewBytesEach) {
  testing::SegmentMaker maker;
  for (int form = 0; form < 3000; ++form) {
    for (int i = 0; i < 2; ++i) maker.Row("form" + std::to_string(form) + " %", {std::to_string(form * 3 + i * 17)});
  }
  const std::string bytes = MustEncode(maker.Finish());
  EXPECT_LT(bytes.size(), 3000u * 14);
  EXPECT_EQ(MustRender(*MustOpen(bytes)), maker.text());
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// One of everything: shared and own columns, groups, patterns, numbers, hex, all line ends, sections and a stream.
void FillGolden(testing::SegmentMaker* maker) {
  const auto digits = [](int v, int width) {
    const std::string text = std::to_string(v);
    return std::string(static_cast<size_t>(width) - text.size(), '0') + text;
  };
  for (int i = 0; i < 240; ++i) {
    const std::string time =
        "2015-10-18 18:" + digits(i / 60, 2) + ":" + digits(i % 60, 2) + "," + digits(i * 37 % 1000, 3);
    const std::string block = "blk_-" + std::to_string(1608999687919862906 + (i / 2) * 7919LL * 1000003);
    const std::string trace = digits(i * 48271 % 99991, 8) + "cafe0123";
    maker->Row("%0 INFO Received block % of size % from %",
               {time, block, std::to_string(67108864 - i), "/10.251.43.21:" + std::to_string(50010 + i % 7)});
    maker->Row("%0 INFO Deleting block % took % ms", {time, block, std::to_string(i) + "." + digits(i * 7 % 100, 2)},
               i % 40 == 0 ? LineEnd::kCrLf : LineEnd::kLf);
    maker->Row("%0 WARN trace=% state=%", {time, trace, i % 3 ? "open" : "closed"});
    if (i % 16 == 0) maker->Row("\tat com.example.Main.run(Main.java:%)", {std::to_string(i)}, LineEnd::kLf, false);
  }
  maker->Row("no end", {}, LineEnd::kNone);
  SegmentInput& input = maker->Finish();
  input.columns[0].time_layout = MatchTime("2015-10-18 18:01:47,978")->layout;
  uint64_t records = 0;
  for (const uint8_t flags : input.row_flags) records += flags & 1;
  input.streams.push_back({StreamId::kTimeResidual, std::vector<int64_t>(records, -7200000000000)});
  input.sections.push_back({3, false, "golden ledger"});
  input.row_groups = {{input.row_shape.size(), 1445184000000000000, 1445184239843000000}};
}

TEST(Segment, ConstantColumnsComeBackWhateverIsInThem) {
  testing::SegmentMaker maker;
  const std::vector<std::string> texts = {"", "one", std::string("a\0b", 3), std::string(1, '\0'),
                                          std::string(300, 'x')};
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string form = "form " + std::string(1, static_cast<char>('a' + i)) + " % of many %";
    for (size_t row = 0; row <= i; ++row) maker.Row(form, {texts[i], texts[(i + row) % texts.size()]});
  }
  const auto reader = MustOpen(MustEncode(maker.Finish()));
  for (uint32_t column = 0; column < maker.input().columns.size(); ++column) {
    const auto loaded = reader->LoadColumn(column);
    ASSERT_TRUE(loaded.ok());
    const std::vector<std::string_view>& expected = maker.input().columns[column].values;
    ASSERT_EQ(loaded->values.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(loaded->values.texts()[loaded->values.TextIndex(i)], expected[i]) << column;
    }
  }
}

TEST(Segment, OnlyLargeOnesHaveAFilter) {
  testing::SegmentMaker maker;
  for (int i = 0; i < 300; ++i) maker.Row("session % began", {"session" + std::to_string(77000 + i)});
  const SegmentInput& input = maker.Finish();
  const auto has_filter = [&](uint64_t from) {
    EncodeOptions options;
    options.filter_from_bytes = from;
    const auto reader = SegmentReader::Open(std::make_shared<MemorySource>(MustEncode(input, options)));
    return (*reader)->LoadSection(static_cast<uint16_t>(SectionId::kFilters)).ok();
  };
  uint64_t text = 0;
  for (int i = 0; i < 300; ++i) text += std::string("session session77000 began\n").size();
  EXPECT_TRUE(has_filter(0));
  EXPECT_TRUE(has_filter(text));
  EXPECT_FALSE(has_filter(text + 1));
}

// The bytes of the worked example in docs/segment-format.md: lines of an offset, four digits long, and hex bytes.
std::string WorkedExample() {
  std::ifstream file(std::string(WHITTLE_SOURCE_DIR) + "/docs/segment-format.md");
  std::string line, bytes;
  bool inside = false;
  while (std::getline(file, line)) {
    inside = inside || line.starts_with("The whole file, ");
    if (!inside || line.find("  ") != 4) continue;
    std::istringstream pairs(line.substr(4, line.find("   ") - 4));
    for (std::string pair; pairs >> pair;) bytes.push_back(static_cast<char>(std::stoi(pair, nullptr, 16)));
  }
  return bytes;
}

TEST(Segment, WorkedExampleIsWhatIsWritten) {
  testing::SegmentMaker maker;
  for (int i = 1; i <= 3; ++i) maker.Row("ok %", {std::to_string(i)});
  const std::string written = MustEncode(maker.Finish());
  if (const char* path = std::getenv("WHITTLE_DUMP_EXAMPLE")) std::ofstream(path, std::ios::binary) << written;
  EXPECT_EQ(WorkedExample(), written);
}

// The golden file of every version of the format stays readable. To write the one of a new version, set
// WHITTLE_UPDATE_GOLDEN and commit tests/golden/segment-<major>.<minor>.wseg; the others never change.
TEST(Segment, GoldenFilesStayReadable) {
  testing::SegmentMaker maker;
  FillGolden(&maker);
  const std::string folder = std::string(WHITTLE_SOURCE_DIR) + "/tests/golden/";
  for (uint16_t minor = 0; minor <= kSegmentMinor; ++minor) {
    const std::string version = std::to_string(kSegmentMajor) + "." + std::to_string(minor);
    SCOPED_TRACE(version);
    const std::string path = folder + "segment-" + version + ".wseg";
    if (minor == kSegmentMinor && std::getenv("WHITTLE_UPDATE_GOLDEN") != nullptr) {
      EncodeOptions options;
      options.writer = "whittle golden";
      std::ofstream(path, std::ios::binary) << MustEncode(maker.input(), options);
    }
    const std::string bytes = ReadFile(path);
    ASSERT_FALSE(bytes.empty());
    EXPECT_TRUE(VerifyChecksums(std::make_shared<MemorySource>(bytes)).empty());
    const auto reader = MustOpen(bytes);
    ASSERT_NE(reader, nullptr);
    EXPECT_EQ(reader->footer().major, kSegmentMajor);
    EXPECT_EQ(reader->footer().minor, minor);
    EXPECT_EQ(MustRender(*reader), ReadFile(folder + "segment.txt"));
    ExpectSame(maker.input(), maker.text(), *reader);
    EXPECT_EQ(*reader->LoadSection(3), "golden ledger");
    EXPECT_TRUE(reader->HasStream(StreamId::kTimeResidual));
    EXPECT_FALSE(reader->HasStream(StreamId::kStratum));
    EXPECT_EQ(reader->LoadStream(StreamId::kTimeResidual)->size(), reader->footer().records);
  }
}

}  // namespace
}  // namespace whittle
