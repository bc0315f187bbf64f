#include "pipeline/line_parser.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "pipeline/test_batches.h"

namespace whittle {
namespace {

// Lines whose names have digits, which the skeleton does not show: what one line teaches must not be taken for another.
class Lines {
 public:
  explicit Lines(unsigned seed) : random_(seed) {
    for (std::string& name : names_) name = kNames[Below(std::size(kNames))];
    for (std::string& value : values_) value = kValues[Below(std::size(kValues))];
  }

  std::string Next() {
    switch (Below(8)) {
      case 0:
        return Pairs(' ');
      case 1:
        return "2024-05-01 10:00:00 INFO " + Object(2);
      case 2:
        return Object(3);
      case 3:
        return Name() + ":" + Value() + "\t" + Name() + ":" + Value() + "\t" + Name() + ":" + Value();
      case 4:
        return "<34>1 2024-05-01T10:00:00Z h app " + Value() + " - [" + Name() + " " + Name() + "=\"" + Value() +
               "\"][" + Name() + " q=\"1\"] " + Pairs(' ');
      case 5:
        return R"({"log":")" + Pairs(' ') + R"(\n","stream":"stdout","attrs":{")" + Name() + R"(":")" + Value() +
               R"("},"time":"2024-05-01T10:00:00Z"})";
      case 6:
        return "type=SYSCALL msg=audit(1713172812.412:" + std::to_string(Below(5)) + "): " + Pairs(' ');
      default:
        return "LEEF:2.0|Example|Gate|2.1|login|^|" + Pairs('^');
    }
  }

 private:
  size_t Below(size_t n) { return random_() % n; }
  const std::string& Name() { return names_[Below(std::size(names_))]; }
  const std::string& Value() { return values_[Below(std::size(values_))]; }
  std::string Pairs(char delimiter) {
    std::string out;
    for (size_t i = 2 + Below(3); i > 0; --i)
      out += (out.empty() ? "" : std::string(1, delimiter)) + Name() + "=" + Value();
    return out;
  }
  std::string Object(int depth) {
    std::string out = "{";
    for (size_t i = 1 + Below(3); i > 0; --i) {
      const bool nested = depth > 1 && Below(3) == 0;
      const std::string& value = Value();
      const bool number =
          value.find_first_not_of("0123456789") == std::string::npos && value[0] != '0' && Below(2) == 0;
      out += (out.size() > 1 ? ",\"" : "\"") + Name() + "\":";
      out += nested ? Object(depth - 1) : number ? value : "\"" + value + "\"";
    }
    return out + "}";
  }

  static constexpr const char* kNames[] = {"a0",      "a1",   "a2",   "user", "k8s.pod",   "a/b",
                                           "x@32473", "p99",  "md5",  "ts",   "timestamp", "ab",
                                           "level2",  "time", "msg1", "c",    "u",         "ts1"};
  static constexpr const char* kValues[] = {"1",
                                            "27",
                                            "x",
                                            "c000003e",
                                            "10.0.0.1",
                                            "a@b",
                                            "2024-05-01T10:00:00Z",
                                            "35ms",
                                            "-13",
                                            "1.5",
                                            "true",
                                            "/a/b",
                                            "z9",
                                            "http://a/1",
                                            "0x1f",
                                            "99",
                                            "error",
                                            "W",
                                            "12:30",
                                            "7s",
                                            "1713172812",
                                            "1713172812412",
                                            "20240501",
                                            "2024-13-01T10:00:00Z",
                                            "2024-05-01 10:00:00",
                                            "0.035"};
  std::mt19937 random_;
  std::string names_[4], values_[4];  // few, so that lines meet what others taught
};

TEST(LineParser, WhatWasLearntOfNamesWithDigitsChangesNoAnswer) {
  const LineAnalyzer analyzer{AnalyzerOptions()};
  ParsingOptions learns;
  learns.analyzer = &analyzer;
  ParsingOptions looks = learns;
  looks.use_recipe_cache = false;
  LineParser learning(&learns), looking(&looks);
  for (unsigned seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(seed);
    Lines lines(seed);
    for (int i = 0; i < 250; ++i) {
      const std::string line = lines.Next();
      SCOPED_TRACE(line);
      const LineBatch batch = BatchOf(line + "\n");
      ExpectSame(learning.Parse(batch), looking.Parse(batch));
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(learning.stats().recipe_hits, learning.stats().lines / 20);
}

TEST(LineParser, LinesWhoseNamesHaveDigitsAreAnalysedOnce) {
  const LineAnalyzer analyzer{AnalyzerOptions()};
  ParsingOptions options;
  options.analyzer = &analyzer;
  const auto analysed = [&](const std::string& one, const std::string& other) {
    LineParser parser(&options);
    std::string text;
    for (int i = 0; i < 50; ++i) text += one + "\n" + other + "\n";
    static_cast<void>(parser.Parse(BatchOf(text)));
    return parser.stats().analysed;
  };
  EXPECT_LE(analysed("type=SYSCALL a0=ffffff9c a1=7 pid=12", "type=SYSCALL a0=c1 a1=9 pid=13"), 2u);
  EXPECT_LE(analysed(R"({"p99":1,"k8s":{"pod_2":"x"},"msg":"m"})", R"({"p99":7,"k8s":{"pod_2":"y"},"msg":"m"})"), 2u);
  EXPECT_LE(analysed("time=35ms level=info", "time=7s level=info"), 2u);
  EXPECT_LE(analysed(R"({"time":0.035,"msg":"m"})", R"({"time":1.7,"msg":"m"})"), 2u);
  EXPECT_LE(analysed("<34>1 2024-05-01T10:00:00Z h a - - [x@32473 iut=\"3\"] m",
                     "<34>1 2024-05-01T10:00:01Z h a - - [x@32473 iut=\"4\"] m"),
            2u);
}

}  // namespace
}  // namespace whittle
