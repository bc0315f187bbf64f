#include "query/aggregate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "expr/parser.h"
#include "query/table_stages.h"

namespace whittle {
namespace {

using ::testing::HasSubstr;

struct Weighted {
  Event event;
  double weight = 1;
};

Event MakeEvent(std::initializer_list<Attribute> attributes, std::optional<int64_t> time_ns = std::nullopt,
                int severity = 0) {
  Event event;
  event.attributes = attributes;
  event.timestamp_ns = time_ns;
  event.severity_number = severity;
  return event;
}

Attribute Int(const char* name, int64_t value) { return {name, ParseValue(ValueType::kInt64, std::to_string(value))}; }
Attribute Text(const char* name, const char* value) { return {name, Value::String(value)}; }

std::string Answer(const std::string& query, const std::vector<Weighted>& events) {
  const auto parsed = ParseQuery(query);
  EXPECT_TRUE(parsed.ok()) << parsed.status().message();
  auto aggregator = Aggregator::Make(parsed->stages[0]);
  if (!aggregator.ok()) return aggregator.status().message();
  for (const Weighted& weighted : events) {
    EventFields fields(weighted.event);
    const Status status = aggregator->Add(&fields, weighted.weight);
    if (!status.ok()) return status.message();
  }
  ResultTable table = aggregator->Finish();
  for (size_t i = 1; i < parsed->stages.size(); ++i) {
    const Stage& stage = parsed->stages[i];
    const Status status =
        stage.kind == Stage::Kind::kSort ? SortTable(stage.keys, &table) : SelectColumns(stage.fields, &table);
    if (!status.ok()) return status.message();
  }
  return RenderCsv(table);
}

TEST(Aggregate, CountsByGroupsGreatestFirst) {
  const std::vector<Weighted> events = {{MakeEvent({Text("user", "a")})},
                                        {MakeEvent({Text("user", "b")})},
                                        {MakeEvent({Text("user", "b")})},
                                        {MakeEvent({})}};
  EXPECT_EQ(Answer("* | count", events), "count\n4\n");
  EXPECT_EQ(Answer("* | count by user", events), "user,count\nb,2\na,1\n,1\n");
  EXPECT_EQ(Answer("* | count(user)", events), "count(user)\n3\n");
  EXPECT_EQ(Answer("* | count", {}), "count\n0\n");
  EXPECT_EQ(Answer("* | count by user", {}), "user,count\n");
  EXPECT_EQ(Answer("* | count by user | sort user | select user", events), "user\na\nb\n\n");
}

TEST(Aggregate, NumbersAndUnits) {
  const std::vector<Weighted> events = {
      {MakeEvent({Int("n", 1), {"d", ParseValue(ValueType::kDuration, "100ms")}, Text("s", "3")})},
      {MakeEvent({Int("n", 4), {"d", ParseValue(ValueType::kDuration, "300ms")}, Text("s", "x")})},
      {MakeEvent({Int("n", 10), Text("s", "1.5")})},
  };
  EXPECT_EQ(Answer("* | sum(n), avg(n), min(n), max(n)", events), "sum(n),avg(n),min(n),max(n)\n15,5,1,10\n");
  EXPECT_EQ(Answer("* | sum(d), avg(d), max(d)", events), "sum(d),avg(d),max(d)\n0.4,0.2,0.3\n");
  EXPECT_EQ(Answer("* | sum(s)", events), "sum(s)\n4.5\n");
  EXPECT_EQ(Answer("* | sum(missing)", events), "sum(missing)\n\n");
}

TEST(Aggregate, EventsStandForTheirRate) {
  const std::vector<Weighted> events = {{MakeEvent({Int("n", 10)}), 4}, {MakeEvent({Int("n", 20)}), 1.5}};
  const std::string answer = Answer("* | count, sum(n), avg(n)", events);
  EXPECT_THAT(answer,
              HasSubstr("count,count_low,count_high,sum(n),sum(n)_low,sum(n)_high,avg(n),avg(n)_low,avg(n)_high\n"));
  EXPECT_THAT(answer, HasSubstr("\n6,2,"));
  EXPECT_THAT(answer, HasSubstr(",70,"));
  EXPECT_THAT(answer, HasSubstr(",12.727272727272727,"));
}

TEST(Aggregate, TimeBucketsAndSeverities) {
  constexpr int64_t kMinute = 60'000'000'000;
  const std::vector<Weighted> events = {{MakeEvent({}, kMinute + 5, 17)},
                                        {MakeEvent({}, kMinute + 7, 18)},
                                        {MakeEvent({}, -1, 9)},
                                        {MakeEvent({}, std::nullopt, 9)}};
  EXPECT_EQ(Answer("* | count by severity every 1m", events),
            "timestamp,severity,count\n1969-12-31T23:59:00.000000000Z,INFO,1\n1970-01-01T00:01:00.000000000Z,ERROR,2\n,"
            "INFO,1\n");
}

TEST(Aggregate, DistinctAndRate) {
  constexpr int64_t kSecond = 1'000'000'000;
  const std::vector<Weighted> events = {{MakeEvent({Text("user", "a")}, 0)},
                                        {MakeEvent({Text("user", "b")}, 4 * kSecond)},
                                        {MakeEvent({Text("user", "b")}, 10 * kSecond)},
                                        {MakeEvent({}, 5 * kSecond)}};
  EXPECT_EQ(Answer("* | distinct(user), rate, rate(user)", events), "distinct(user),rate,rate(user)\n2,0.4,0.3\n");
  EXPECT_EQ(Answer("* | rate every 10s", events),
            "timestamp,rate\n1970-01-01T00:00:00.000000000Z,0.3\n1970-01-01T00:00:10.000000000Z,0.1\n");
  EXPECT_EQ(Answer("* | rate", {}), "rate\n\n");
}

TEST(Aggregate, ErrorsAndLimits) {
  EXPECT_THAT(Answer("* | count by user | sort cuont", {}),
              HasSubstr("column 26: the result has no column \"cuont\"; did you mean \"count\"?"));
  std::vector<Weighted> events;
  const std::string big(1 << 20, 'x');
  const auto parsed = ParseQuery("* | count by k");
  ASSERT_TRUE(parsed.ok());
  auto aggregator = Aggregator::Make(parsed->stages[0]);
  ASSERT_TRUE(aggregator.ok());
  Status status;
  for (int i = 0; i < 1000 && status.ok(); ++i) {
    const Event event = MakeEvent({{"k", Value::String(big + std::to_string(i))}});
    EventFields fields(event);
    status = aggregator->Add(&fields, 1);
  }
  EXPECT_EQ(status.code(), StatusCode::kLimit);
  EXPECT_THAT(status.message(), HasSubstr("groups"));
}

TEST(QuantileSketch, IsWithinOnePercent) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> draw(3, 2);
  for (const bool negative : {false, true}) {
    std::vector<double> values;
    QuantileSketch sketch;
    for (int i = 0; i < 20000; ++i) {
      const double value = draw(random) * (negative ? -1 : 1);
      values.push_back(value);
      sketch.Add(value, 1);
    }
    std::sort(values.begin(), values.end());
    for (const double q : {0.0, 0.01, 0.5, 0.9, 0.99, 1.0}) {
      const auto rank = static_cast<size_t>(std::max(0.0, std::ceil(q * static_cast<double>(values.size())) - 1));
      const double exact = values[rank];
      EXPECT_NEAR(*sketch.Quantile(q), exact, std::fabs(exact) * 0.0101) << q;
    }
  }
  EXPECT_FALSE(QuantileSketch().Quantile(0.5));
}

TEST(QuantileSketch, WeightsAreLikeRepetition) {
  QuantileSketch sketch;
  sketch.Add(1, 99);
  sketch.Add(100, 1);
  EXPECT_NEAR(*sketch.Quantile(0.5), 1, 0.02);
  EXPECT_NEAR(*sketch.Quantile(0.995), 100, 1);
  sketch.Add(0, 1000);
  EXPECT_EQ(*sketch.Quantile(0.5), 0);
}

TEST(QuantileSketch, FewAreExact) {
  QuantileSketch sketch;
  for (int i = 100; i > 0; --i) sketch.Add(i, 1);
  EXPECT_TRUE(sketch.exact());
  EXPECT_EQ(*sketch.Quantile(0.5), 50);
  EXPECT_EQ(*sketch.Quantile(0.99), 99);
  EXPECT_EQ(*sketch.Quantile(1.0), 100);
}

TEST(QuantileSketch, MemoryIsBounded) {
  QuantileSketch sketch;
  size_t bytes = 0;
  for (int i = -300; i < 300; ++i) {
    for (int j = 10; j < 100; ++j) bytes += sketch.Add(j * std::pow(10.0, i), 1);
  }
  EXPECT_FALSE(sketch.exact());
  EXPECT_LE(bytes, size_t{64} * QuantileSketch::kMaxBuckets + 16 * 2 * QuantileSketch::kExactValues);
  EXPECT_TRUE(sketch.Quantile(0.9));
}

}  // namespace
}  // namespace whittle
