#include "query/store_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/rfc3339.h"
#include "query/test_store.h"
#include "render/ndjson.h"

namespace whittle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<TestLine> Lines(std::initializer_list<const char*> texts) {
  std::vector<TestLine> lines;
  for (const char* text : texts) lines.push_back({text});
  return lines;
}

// Two segments, two sources; the second source is renamed between them.
std::unique_ptr<TestDirectory> MakeStore() {
  auto directory = std::make_unique<TestDirectory>();
  TestSegment first;
  first.AddRun('b', "b.log", 0, 1,
               Lines({"2024-05-01T10:00:00.000Z INFO user alice logged in from 10.0.0.1",
                      "2024-05-01T10:00:01.000Z WARN disk 91 percent full"}));
  std::vector<TestLine> trace =
      Lines({"2024-05-01T10:00:02.000Z ERROR request 17 failed", "java.io.IOException: disk full",
             "\tat a.B.c(B.java:7)", "2024-05-01T10:00:03.000Z INFO user bob logged in from 10.0.0.2"});
  trace[1].record_start = trace[2].record_start = false;
  trace[3].end = LineEnd::kCrLf;
  first.AddRun('a', "a.log", 100, 5, trace, {{"service.name", Value::String("shop")}});
  directory->Write("00000001.wseg", first.Encode());
  TestSegment second;
  std::vector<TestLine> rest = Lines({"2024-05-02T10:00:00.000Z INFO user carol logged in from 10.0.0.3"});
  rest[0].gap_bytes = 50;
  rest[0].gap_lines = 2;
  rest[0].sample_threshold = int64_t{1} << 55;
  second.AddRun('b', "b.log.1", 116, 3, rest);
  directory->Write("00000002.wseg", second.Encode());
  return directory;
}

std::vector<std::string> Visit(StoreReader* reader, const std::string& filter_text, VisitOptions options = {}) {
  const auto filter = Filter::Parse(filter_text);
  EXPECT_TRUE(filter.ok()) << filter.status().message();
  options.filter = &*filter;
  std::vector<std::string> bodies;
  const Status status = reader->Visit(options, [&](RecordView* record) -> Result<bool> {
    bodies.push_back(record->ToEvent().body);
    return true;
  });
  EXPECT_TRUE(status.ok()) << status.message();
  return bodies;
}

std::unique_ptr<StoreReader> Open(TestDirectory* directory, const std::string& path = "/d") {
  auto reader = StoreReader::Open(&directory->env, path);
  EXPECT_TRUE(reader.ok()) << reader.status().message();
  return std::move(reader).value();
}

TEST(StoreReader, OrderIsBySourceAndPosition) {
  const auto directory = MakeStore();
  const auto reader = Open(directory.get());
  EXPECT_THAT(Visit(reader.get(), ""),
              ElementsAre("request 17 failed\njava.io.IOException: disk full\n\tat a.B.c(B.java:7)",
                          "user bob logged in from 10.0.0.2", "user alice logged in from 10.0.0.1",
                          "disk 91 percent full", "user carol logged in from 10.0.0.3"));
  EXPECT_EQ(reader->statistics().records_matched, 5u);
  VisitOptions any;
  any.order = VisitOptions::Order::kAny;
  EXPECT_EQ(Visit(reader.get(), "", any).front(), "user alice logged in from 10.0.0.1");
  EXPECT_EQ(FormatRfc3339(*reader->newest_time_ns()), "2024-05-02T10:00:00.000000000Z");
}

TEST(StoreReader, RawBytesAreTheOriginal) {
  const auto directory = MakeStore();
  const auto reader = Open(directory.get());
  std::string raw;
  ASSERT_TRUE(reader
                  ->Visit({},
                          [&](RecordView* record) -> Result<bool> {
                            if (record->origin().source->name == "a.log") record->AppendRaw(&raw);
                            return true;
                          })
                  .ok());
  EXPECT_EQ(raw,
            "2024-05-01T10:00:02.000Z ERROR request 17 failed\njava.io.IOException: disk full\n\tat a.B.c(B.java:7)\n"
            "2024-05-01T10:00:03.000Z INFO user bob logged in from 10.0.0.2\r\n");
}

TEST(StoreReader, CopyingGivesTheSameBytesAsVisiting) {
  const auto directory = MakeStore();
  const auto reader = Open(directory.get());
  std::string visited, copied;
  ASSERT_TRUE(reader
                  ->Visit({},
                          [&](RecordView* record) -> Result<bool> {
                            record->AppendRaw(&visited);
                            return true;
                          })
                  .ok());
  const auto done = reader->CopyRaw(nullptr, [&](std::string_view piece) {
    copied += piece;
    return Status::Ok();
  });
  ASSERT_TRUE(done.ok()) << done.status().message();
  EXPECT_TRUE(*done);
  EXPECT_EQ(copied, visited);
}

