#include "query/query_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "base/rfc3339.h"
#include "query/test_store.h"

namespace whittle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
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

  std::string Ask(const std::string& text, OutputFormat format = OutputFormat::kCsv, bool record_by_record = false) {
    QueryOptions options;
    options.format = format;
    options.record_by_record = record_by_record;
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
            "{\"group\":{\"service.name\":\"shop\"},\"count\":{\"estimate\":10,\"low\":10,\"high\":10,\"exact\":true,"
            "\"kept\":10,\"seen\":10}}\n");
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
  EXPECT_THAT(Ask("a | top 3"), HasSubstr("column 5: top of events needs a field"));
  EXPECT_THAT(Ask("a | count | near 2"), HasSubstr("column 13: this stage works on events"));
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

TEST_F(QueryEngine, BeginsWithAStage) {
  EXPECT_EQ(Ask("count"), "count\n30\n");
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("read as a stage")));
  EXPECT_EQ(Ask("count by severity | limit 1"), "severity,count\nERROR,10\n");
  EXPECT_THAT(notes_, IsEmpty());
  EXPECT_EQ(Ask("| count"), "count\n30\n");
  EXPECT_THAT(Ask("\"count\" | count"), "count\n0\n");
  EXPECT_EQ(Ask("limit exceeded | count"), "count\n0\n");
  Ask("severity>=error count by path");
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("column 17: \"count\" is searched as a word")));
  EXPECT_EQ(Ask("exists(took) and not exists(nothing) | count"), "count\n30\n");
}

TEST_F(QueryEngine, AggregatesAnAnswerAgain) {
  EXPECT_EQ(Ask("count by path, severity | count, max(count) by severity | sort severity"),
            "severity,count,max(count)\nERROR,5,2\nINFO,5,2\nWARN,5,2\n");
  EXPECT_THAT(Ask("count by path | sum(cuont)"), HasSubstr("did you mean \"count\"?"));
}

TEST_F(QueryEngine, SortsEvents) {
  EXPECT_EQ(Ask("* | sort took desc | limit 2 | select took"), "took\n0.3\n0.29\n");
  EXPECT_THAT(Ask("* | top 1 by took", OutputFormat::kRaw), HasSubstr("took=300ms"));
  EXPECT_THAT(Ask("* | sort status desc, took", OutputFormat::kRaw), StartsWith("2024-05-01T10:00:02Z ERROR"));
}

TEST_F(QueryEngine, LimitsSamplesAndContext) {
  EXPECT_EQ(Ask("limit 6 | count by severity"), "severity,count\nERROR,2\nINFO,2\nWARN,2\n");
  EXPECT_EQ(Ask("* | sample 7 | count"), "count\n7\n");
  EXPECT_EQ(Ask("took=150ms | near 2 | select took"), "took\n0.13\n0.14\n0.15\n0.16\n0.17\n");
  EXPECT_EQ(Ask("took in (20ms, 30ms) | near 1 | count"), "count\n4\n");
}

TEST_F(QueryEngine, SummarizesFields) {
  EXPECT_THAT(Ask("fields"), AllOf(HasSubstr("path,string,30,1,5,/p0\n"), HasSubstr("took,duration,30,1,30,10ms\n")));
  EXPECT_THAT(Ask("status=200 | facets"), AllOf(HasSubstr("path,/p0,2,0.2\n"), HasSubstr("severity,INFO,10,1\n")));
  EXPECT_THAT(Ask("facets status"),
              "field,value,count,share\nstatus,200,10,0.3333333333333333\n"
              "status,300,10,0.3333333333333333\nstatus,400,10,0.3333333333333333\n");
}

TEST_F(QueryEngine, DrawsHistograms) {
  EXPECT_EQ(Ask("histogram took in 3"), "from,to,count\n0,0.1,9\n0.1,0.2,10\n0.2,0.3,10\n0.3,0.4,1\n");
  EXPECT_EQ(Ask("histogram every 1m"),
            "from,to,count\n2024-05-01T10:00:00.000000000Z,2024-05-01T10:01:00.000000000Z,10\n"
            "2024-05-01T10:01:00.000000000Z,2024-05-01T10:02:00.000000000Z,10\n"
            "2024-05-01T10:02:00.000000000Z,2024-05-01T10:03:00.000000000Z,10\n");
  EXPECT_THAT(Ask("histogram took by severity", OutputFormat::kTable), HasSubstr("█ ██"));
  EXPECT_THAT(Ask("heatmap took", OutputFormat::kTable), HasSubstr("│"));
}

