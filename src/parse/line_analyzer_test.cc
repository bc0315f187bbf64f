#include "parse/line_analyzer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "event/shape.h"
#include "parse/json_scan.h"

namespace whittle {
namespace {

// "name=value" of every field in order, with the roles that have one meaning in capitals; the message last.
std::string Describe(std::string_view line, bool continuation = false, const AnalyzerOptions& options = {}) {
  const LineAnalysis analysis = LineAnalyzer(options).Analyze(line, continuation);
  std::string text = analysis.envelope + "/" + analysis.body_format;
  for (const FieldSpan& field : analysis.fields) {
    std::string name = field.name;
    switch (field.role) {
      case FieldRole::kTimestamp:
        name = "TIME";
        break;
      case FieldRole::kObservedTimestamp:
        name = "OBSERVED";
        break;
      case FieldRole::kSeverity:
        name = "LEVEL";
        break;
      default:
        break;
    }
    text += " | " + name + "=" + Unescape(line.substr(field.begin, field.end - field.begin), field.unescape);
  }
  return text + " | BODY=" +
         Unescape(line.substr(analysis.body_begin, analysis.body_end - analysis.body_begin), analysis.body_unescape);
}

TEST(LineAnalyzerTest, DockerJsonAroundJson) {
  EXPECT_EQ(
      Describe(
          R"({"log":"{\"timestamp\": \"2022-08-22T05:18:42.495376Z\", \"severity\": \"INFO\", \"pid\":1, \"message\": \"say \\\"x\\\" now\"}\n","stream":"stdout","time":"2022-08-22T05:18:42.495795851Z"})"),
      "docker-json/json | TIME=2022-08-22T05:18:42.495376Z | LEVEL=INFO | process.pid=1 | log.iostream=stdout | "
      "OBSERVED=2022-08-22T05:18:42.495795851Z | BODY=say \"x\" now");
}

TEST(LineAnalyzerTest, ColoursHideNothing) {
  EXPECT_EQ(Describe("\x1b[90m2024-05-01 10:00:00\x1b[0m \x1b[1;31mERROR\x1b[0m no route to \x1b[1mb\x1b[0m"),
            "/text | TIME=2024-05-01 10:00:00 | LEVEL=ERROR | BODY=no route to \x1b[1mb");
  EXPECT_EQ(
      Describe(
          R"({"log":"\u001b[2m2024-05-01T10:00:00Z\u001b[0m \u001b[32m INFO\u001b[0m \u001b[2mmy_crate\u001b[0m\u001b[2m:\u001b[0m up\n","stream":"stdout","time":"2024-05-01T10:00:05Z"})"),
      "docker-json/text | TIME=2024-05-01T10:00:00Z | LEVEL=INFO | log.logger=my_crate | log.iostream=stdout | "
      "OBSERVED=2024-05-01T10:00:05Z | BODY=up");
  // A time that a colour cuts cannot be read again from the bytes; what is left after one look stays.
  EXPECT_EQ(Describe("2024-05-\x1b[1m01 10:00:00\x1b[0m up"), "/text | BODY=up");
  std::string nested;
  for (int i = 0; i < 20000; ++i) nested += "\x1b[1m\x1b";
  Describe(nested + "[1m");
}

TEST(LineAnalyzerTest, WhatAPatternLeavesAsTheMessageIsScannedForFields) {
  AnalyzerOptions options;
  options.match_pattern = [](std::string_view text, uint32_t base, bool, LineAnalysis* analysis) {
    const size_t at = text.find("]: ");
    if (!text.starts_with("[x") || at == std::string_view::npos) return false;
    analysis->body_format = "x";
    analysis->body_begin = base + static_cast<uint32_t>(at + 3);
    analysis->body_end = base + static_cast<uint32_t>(text.size());
    return true;
  };
  EXPECT_EQ(Describe("[x 1]: syscall=257 comm=\"cat\" level=info", false, options),
            "/x | syscall=257 | comm=cat | log.level=info | BODY=syscall=257 comm=\"cat\" level=info");
  EXPECT_EQ(Describe("[x 1]: {\"a\":1,\"message\":\"hello\"}", false, options), "/x | a=1 | BODY=hello");
  EXPECT_EQ(Describe("[x 1]: took a=1 and left", false, options), "/x | BODY=took a=1 and left");
}

TEST(LineAnalyzerTest, AnObjectThatAPatternFindsIsItsMembers) {
  AnalyzerOptions options;
  options.match_pattern = [](std::string_view text, uint32_t base, bool, LineAnalysis* analysis) {
    const size_t at = text.find('{');
    if (at == std::string_view::npos) return false;
    analysis->body_format = "x";
    analysis->body_begin = base;
    analysis->body_end = base + static_cast<uint32_t>(at);
    analysis->fields.push_back({base + static_cast<uint32_t>(at), base + static_cast<uint32_t>(text.size()),
                                FieldRole::kAttribute, ValueType::kString, 0, 0, "context"});
    return true;
  };
  EXPECT_EQ(Describe("done\t{\"a\": 1, \"level\": \"low\", \"b\": {\"c\": \"x\"}}", false, options),
            "/x | a=1 | log.level=low | b.c=x | BODY=done\t");
  EXPECT_EQ(Describe("done\t{\"a\": 01}", false, options), "/x | context={\"a\": 01} | BODY=done\t");
}

TEST(LineAnalyzerTest, DockerTimeStandsInForATimeOfDay) {
  EXPECT_EQ(
      Describe(
          R"({"log":"05:19:21.371 INFO  - Query items\n","stream":"stdout","time":"2022-08-22T05:19:21.372093647Z"})"),
      "docker-json/text | log.time=05:19:21.371 | LEVEL=INFO | log.iostream=stdout | "
      "TIME=2022-08-22T05:19:21.372093647Z | BODY=Query items");
}

TEST(LineAnalyzerTest, ContinuationsHaveAnEnvelopeAndNoHeader) {
  EXPECT_EQ(
      Describe(R"({"log":"\tat a.b.C(D.java:1)\n","stream":"stderr","time":"2022-08-22T05:19:21.372093647Z"})", true),
      "docker-json/text | log.iostream=stderr | TIME=2022-08-22T05:19:21.372093647Z | BODY=\tat a.b.C(D.java:1)");
  EXPECT_EQ(Describe("2023-06-14 15:16:01 INFO x", true), "/text | BODY=2023-06-14 15:16:01 INFO x");
  EXPECT_EQ(Describe("MESSAGE=hello", true), "journald-export/text | BODY=hello");
}

TEST(LineAnalyzerTest, Cri) {
  EXPECT_EQ(Describe("2023-06-14T15:16:01.123456789Z stdout F 2023-06-14 15:16:01,123 INFO [main] a.b.C: hello"),
            "cri/text | OBSERVED=2023-06-14T15:16:01.123456789Z | log.iostream=stdout | TIME=2023-06-14 15:16:01,123 | "
            "LEVEL=INFO | thread.name=main | log.logger=a.b.C | BODY=hello");
  EXPECT_EQ(Describe("2023-06-14T15:16:01.123456789+02:00 stderr P part"),
            "cri/text | TIME=2023-06-14T15:16:01.123456789+02:00 | log.iostream=stderr | cri.partial=P | BODY=part");
}

TEST(LineAnalyzerTest, Syslog) {
  EXPECT_EQ(Describe("<34>Oct 11 22:14:15 mymachine su: 'su root' failed"),
            "syslog-3164/text | LEVEL=<34> | syslog.priority=34 | TIME=Oct 11 22:14:15 | host.name=mymachine | "
            "syslog.appname=su | BODY='su root' failed");
  EXPECT_EQ(Describe("Jun 14 15:16:01 h postfix/smtpd[12]: warning: no name"),
            "syslog-3164/text | TIME=Jun 14 15:16:01 | host.name=h | syslog.appname=postfix/smtpd | process.pid=12 | "
            "LEVEL=warning | BODY=warning: no name");
  EXPECT_EQ(Describe("Jun 14 15:16:01 dnsmasq[12]: cached a is b"),
            "syslog-3164/text | TIME=Jun 14 15:16:01 | syslog.appname=dnsmasq | process.pid=12 | BODY=cached a is b");
  EXPECT_EQ(Describe("Jun 14 15:16:01 h app[12]: 2023-06-14 15:16:01.500 ERROR foo.Bar - inner"),
            "syslog-3164/text | OBSERVED=Jun 14 15:16:01 | host.name=h | syslog.appname=app | process.pid=12 | "
            "TIME=2023-06-14 15:16:01.500 | LEVEL=ERROR | log.logger=foo.Bar | BODY=inner");
  EXPECT_EQ(
      Describe(
          R"(<165>1 2003-10-11T22:14:15.003Z host.example.com evntslog 8 ID47 [ex@1 iut="3" src="A\"b"] An event)"),
      "syslog-5424/text | LEVEL=<165> | syslog.priority=165 | TIME=2003-10-11T22:14:15.003Z | "
      "host.name=host.example.com | syslog.appname=evntslog | process.pid=8 | syslog.msgid=ID47 | "
      "syslog.structured_data.ex@1.iut=3 | syslog.structured_data.ex@1.src=A\"b | BODY=An event");
  EXPECT_EQ(Describe("<192>not a priority"), "/text | BODY=<192>not a priority");
}

TEST(LineAnalyzerTest, Journald) {
  EXPECT_EQ(
      Describe(
          R"({"__REALTIME_TIMESTAMP":"1686755761123456","PRIORITY":"6","_HOSTNAME":"h1","SYSLOG_IDENTIFIER":"sshd","_PID":"12","MESSAGE":"Accepted \"x\""})"),
      "journald-json/text | TIME=1686755761123456 | LEVEL=6 | host.name=h1 | syslog.appname=sshd | process.pid=12 | "
      "BODY=Accepted \"x\"");
}

TEST(LineAnalyzerTest, JsonBodies) {
  EXPECT_EQ(
      Describe(
          R"({"level":"info","ts":1669574966.979,"logger":"pg","msg":"record","record":{"a":true,"b":[1]},"ok":null})"),
      "/json | LEVEL=info | TIME=1669574966.979 | log.logger=pg | record.a=true | record.b=[1] | ok=null | "
      "BODY=record");
  EXPECT_EQ(
      Describe(
          R"({"severity":"INFO","textPayload":"[24711]: [3-1] db=test LOG:  gone","timestamp":"2020-05-02T13:04:20.437425Z"})"),
      "/json | LEVEL=INFO | process.pid=24711 | header.2=3-1 | db=test | log.level=LOG | "
      "TIME=2020-05-02T13:04:20.437425Z | BODY=gone");
  EXPECT_EQ(Describe(R"(2023-06-14 15:16:01 INFO {"a": 1, "message": "inner"})"),
            "/json | TIME=2023-06-14 15:16:01 | LEVEL=INFO | a=1 | BODY=inner");
  EXPECT_EQ(Describe(R"({"broken": 01})"), "/text | BODY={\"broken\": 01}");
}

TEST(LineAnalyzerTest, MongoJson) {
  EXPECT_EQ(Describe(R"({"t":{"$date":"2024-03-11T08:12:45.001+00:00"},"s":"W",  "c":"COMMAND",  "id":51803,   )"
                     R"("ctx":"conn17","msg":"Slow query","attr":{"ns":"shop.orders"}})"),
            "/json | TIME=2024-03-11T08:12:45.001+00:00 | LEVEL=W | log.logger=COMMAND | id=51803 | "
            "thread.name=conn17 | attr.ns=shop.orders | BODY=Slow query");
  EXPECT_EQ(Describe(R"({"s":"W","c":"x","msg":"no MongoDB"})"), "/json | s=W | c=x | BODY=no MongoDB");
}

TEST(LineAnalyzerTest, KeyValueBodies) {
  EXPECT_EQ(Describe(R"(time="2023-06-14T15:16:01Z" level=info msg="hello \"w\"" user=5 ok=true)"),
            "/logfmt | TIME=2023-06-14T15:16:01Z | LEVEL=info | user=5 | ok=true | BODY=hello \"w\"");
  EXPECT_EQ(Describe("2023-06-14 15:16:01 INFO done a=1 b=2"),
            "/text | TIME=2023-06-14 15:16:01 | LEVEL=INFO | BODY=done a=1 b=2");
  EXPECT_EQ(Describe("a=1, b=2, c=3"), "/text | BODY=a=1, b=2, c=3");
}

TEST(LineAnalyzerTest, KeysThatVaryAreDecisive) {
  const LineAnalyzer analyzer({});
  const auto decisive = [&](std::string_view line, bool continuation = false) {
    const LineAnalysis analysis = analyzer.Analyze(line, continuation);
    EXPECT_TRUE(analysis.cacheable) << line;
    std::string texts;
    for (const ByteRange& range : analysis.decisive) {
      texts += (texts.empty() ? "" : " ") + std::string(line.substr(range.begin, range.end - range.begin));
    }
    return texts;
  };
  EXPECT_EQ(decisive(R"({"user":"x1","msg":"m"})"), "");
  EXPECT_EQ(decisive(R"({"user1":"x","a/b":{"c":1,"d2":{"e":2}},"@x":1,"msg":"m"})"), "user1 a/b d2");
  EXPECT_EQ(decisive("r24=1 r25=2"), "r24 r25");
  EXPECT_EQ(decisive(R"(2023-06-14 15:16:01 INFO {"p99":1,"q":2})"), "p99");
  EXPECT_EQ(decisive(R"({"log":"r24=1 q=2\n","stream":"stdout","attrs":{"k8s":"x"},"time":"2023-06-14T15:16:01Z"})"),
            "k8s r24");
  EXPECT_EQ(decisive(R"(<34>1 2023-06-14T15:16:01Z h a - - [x@32473 iut="3" p2="x"][y z="1"] m)"), "x@32473 p2");
  EXPECT_EQ(decisive("COREDUMP_SIGNAL_2=x", true), "COREDUMP_SIGNAL_2");
}

TEST(LineAnalyzerTest, ValuesThatAreNoTimesAreNamed) {
  const LineAnalyzer analyzer({});
  const auto no_times = [&](std::string_view line) {
    const LineAnalysis analysis = analyzer.Analyze(line, false);
    EXPECT_TRUE(analysis.cacheable) << line;
    std::string texts;
    for (const ByteRange& range : analysis.no_times) {
      texts += std::string(line.substr(range.begin, range.end - range.begin)) + ";";
    }
    return texts;
  };
  EXPECT_EQ(no_times(R"({"time":"99","msg":"m"})"), "99;");
  EXPECT_EQ(no_times(R"({"time":0.035,"ts":"2024-05-01T10:00:00Z","msg":"m"})"), "0.035;");
  EXPECT_EQ(no_times("time=35ms level=info"), "35ms;");
  EXPECT_EQ(no_times("time=2024-05-01T10:00:00Z level=info"), "");
}

TEST(LineAnalyzerTest, PatternsSeeTheUnescapedTextAndMapBack) {
  AnalyzerOptions options;
  options.match_pattern = [](std::string_view text, uint32_t base, bool whole_line, LineAnalysis* analysis) {
    if (whole_line || !text.starts_with("took \"")) return false;
    const auto end = static_cast<uint32_t>(text.rfind('"'));
    analysis->fields.push_back({base + 6, base + end, FieldRole::kAttribute, ValueType::kString, 0, 0, "who"});
    analysis->body_format = "test";
    return true;
  };
  EXPECT_EQ(
      Describe(
          R"({"log":"2023-06-14 15:16:01 INFO took \"me\"\n","stream":"stdout","time":"2022-08-22T05:19:21.372093647Z"})",
          false, options),
      "docker-json/test | TIME=2023-06-14 15:16:01 | LEVEL=INFO | who=me | log.iostream=stdout | "
      "OBSERVED=2022-08-22T05:19:21.372093647Z | BODY=took \"me\"");
}

TEST(LineAnalyzerTest, PartlyOverlappingFieldsAreDropped) {
  const std::string line(100, 'x');
  LineAnalysis analysis;
  const auto add = [&](uint32_t begin, uint32_t end) {
    analysis.fields.push_back({begin, end, FieldRole::kAttribute, ValueType::kString, 0, 0, "f"});
  };
  add(10, 20), add(15, 25), add(0, 50), add(12, 14), add(30, 30), add(90, 101), add(20, 30);
  SettleFields(line, &analysis);
  std::vector<std::pair<uint32_t, uint32_t>> got;
  for (const FieldSpan& field : analysis.fields) got.emplace_back(field.begin, field.end);
  EXPECT_EQ(got, (std::vector<std::pair<uint32_t, uint32_t>>{{0, 50}, {10, 20}, {12, 14}, {20, 30}}));
}

TEST(LineAnalyzerTest, HugeJsonIsText) {
  std::string line = "{\"a\":\"" + std::string(kMaxJsonBytes, 'x') + "\"}";
  EXPECT_EQ(LineAnalyzer({}).Analyze(line, false).body_format, "text");
}

// Any bytes: ranges stay inside of the line, and the answer does not depend on anything but the line.
TEST(LineAnalyzerTest, HoldsItsPromisesOnMutatedLines) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<std::string> lines = {
      R"({"log":"{\"timestamp\": \"2022-08-22T05:18:42.495376Z\", \"m\": \"x \\\"y\\\"\"}\n","stream":"stdout","time":"2022-08-22T05:18:42.495795851Z"})",
      "2015-10-18 18:01:47,978 INFO [main] org.apache.A: Created [x] - y",
      "<165>1 2003-10-11T22:14:15.003Z h e - ID47 [ex@1 iut=\"3\"] An event",
      "time=\"2023-06-14T15:16:01Z\" level=info msg=\"hello\"",
      "- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: s"};
  const LineAnalyzer analyzer({});
  for (int round = 0; round < 20000; ++round) {
    std::string line = lines[random() % lines.size()];
    for (size_t edits = random() % 6; edits > 0; --edits) {
      const size_t at = random() % (line.size() + 1);
      switch (random() % 3) {
        case 0:
          line.insert(at, 1, " []{}\"\\:|-=<>09aZ\t"[random() % 19]);
          break;
        case 1:
          line.erase(at, random() % 4);
          break;
        default:
          line = line.substr(0, at) + line.substr(std::min(line.size(), at / 2));
          break;
      }
    }
    const LineAnalysis analysis = analyzer.Analyze(line, random() % 8 == 0);
    ASSERT_LE(analysis.body_begin, analysis.body_end) << line;
    ASSERT_LE(analysis.body_end, line.size()) << line;
    int times = 0;
    for (const FieldSpan& field : analysis.fields) {
      ASSERT_LT(field.begin, field.end) << line;
      ASSERT_LE(field.end, line.size()) << line;
      ASSERT_LE(field.unescape, 2) << line;
      times += field.role == FieldRole::kTimestamp;
    }
    ASSERT_LE(times, 1) << line;
  }
}

}  // namespace
}  // namespace whittle