TEST(StoreReader, PositionsCountWhatWasNotKept) {
  const auto directory = MakeStore();
  const auto reader = Open(directory.get());
  std::vector<std::string> positions;
  ASSERT_TRUE(reader
                  ->Visit({},
                          [&](RecordView* record) -> Result<bool> {
                            const Event& event = record->ToEvent();
                            positions.push_back(event.source_name + ":" + std::to_string(event.source_offset) + ":" +
                                                std::to_string(event.source_line));
                            return true;
                          })
                  .ok());
  EXPECT_THAT(positions, ElementsAre("a.log:100:5", "a.log:200:8", "b.log:0:1", "b.log:65:2", "b.log.1:166:5"));
}

TEST(StoreReader, FiltersReadOnlyWhatTheyMust) {
  const auto directory = MakeStore();
  const auto reader = Open(directory.get());
  EXPECT_THAT(Visit(reader.get(), "logged severity = info not bob"),
              ElementsAre("user alice logged in from 10.0.0.1", "user carol logged in from 10.0.0.3"));
  EXPECT_THAT(Visit(reader.get(), "service.name = shop severity >= error"),
              ElementsAre(HasSubstr("request 17 failed")));
  EXPECT_THAT(Visit(reader.get(), "exception.type = java.io.IOException"), ElementsAre(HasSubstr("request 17 failed")));
  EXPECT_THAT(Visit(reader.get(), "source.offset = 166"), ElementsAre(HasSubstr("carol")));
  EXPECT_THAT(Visit(reader.get(), "raw:\"000Z WARN\""), ElementsAre(HasSubstr("disk 91")));
  EXPECT_THAT(Visit(reader.get(), "sample_rate > 1"), ElementsAre(HasSubstr("carol")));
  VisitOptions bounded;
  bounded.min_time_ns = ParseTimeSpan("2024-05-02")->begin;
  EXPECT_THAT(Visit(reader.get(), "timestamp >= 2024-05-02", bounded), ElementsAre(HasSubstr("carol")));
  EXPECT_EQ(reader->statistics().segments_read, 0u) << "kept from the visits before";
}

TEST(StoreReader, TimeBoundsLeaveSegmentsUnread) {
  const auto directory = MakeStore();
  const auto reader = Open(directory.get());
  VisitOptions bounded;
  bounded.min_time_ns = ParseTimeSpan("2024-05-02")->begin;
  EXPECT_THAT(Visit(reader.get(), "", bounded), ElementsAre(HasSubstr("carol")));
  EXPECT_EQ(reader->statistics().segments_read, 1u);
}

TEST(StoreReader, StretchesThatAreThereTwiceAreReadOnce) {
  const auto directory = MakeStore();
  TestSegment copy;
  copy.AddRun('b', "b.log", 0, 1, Lines({"2024-05-01T10:00:00.000Z INFO user alice logged in from 10.0.0.1"}));
  directory->Write("00000003.wseg", copy.Encode());
  const auto reader = Open(directory.get());
  EXPECT_EQ(Visit(reader.get(), "alice").size(), 1u);
  EXPECT_EQ(reader->statistics().runs_covered_twice, 1u);
}

TEST(StoreReader, VisitStopsWhenTold) {
  const auto directory = MakeStore();
  const auto reader = Open(directory.get());
  int calls = 0;
  ASSERT_TRUE(reader->Visit({}, [&](RecordView*) -> Result<bool> { return ++calls < 2; }).ok());
  EXPECT_EQ(calls, 2);
  const Status status =
      reader->Visit({}, [&](RecordView*) -> Result<bool> { return Status(StatusCode::kCancelled, "enough"); });
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
}

TEST(StoreReader, SaysWhatIsNoStore) {
  TestDirectory directory;
  EXPECT_FALSE(StoreReader::Open(&directory.env, "/none").ok());
  EXPECT_FALSE(StoreReader::Open(&directory.env, "/d").ok());
  directory.Write("x.wseg", "not a segment");
  const auto damaged = StoreReader::Open(&directory.env, "/d");
  ASSERT_FALSE(damaged.ok());
  EXPECT_THAT(damaged.status().message(), HasSubstr("/d/x.wseg"));
}