// Two ways, one answer.
TEST_F(QueryEngine, ColumnsAnswerAsRecordsDo) {
  const std::vector<std::string> filters = {"*",
                                            "status = 200",
                                            "status >= 300 and path != /p1",
                                            "severity = error or path = /p0",
                                            "not status in (300, 400)",
                                            "not (status = 200 and path = /p2)",
                                            "took > 100ms",
                                            "path = /p*",
                                            "path ~ /[13]/",
                                            "request",
                                            "p3",
                                            "10ms or 20ms",
                                            "300 and done",
                                            "not request",
                                            "body:p4",
                                            "\"done path\"",
                                            "exists nothing",
                                            "service.name = shop",
                                            "source = app.log and severity:warn",
                                            "template:done",
                                            "timestamp >= 2024-05-01T10:01:05",
                                            "2024-05-01T10:01..2024-05-01T10:01 and status = 400"};
  const std::vector<std::string> stages = {"count",
                                           "count by severity",
                                           "count(took), sum(took), p90(took) by path, status",
                                           "distinct(path), min(took), rate by service.name",
                                           "count by template_id, source every 1m",
                                           "max(timestamp) by timestamp | limit 3",
                                           "count by severity_number, nothing"};
  for (const std::string& filter : filters) {
    for (const std::string& stage : stages) {
      const std::string query = filter + " | " + stage;
      const std::string slow = Ask(query, OutputFormat::kNdjson, true);
      const std::vector<std::string> slow_notes = notes_;
      EXPECT_EQ(Ask(query, OutputFormat::kNdjson), slow) << query;
      EXPECT_EQ(notes_, slow_notes) << query;
      EXPECT_THAT(slow, Not(StartsWith("!"))) << query;
    }
  }
}

// Row groups of four rows, records that lie across their borders, runs that begin within them, lines without a time:
// whichever rows are passed over, answers are those of a walk over what was written.
TEST_F(QueryEngine, TimeRangesPassOverOtherRowGroups) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t begin = 1'714'557'600 * kSecond;  // 2024-05-01T10:00:00Z
  struct Written {
    int64_t time_ns;
    std::string number;
    bool has_place = false;
  };
  std::vector<Written> written;
  TestDirectory directory;
  int64_t now = begin;
  for (int file = 0; file < 2; ++file) {
    TestSegment segment;
    for (int run = 0; run < 3; ++run) {
      std::vector<TestLine> lines;
      for (int i = 0; i < 25; ++i) {
        now += kSecond * static_cast<int64_t>(random() % 9) - 2 * kSecond;
        if (random() % 12 == 0) now = begin + kSecond * static_cast<int64_t>(random() % 500);
        const std::string number = std::to_string(written.size());
        const bool timed = random() % 10 != 0;
        lines.push_back({(timed ? FormatRfc3339(now) + " INFO " : "") + "request done number=" + number});
        written.push_back({timed ? now : INT64_MIN, number});
        for (uint64_t more = random() % 8; more > 5; --more) {
          lines.push_back({more > 6 ? "  at first" : "  at someplace", false});
          written.back().has_place = written.back().has_place || more == 6;
        }
      }
      const char id = "abcdef"[file * 3 + run];
      segment.AddRun(id, std::string(1, id) + ".log", 0, 1, lines);
    }
    directory.Write(std::to_string(file) + ".wseg", segment.Encode());
  }
  auto reader = StoreReader::Open(&directory.env, "/d");
  ASSERT_TRUE(reader.ok());
  reader_ = std::move(reader).value();
  bool passed_over = false;
  for (int round = 0; round < 60; ++round) {
    const int64_t from = begin + kSecond * static_cast<int64_t>(random() % 500);
    const int64_t to = from + kSecond * static_cast<int64_t>(random() % 60);
    const std::string range = "timestamp >= " + FormatRfc3339(from) + " and timestamp <= " + FormatRfc3339(to);
    std::vector<std::string> numbers;
    size_t places_in_range = 0;
    for (const Written& one : written) {
      if (one.time_ns < from || one.time_ns > to) continue;
      numbers.push_back(one.number);
      places_in_range += one.has_place ? 1 : 0;
    }
    const std::string count = "count\n" + std::to_string(numbers.size()) + "\n";
    EXPECT_EQ(Ask(range + " | count"), count) << range;
    passed_over = passed_over || (!numbers.empty() && reader_->statistics().records_read < written.size() / 2);
    EXPECT_EQ(Ask(range + " | count", OutputFormat::kCsv, true), count) << range;
    EXPECT_EQ(Ask(range + " and request | count"), count) << range;
    const std::string place_count = "count\n" + std::to_string(places_in_range) + "\n";
    for (const char* const condition : {" and someplace | count", " and (someplace or nowhere) | count"}) {
      EXPECT_EQ(Ask(range + condition), place_count) << range;
      EXPECT_EQ(Ask(range + condition, OutputFormat::kCsv, true), place_count) << range;
    }
    std::string list = "number,count\n";
    for (const std::string& number : numbers) list += number + ",1\n";
    for (const bool slow : {false, true}) {
      const std::string answer = Ask(range + " | count by number | sort number", OutputFormat::kCsv, slow);
      EXPECT_EQ(answer, list) << range;
    }
    // Places are known though the rows before them are passed over.
    std::string places, all;
    for (const auto& [text, out] : {std::pair(range, &places), std::pair(std::string("*"), &all)}) {
      *out = Ask(text + " | select number, source, source.offset, source.line");
    }
    std::istringstream in(places);
    size_t found = 0;
    for (std::string line; std::getline(in, line); ++found) EXPECT_THAT(all, HasSubstr(line + "\n")) << range;
    EXPECT_EQ(found, numbers.size() + 1) << range;
  }
  EXPECT_TRUE(passed_over) << "no query was spared any row";
}

