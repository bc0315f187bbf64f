#include "query/query_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "query/test_store.h"

namespace whittle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class QueryEngine : public ::testing::Test {
 protected:
  QueryEngine() {
    TestSegment segment;
    std::vector<TestLine> lines;
    const char* const levels[] = {"INFO", "WARN", "ERROR"};
    for (int i = 0; i < 30; ++i) {
      lines.push_back({"2024-05-01T10:0" + std::to_string(i / 10) + ":0" + std::to_string(i % 10) + "Z " +
                       levels[i % 3] + " request done path=/p" + std::to_string(i % 5) + " status=" +
                       std::to_string(200 + 100 * (i % 3)) + " took=" + std::to_string(10 * (i + 1)) + "ms"});
    }
    segment.AddRun('a', "app.log", 0, 1, lines, {{"service.name", Value::String("shop")}});
    directory_.Write("1.wseg", segment.Encode());
    auto reader = StoreReader::Open(&directory_.env, "/d");
    EXPECT_TRUE(reader.ok()) << reader.status().message();
    reader_ = std::move(reader).value();
  }

  std::string Ask(const std::string& text, OutputFormat format = OutputFormat::kCsv) {
    QueryOptions options;
    options.format = format;
    std::string out;
    const auto report = RunQuery(reader_.get(), text, options, [&](std::string_view piece) {
      out += piece;
      return Status::Ok();
    });
    notes_ = report.ok() ? report->notes : std::vector<std::string>();
    results_ = report.ok() ? report->results : 0;
    return report.ok() ? out : "! " + report.status().message();
  }

  TestDirectory directory_;
  std::unique_ptr<StoreReader> reader_;
  std::vector<std::string> notes_;
  uint64_t results_ = 0;
};

TEST_F(QueryEngine, CountsByField) {
  EXPECT_EQ(Ask("* | count"), "count\n30\n");
  EXPECT_EQ(Ask("severity >= warn | count by severity"), "severity,count\nERROR,10\nWARN,10\n");
  EXPECT_EQ(Ask("status >= 300 | count by path, status | top 2"), "path,status,count\n/p0,300,2\n/p0,400,2\n");
  EXPECT_EQ(Ask("* | count by severity", OutputFormat::kTable),
            "severity  count\n--------  -----\nERROR        10\nINFO         10\nWARN         10\n");
  EXPECT_EQ(Ask("status=200 | count by service.name", OutputFormat::kNdjson),
            "{\"service.name\":\"shop\",\"count\":10}\n");
}

TEST_F(QueryEngine, AggregatesNumbersAndTime) {
  EXPECT_EQ(Ask("* | count, max(took) every 1m"),
            "timestamp,count,max(took)\n2024-05-01T10:00:00.000000000Z,10,0.1\n2024-05-01T10:01:00.000000000Z,10,0.2\n"
            "2024-05-01T10:02:00.000000000Z,10,0.3\n");
  EXPECT_EQ(Ask("* | avg(took) as mean by severity | sort mean | limit 1"), "severity,mean\nINFO,0.145\n");
  EXPECT_THAT(Ask("* | p50(took)", OutputFormat::kTable), HasSubstr("ms"));
}

TEST_F(QueryEngine, WritesEvents) {
  EXPECT_THAT(Ask("took > 290ms", OutputFormat::kNdjson),
              AllOf(StartsWith("{\"timestamp\":\"2024-05-01T10:02:09.000000000Z\""),
                    HasSubstr("\"source\":{\"name\":\"app.log\"")));
  EXPECT_EQ(results_, 1u);
  EXPECT_EQ(Ask("took > 290ms", OutputFormat::kRaw),
            "2024-05-01T10:02:09Z ERROR request done path=/p4 status=400 took=300ms\n");
  EXPECT_THAT(Ask("took > 290ms", OutputFormat::kTable),
              StartsWith("2024-05-01T10:02:09.000000000Z ERROR app.log  request done"));
  EXPECT_EQ(Ask("request | limit 2 | select path, status"), "path,status\n/p0,200\n/p1,300\n");
  Ask("request | limit 0", OutputFormat::kRaw);
  EXPECT_EQ(results_, 0u);
}

TEST_F(QueryEngine, LastCountsBackFromTheNewestEvent) { EXPECT_EQ(Ask("last 9s | count"), "count\n10\n"); }

TEST_F(QueryEngine, ErrorsAndNotes) {
  EXPECT_THAT(Ask("a | sort b"), HasSubstr("column 5: sort and top work on columns"));
  EXPECT_THAT(Ask("a | count | count"), HasSubstr("second aggregation"));
  EXPECT_THAT(Ask("* | count by path | select pth"), HasSubstr("did you mean \"path\"?"));
  EXPECT_THAT(Ask("* | count", OutputFormat::kRaw), HasSubstr("raw output is of events"));
  Ask("statu = 200 | count by pth");
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("\"pth\"; did you mean \"path\"?"),
                                  HasSubstr("\"statu\"; did you mean \"status\"?")));
  Ask("status = 200 exists exception.type");
  EXPECT_THAT(notes_, IsEmpty());
  Ask("* | sum(path)");
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("30 values were not numbers")));
}

TEST_F(QueryEngine, OutputCanStop) {
  const auto report = RunQuery(reader_.get(), "*", QueryOptions{},
                               [](std::string_view) { return Status(StatusCode::kCancelled, "closed"); });
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.status().code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace whittle