// Two ways, one answer: a filter over single columns and the same filter over the whole event.
TEST(StoreReader, ColumnsAndEventsAgree) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto pick = [&](size_t n) { return static_cast<size_t>(random() % n); };
  static const char* const kLevels[] = {"DEBUG", "INFO", "WARN", "ERROR"};
  static const char* const kUsers[] = {"alice", "bob", "carol"};
  TestDirectory directory;
  for (int s = 0; s < 3; ++s) {
    TestSegment segment;
    std::vector<TestLine> lines;
    for (int i = 0; i < 60; ++i) {
      const std::string head = "2024-05-01T10:00:" + std::to_string(10 + pick(50)) + ".000Z " + kLevels[pick(4)] +
                               " [worker-" + std::to_string(pick(4)) + "] ";
      switch (pick(4)) {
        case 0:
          lines.push_back({head + "user=" + kUsers[pick(3)] + " status=" + std::to_string(200 + 100 * pick(4)) +
                           " took=" + std::to_string(pick(900)) + "ms"});
          break;
        case 1:
          lines.push_back(
              {head + "request " + std::to_string(pick(1000)) + " from 10.0.0." + std::to_string(pick(9)) + " done"});
          break;
        case 2:
          lines.push_back({"{\"level\":\"" + std::string(kLevels[pick(4)]) +
                           "\",\"msg\":\"saved \\\"x\\\"\",\"user\":\"" + kUsers[pick(3)] +
                           "\",\"n\":" + std::to_string(pick(100)) + "}"});
          break;
        default:
          lines.push_back({head + "failed\x01\xff"});
          lines.push_back({"x.FooException: bad " + std::to_string(pick(5)), false});
          lines.push_back({"\tat a.b(C.java:1)", false});
      }
    }
    segment.AddRun(static_cast<char>('a' + s % 2), "s" + std::to_string(s % 2), static_cast<uint64_t>(s) * 100000, 1,
                   lines, {{"host.name", Value::String("h1")}});
    directory.Write("0" + std::to_string(s) + ".wseg", segment.Encode());
  }
  const auto reader = Open(&directory);
  std::vector<Event> events;
  std::vector<std::string> raws;
  ASSERT_TRUE(reader
                  ->Visit({},
                          [&](RecordView* record) -> Result<bool> {
                            events.push_back(record->ToEvent());
                            raws.emplace_back();
                            record->AppendRaw(&raws.back());
                            return true;
                          })
                  .ok());
  ASSERT_GT(events.size(), 100u);
  const auto templates = reader->Templates();
  ASSERT_TRUE(templates.ok());
  std::vector<std::string> names = (*templates)->FieldNames();
  for (const char* name : {"exception.type", "host.name", "severity", "timestamp", "body", "template", "source",
                           "source.line", "source.offset", "raw", "trace_id", "thread.name", "no.such.field"}) {
    names.emplace_back(name);
  }
  size_t matched = 0;
  for (int round = 0; round < 300; ++round) {
    const Event& sample = events[pick(events.size())];
    std::string text;
    for (size_t terms = 1 + pick(2); terms > 0; --terms) {
      const std::string name = "`" + names[pick(names.size())] + "`";
      switch (pick(5)) {
        case 0:
          text += "exists " + name;
          break;
        case 1:
          text += kUsers[pick(3)];
          break;
        case 2:
          text += name + ":" + (pick(2) == 0 ? "1*" : "bad");
          break;
        case 3:
          text += "severity >= " + std::string(kLevels[pick(4)]);
          break;
        default:
          if (sample.attributes.empty()) {
            text += "*";
          } else {
            const Attribute& attribute = sample.attributes[pick(sample.attributes.size())];
            text += "`" + attribute.name + "` " + (pick(2) == 0 ? "=" : ">=") + " \"" +
                    (attribute.value.text.find_first_of("\"\\") == std::string::npos ? attribute.value.text : "x") +
                    "\"";
          }
      }
      text += pick(3) == 0 ? " or " : " ";
    }
    text += "not request";
    const auto filter = Filter::Parse(text);
    if (!filter.ok()) continue;  // a time or severity compared with something else
    std::vector<std::string> expected;
    for (size_t i = 0; i < events.size(); ++i) {
      EventFields fields(events[i], raws[i]);
      if (filter->Matches(&fields)) expected.push_back(raws[i]);
    }
    std::vector<std::string> found;
    VisitOptions options;
    options.filter = &*filter;
    // A fresh reader now and then, so that columns are loaded for the filter alone.
    const auto fresh = pick(3) == 0 ? Open(&directory) : nullptr;
    ASSERT_TRUE((fresh ? fresh.get() : reader.get())
                    ->Visit(options,
                            [&](RecordView* record) -> Result<bool> {
                              found.emplace_back();
                              record->AppendRaw(&found.back());
                              return true;
                            })
                    .ok());
    ASSERT_EQ(found, expected) << text;
    matched += found.size();
  }
  EXPECT_GT(matched, 100u);
}

}  // namespace
}  // namespace whittle