// Runs that begin in the middle of a record as well, whose time is that of a record of another run.
TEST_F(QueryEngine, RowGroupsChangeNoAnswer) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  TestSegment few, all;
  all.rows_per_group = UINT64_MAX;
  const auto time = [&] { return "2024-05-01T10:0" + std::to_string(random() % 10) + ":00Z"; };
  for (const char id : std::string("abcdef")) {
    std::vector<TestLine> lines;
    for (int i = 0; i < 60; ++i) {
      if (random() % 3 == 0) lines.push_back({"  at someplace", false});
      lines.push_back({time() + " INFO request done number=" + std::to_string(random() % 7)});
    }
    for (TestSegment* segment : {&few, &all}) segment->AddRun(id, std::string(1, id) + ".log", 0, 1, lines);
  }
  TestDirectory with, without;
  with.Write("1.wseg", few.Encode());
  without.Write("1.wseg", all.Encode());
  for (int minute = 0; minute < 10; ++minute) {
    const std::string at = "2024-05-01T10:0" + std::to_string(minute);
    for (const std::string& query : {at + ".." + at + " | count by source, number", at + ".." + at + " someplace",
                                     at + ".." + at + " and (someplace or nowhere) | count", "timestamp < " + at}) {
      for (const bool slow : {false, true}) {
        std::string answers[2];
        for (TestDirectory* directory : {&with, &without}) {
          auto reader = StoreReader::Open(&directory->env, "/d");
          ASSERT_TRUE(reader.ok());
          reader_ = std::move(reader).value();
          answers[directory == &with] = Ask(query, OutputFormat::kNdjson, slow);
        }
        EXPECT_EQ(answers[1], answers[0]) << query;
        EXPECT_THAT(answers[0], Not(StartsWith("!"))) << query;
      }
    }
  }
}

TEST_F(QueryEngine, StopsWithWhatItHas) {
  std::atomic<bool> stop{true};
  QueryOptions options;
  options.stop = &stop;
  std::string out;
  const auto report = RunQuery(reader_.get(), "count", options, [&](std::string_view piece) {
    out += piece;
    return Status::Ok();
  });
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->partial);
  EXPECT_THAT(out, HasSubstr("0"));
}

TEST_F(QueryEngine, OutputCanStop) {
  const auto report = RunQuery(reader_.get(), "*", QueryOptions{},
                               [](std::string_view) { return Status(StatusCode::kCancelled, "closed"); });
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.status().code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace whittle
