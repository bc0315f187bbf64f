// Events that came sampled: which are told, and whether two stages together still count what there was.
#include "pipeline/incoming_rates.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "event/trace_id.h"
#include "parse/trace_context.h"
#include "pipeline/enricher.h"
#include "pipeline/sampling_config.h"
#include "pipeline/test_world.h"
#include "query/store_ledger.h"
#include "sample/coin.h"

namespace whittle {
namespace {

constexpr char kTraceId[] = "4bf92f3577b34da6a3ce929d0e0e4736";  // low 56 bits: ce929d0e0e4736

LineAnalyzer AnalyzerWithTraces() {
  AnalyzerOptions options;
  options.find_trace = FindTraceContext;
  return LineAnalyzer(std::move(options));
}

IncomingChoice Choice(IncomingChoice::Kind kind, std::string field = "") { return {kind, std::move(field)}; }

// The rate of a line by itself.
double RateOfLine(const std::string& line, const IncomingChoice& choice, uint64_t* refused = nullptr) {
  const LineAnalyzer analyzer = AnalyzerWithTraces();
  ParsingOptions options;
  options.analyzer = &analyzer;
  options.incoming = choice;
  LineBatch lines;
  lines.text = std::make_shared<const std::string>(line + "\n");
  lines.lines = {{0, static_cast<uint32_t>(line.size()), LineEnd::kLf, true}};
  EventBatch batch = LineParser(&options).Parse(lines);
  Enricher enricher(&options, SegmentSource());
  enricher.Enrich(&batch);
  const IncomingRateCounts counts = enricher.TakeRateCounts();
  if (refused != nullptr) *refused = counts.refused;
  const RecordStream* stream = IncomingStream(&batch);
  EXPECT_EQ(stream != nullptr, counts.records > 0);
  return stream == nullptr ? 1 : IncomingRateOf(stream->values.at(0));
}

TEST(IncomingRates, FieldsThatLeaveNoDoubt) {
  const IncomingChoice choice;
  const std::string trace = std::string(R"("trace_id":")") + kTraceId + "\"";
  const std::pair<std::string, double> lines[] = {
      {R"({"msg":"a","n":1,"tracestate":"ot=th:c"})", 4},
      {R"({"msg":"a","traceState":"rojo=1,ot=th:8;rv:e0000000000000"})", 2},
      {R"(level=info msg="a b" tracestate="ot=th:c;rv:e0000000000000")", 4},
      {R"({"msg":"a","attributes":{"sampling.threshold":"c","sampling.randomness":"e0000000000000"}})", 4},
      {"{\"msg\":\"a\"," + trace + R"(,"sampling.threshold":"c"})", 4},
      {R"({"body":"a","template_id":"0066828b9e27fdc1","template":"a","sample_rate":12.5})", 12.5},
      {"{\"msg\":\"a\",\"SampleRate\":20," + trace + "}", 20},
      {"{\"msg\":\"a\",\"attributes\":{\"SampleRate\":20}," + trace + "}", 20},
      {R"({"time":"2024-05-01T10:00:00Z","samplerate":5,"data":{"name":"x","n":1}})", 5},
  };
  for (const auto& [line, rate] : lines) {
    EXPECT_EQ(RateOfLine(line, choice), rate) << line;
    EXPECT_EQ(RateOfLine(line, Choice(IncomingChoice::Kind::kOff)), 1) << line;
  }
}

// Names that mean something else, too.
TEST(IncomingRates, OtherFieldsAreFieldsLikeAny) {
  const std::string trace = std::string(R"("trace_id":")") + kTraceId + "\"";
  for (const std::string& line : {
           std::string(R"({"msg":"opened device","sample_rate":44100})"),
           std::string(R"({"msg":"opened device","SampleRate":44100})"),
           "{\"msg\":\"opened device\",\"sample_rate\":44100," + trace + "}",
           std::string(R"({"msg":"resampled","samplerate":48000,"time":"2024-05-01T10:00:00Z"})"),
           std::string("2024-05-01 10:00:00 INFO audio sample_rate=44100 SampleRate=44100"),
           std::string(R"({"msg":"a","tracestate":"ot=p:8;r:62"})"),
           std::string(R"({"msg":"a","tracestate":"congo=t61rcWkgMzE"})"),
           std::string(R"({"msg":"a","alert.threshold":9,"sampling":"threshold"})"),
       }) {
    uint64_t refused = 0;
    EXPECT_EQ(RateOfLine(line, IncomingChoice(), &refused), 1) << line;
    EXPECT_EQ(refused, 0U) << line;
  }
}

TEST(IncomingRates, WhatIsNoRateIsRefusedAndCounted) {
  const std::string trace = std::string(R"("trace_id":")") + kTraceId + "\"";
  std::vector<std::string> lines = {
      R"({"msg":"a","n":1,"tracestate":"ot=th:xyz"})",
      R"({"msg":"a","tracestate":"ot=th:c;rv:b0000000000000"})",
      R"({"msg":"a","sampling.threshold":0.5})",
      "{\"msg\":\"a\"," + trace + R"(,"sampling.threshold":"d"})",
  };
  for (const char* rate : {"0", "-5", "0.5", "1e300", "44100000", "\"NaN\"", "\"many\""})
    lines.push_back("{\"msg\":\"a\",\"SampleRate\":" + std::string(rate) + "," + trace + "}");
  for (const std::string& line : lines) {
    uint64_t refused = 0;
    EXPECT_EQ(RateOfLine(line, IncomingChoice(), &refused), 1) << line;
    EXPECT_EQ(refused, 1U) << line;
  }
}

TEST(IncomingRates, AFieldThatIsNamedHoldsTheRate) {
  const IncomingChoice choice = Choice(IncomingChoice::Kind::kField, "kept_1_in");
  EXPECT_EQ(RateOfLine(R"({"msg":"a","kept_1_in":7})", choice), 7);
  EXPECT_EQ(RateOfLine(R"(level=info msg="a b" kept_1_in=7)", choice), 7);
  EXPECT_EQ(RateOfLine(R"({"msg":"a","n":1,"tracestate":"ot=th:c"})", choice), 4);
  EXPECT_EQ(RateOfLine(R"({"msg":"a","n":7})", choice), 1);
  EXPECT_EQ(RateOfLine(R"({"msg":"a","n":7})", Choice(IncomingChoice::Kind::kField, "n")), 7);
}

std::shared_ptr<const SamplingPolicy> PolicyOf(const std::string& text) {
  auto file = ParsePolicyFile(text, "policy.yaml");
  EXPECT_TRUE(file.ok()) << file.status().message();
  return std::make_shared<const SamplingPolicy>(std::move(file->policy));
}

// An event before the first stage.
struct Original {
  std::string level, path;
  int size = 0;
  uint64_t trace = 0;
};

std::vector<Original> Originals(size_t events) {
  std::mt19937_64 random(5);
  std::vector<Original> all;
  for (size_t i = 0; i < events; ++i) {
    Original event;
    event.level = random() % 8 == 0 ? "ERROR" : random() % 3 == 0 ? "WARN" : "INFO";
    event.path = "/p" + std::to_string(std::min(std::countr_zero(random() | 64), 6));
    event.size = static_cast<int>(10 + random() % 90);
    event.trace = (random() << 1 | 1);
    all.push_back(event);
  }
  return all;
}

std::string LineOf(const Original& event, size_t i, const std::string& rate) {
  char stamp[40];
  std::snprintf(stamp, sizeof(stamp), "2024-03-01T10:%02zu:%02zuZ", i / 60 % 60, i % 60);
  return std::string("{\"time\":\"") + stamp + "\",\"level\":\"" + event.level + "\",\"msg\":\"served " +
         std::to_string(i) + "\",\"path\":\"" + event.path + "\",\"size\":" + std::to_string(event.size) +
         ",\"trace_id\":\"0000000000000007" + ToHex(event.trace) + "\"," + rate + "}\n";
}

IngestOptions OptionsOf(World* world) {
  static const LineAnalyzer analyzer = AnalyzerWithTraces();
  IngestOptions options = world->Options(2, true);
  options.parsing.analyzer = &analyzer;
  return options;
}

struct Answer {
  double value = 0, low = 0, high = 0;
  bool exact = false;
};

// One number of an answer.
Answer Ask(World* world, const std::string& store, const std::string& query) {
  auto reader = StoreReader::Open(&world->env, store);
  EXPECT_TRUE(reader.ok()) << reader.status().message();
  std::string out;
  const auto report = RunQuery(reader->get(), query, {.format = OutputFormat::kNdjson}, [&](std::string_view piece) {
    out += piece;
    return Status::Ok();
  });
  EXPECT_TRUE(report.ok()) << report.status().message();
  const auto number = [&](const std::string& name) {
    const size_t at = out.find("\"" + name + "\":");
    return at == std::string::npos ? 0.0 : std::stod(out.substr(at + name.size() + 3));
  };
  return {number("estimate"), number("low"), number("high"), out.find("\"exact\":true") != std::string::npos};
}

struct Question {
  std::string query;
  double truth = 0;
};

std::vector<Question> Questions(const std::vector<Original>& all) {
  std::vector<Question> questions{{"count"},
                                  {"severity = warn | count"},  // a key
                                  {"severity = error | count"},
                                  {"path = \"/p1\" | count"},  // no key
                                  {"path = \"/p3\" | count"},
                                  {"severity = info and path = \"/p0\" | count"},
                                  {"* | sum(size)"},
                                  {"path = \"/p2\" | sum(size)"}};
  for (const Original& e : all) {
    const double is[] = {1.0,
                         e.level == "WARN" ? 1.0 : 0.0,
                         e.level == "ERROR" ? 1.0 : 0.0,
                         e.path == "/p1" ? 1.0 : 0.0,
                         e.path == "/p3" ? 1.0 : 0.0,
                         e.level == "INFO" && e.path == "/p0" ? 1.0 : 0.0,
                         static_cast<double>(e.size),
                         e.path == "/p2" ? static_cast<double>(e.size) : 0.0};
    for (size_t i = 0; i < questions.size(); ++i) questions[i].truth += is[i];
  }
  return questions;
}

// Ingest of what `rate_of` lets through, each with the rate it says; nothing: not kept by the stage before.
template <typename RateOf>
std::string Through(const std::vector<Original>& all, const RateOf& rate_of) {
  std::string text;
  for (size_t i = 0; i < all.size(); ++i) {
    if (const std::optional<std::string> rate = rate_of(all[i])) text += LineOf(all[i], i, *rate);
  }
  return text;
}

void ExpectUnbiased(const std::string& what, const std::string& policy_text, bool by_threshold) {
  const int runs = std::getenv("WHITTLE_LONG") != nullptr ? 400 : 60;
  const std::vector<Original> all = Originals(3000);
  const std::vector<Question> questions = Questions(all);
  std::vector<double> sum(questions.size()), squares(questions.size());
  double covered = 0;
  for (int run = 0; run < runs; ++run) {
    World world;
    std::mt19937_64 coin(static_cast<uint64_t>(1000 + run));
    // One in 2 of the errors, one in 4 and one in 8 of the others.
    const std::string text = Through(all, [&](const Original& event) -> std::optional<std::string> {
      const int bits = event.level == "ERROR" ? 1 : event.level == "WARN" ? 2 : 3;
      const uint64_t randomness = coin() >> 8, threshold = kCoinSides - (kCoinSides >> bits);
      if (randomness < threshold) return std::nullopt;
      if (!by_threshold) return "\"SampleRate\":" + std::to_string(1 << bits);
      const char* const th[] = {"", "8", "c", "e"};
      return std::string("\"tracestate\":\"ot=th:") + th[bits] + ";rv:" + ToHex(randomness).substr(2) + "\"";
    });
    world.Write("/app.log", text);
    IngestOptions options = OptionsOf(&world);
    if (!policy_text.empty()) options.sampling = PolicyOf("seed: " + std::to_string(run + 1) + "\n" + policy_text);
    const IngestReport report = world.Ingest("/app.log", "/store", options);
    EXPECT_EQ(report.rates.refused, 0U);
    EXPECT_TRUE(world.Problems("/store").empty());
    for (size_t q = 0; q < questions.size(); ++q) {
      const Answer answer = Ask(&world, "/store", questions[q].query);
      EXPECT_FALSE(answer.exact) << questions[q].query;
      const double error = answer.value - questions[q].truth;
      sum[q] += error;
      squares[q] += error * error;
      covered += answer.low <= questions[q].truth && questions[q].truth <= answer.high ? 1 : 0;
    }
  }
  for (size_t q = 0; q < questions.size(); ++q) {
    const double z = sum[q] / std::sqrt(squares[q]);
    EXPECT_LT(std::fabs(z), 4) << what << ": " << questions[q].query;
    std::printf("%-12s %-44s z %+.2f  error %.3f\n", what.c_str(), questions[q].query.c_str(), z,
                std::sqrt(squares[q] / runs) / questions[q].truth);
  }
  const double share = covered / runs / static_cast<double>(questions.size());
  std::printf("%-12s covered %.3f\n", what.c_str(), share);
  EXPECT_GE(share, 0.925) << what;
}

constexpr char kHalf[] = "budget: {keep: 40%}\nkey: [severity]\nrules: [{when: 'severity >= error', keep: all}]\n";

TEST(IncomingRates, RatesAloneCountWhatThereWas) { ExpectUnbiased("no policy", "", false); }
TEST(IncomingRates, TwoStagesAreUnbiasedTogether) { ExpectUnbiased("rates", kHalf, false); }
TEST(IncomingRates, TwoStagesWithKnownCoinsAreUnbiasedTogether) { ExpectUnbiased("thresholds", kHalf, true); }
// The coin that came is thrown again.
TEST(IncomingRates, TwoStagesWithOneCoinAreUnbiasedTogether) {
  ExpectUnbiased("one coin", std::string(kHalf) + "coin: w3c\n", true);
}
TEST(IncomingRates, ALimitPerWindowIsUnbiasedToo) {
  ExpectUnbiased("limit", "budget: {events_per_window: 4}\nkey: [severity]\ntraces: independent\n", false);
}

// The events that are kept, by the number in their message, and the rates they have.
std::map<std::string, double> Kept(World* world, const std::string& store) {
  std::map<std::string, double> kept;
  const std::string events = world->Events(store);
  for (size_t at = 0; (at = events.find("\"body\":\"served ", at)) != std::string::npos; ++at) {
    const size_t begin = at + 15, rate = events.find("\"sample_rate\":", at) + 14;
    kept[events.substr(begin, events.find('"', begin) - begin)] = std::stod(events.substr(rate));
  }
  return kept;
}

TEST(IncomingRates, OneCoinInTwoStagesIsOneStageWithTheLargerThreshold) {
  const std::vector<Original> all = Originals(4000);
  for (const bool own_randomness : {false, true}) {
    const auto coin_of = [&](const Original& event) {
      return own_randomness ? TraceCoin(99, event.trace) : W3cCoin(event.trace);
    };
    for (const double first : {2.0, 4.0, 16.0}) {
      for (const double second : {3.0, 4.0, 10.0}) {
        World world;
        world.Write(
            "/app.log", Through(all, [&](const Original& event) -> std::optional<std::string> {
              if (coin_of(event) < ThresholdOf(1 / first)) return std::nullopt;
              const std::string rv = own_randomness ? ";rv:" + ToHex(coin_of(event)).substr(2) : "";
              return std::string("\"tracestate\":\"ot=th:") + (first == 2 ? "8" : first == 4 ? "c" : "f") + rv + "\"";
            }));
        IngestOptions options = OptionsOf(&world);
        options.sampling = PolicyOf("coin: w3c\nbudget: {rate: " + std::to_string(second) + "}\n");
        world.Ingest("/app.log", "/store", options);
        const double rate = std::max(first, second);
        std::set<std::string> expected;
        for (size_t i = 0; i < all.size(); ++i) {
          if (coin_of(all[i]) >= ThresholdOf(1 / rate)) expected.insert(std::to_string(i));
        }
        std::set<std::string> kept;
        for (const auto& [event, its_rate] : Kept(&world, "/store")) {
          kept.insert(event);
          EXPECT_NEAR(its_rate, rate, 1e-9);
        }
        EXPECT_EQ(kept, expected) << first << " then " << second;
        EXPECT_TRUE(world.Problems("/store").empty());
      }
    }
  }
}

// Two stages with one seed, of which the second knows no more than the rate: the coin of the first, thrown again, would
// keep all of it.
TEST(IncomingRates, TheSameHashIsNotThrownTwice) {
  const std::vector<Original> all = Originals(4000);
  World world;
  size_t came = 0;
  world.Write("/app.log", Through(all, [&](const Original& event) -> std::optional<std::string> {
                if (TraceCoin(1, event.trace) < ThresholdOf(0.25)) return std::nullopt;
                ++came;
                return "\"SampleRate\":4";
              }));
  for (const char* coin : {"hash", "w3c"}) {
    IngestOptions options = OptionsOf(&world);
    options.sampling = PolicyOf(std::string("seed: 1\nbudget: {rate: 4}\ncoin: ") + coin + "\n");
    const std::string store = std::string("/") + coin;
    world.Ingest("/app.log", store, options);
    const auto kept = Kept(&world, store);
    // Five standard deviations around a quarter.
    const auto n = static_cast<double>(came);
    EXPECT_NEAR(static_cast<double>(kept.size()), n / 4, 5 * std::sqrt(n * 3 / 16)) << coin;
    for (const auto& [event, rate] : kept) EXPECT_EQ(rate, 16) << coin;
  }
}

}  // namespace
}  // namespace whittle
