#include "parse/trace_context.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>

#include "event/trace_id.h"

namespace whittle {
namespace {

constexpr char kT[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kS[] = "00f067aa0ba902b7";
constexpr char kP[] = "05e3ac9a4f6e3b90";

struct Ids {
  std::string trace, span, parent, flags;
  bool operator==(const Ids&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Ids& ids) {
  return out << "trace=" << ids.trace << " span=" << ids.span << " parent=" << ids.parent << " flags=" << ids.flags;
}

Ids Find(std::string_view line, LineAnalysis* analysis) {
  FindTraceContext(line, analysis);
  Ids ids;
  for (const FieldSpan& field : analysis->fields) {
    const std::string_view text = line.substr(field.begin, field.end - field.begin);
    std::string hex;
    switch (field.role) {
      case FieldRole::kTraceId:
        ids.trace = NormalizeTraceId(text, TraceIdKindOf(field.type), &hex) ? hex : "refused";
        break;
      case FieldRole::kSpanId:
        ids.span = NormalizeSpanId(text, TraceIdKindOf(field.type), &hex) ? hex : "refused";
        break;
      case FieldRole::kParentSpanId:
        ids.parent = NormalizeSpanId(text, TraceIdKindOf(field.type), &hex) ? hex : "refused";
        break;
      case FieldRole::kTraceFlags:
        ids.flags = text;
        break;
      default:
        break;
    }
  }
  return ids;
}

Ids Find(std::string_view line) {
  LineAnalysis analysis;
  return Find(line, &analysis);
}

// Names and texts of the attributes that are found.
std::string Attributes(std::string_view line, bool* cacheable) {
  LineAnalysis analysis;
  FindTraceContext(line, &analysis);
  std::string text;
  for (const FieldSpan& field : analysis.fields) {
    text +=
        (text.empty() ? "" : " ") + field.name + "=" + std::string(line.substr(field.begin, field.end - field.begin));
  }
  *cacheable = analysis.cacheable;
  return text;
}

TEST(TraceContext, IdsKnownByTheirForm) {
  const auto expect = [](std::string_view line, std::string_view attributes) {
    bool cacheable = false;
    EXPECT_EQ(Attributes(line, &cacheable), attributes) << line;
    EXPECT_TRUE(cacheable) << line;
  };
  expect("[req-38101a0b-2096-447d-96ea-a692162415ae - -] done",
         "openstack.request.id=req-38101a0b-2096-447d-96ea-a692162415ae");
  expect("kill job_1445144423722_0020 of application_1445144423722_0020.",
         "mapreduce.job.id=job_1445144423722_0020 yarn.application.id=application_1445144423722_0020");
  expect("attempt_1445144423722_0020_m_000003_0: 3 MB", "yarn.attempt.id=attempt_1445144423722_0020_m_000003_0");
  expect("on container_e17_1445144423722_0020_01_000001",
         "yarn.container.id=container_e17_1445144423722_0020_01_000001");
  expect("as app-20240131120000-0003", "spark.application.id=app-20240131120000-0003");
  // Parts of other tokens, and other numbers, are none.
  expect("in /tmp/job_1445144423722_0020/x job_17_3 job_1445144423722_0020Job req-12 my-req-38101a0b", "");
}

// T, S and P in the text become the ids.
std::string Fill(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size())
      out.push_back(text[i]);
    else
      out += text[++i] == 'T' ? kT : text[i] == 'S' ? kS : kP;
  }
  return out;
}

TEST(TraceContext, FindsEveryShape) {
  const struct {
    const char* line;
    Ids ids;
  } kCases[] = {
      {"traceparent: 00-$T-$S-01", {kT, kS, "", "01"}},
      {R"({"headers":{"traceparent":"00-$T-$S-00"}})", {kT, kS, "", "00"}},
      {"GET /x?traceparent=00-$T-$S-01&y=1", {kT, kS, "", "01"}},
      {"q=traceparent%3D00-$T-$S-01", {kT, kS, "", "01"}},
      {"b3: $T-$S-1-$P", {kT, kS, kP, ""}},
      {"b3=$T-$S", {kT, kS, "", ""}},
      {"X-B3-TraceId: $T X-B3-SpanId: $S X-B3-ParentSpanId: $P X-B3-Sampled: 1", {kT, kS, kP, ""}},
      {"uber-trace-id: $T:$S:$P:1", {kT, kS, kP, "1"}},
      {"uber-trace-id: a3ce929d0e0e4736:f067aa0ba902b7:0:1", {"0000000000000000a3ce929d0e0e4736", kS, "refused", "1"}},
      {"uber-trace-id=$T%3A$S%3A$P%3A1", {kT, kS, kP, "1"}},
      {"X-Amzn-Trace-Id: Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=$S;Sampled=1", {kT, kS, "", ""}},
      {R"(h2 "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736" "-")", {kT, "", "", ""}},
      {"REPORT XRAY TraceId: 1-4bf92f35-77b34da6a3ce929d0e0e4736 SegmentId: 12", {kT, "", "", ""}},
      {"[dd.service=a dd.trace_id=11803532876627986230 dd.span_id=67667974448284343]",
       {"0000000000000000a3ce929d0e0e4736", kS, "", ""}},
      {R"({"dd":{"trace_id":"11803532876627986230","span_id":"67667974448284343"}})",
       {"0000000000000000a3ce929d0e0e4736", kS, "", ""}},
      {"X-Cloud-Trace-Context: $T/67667974448284343;o=1", {kT, kS, "", ""}},
      {R"({"logging.googleapis.com/trace":"projects/my-app/traces/$T","logging.googleapis.com/spanId":"$S"})",
       {kT, kS, "", ""}},
      {R"({"trace_id":"$T","span_id":"$S","trace_flags":"01"})", {kT, kS, "", "01"}},
      {R"({"traceId": "$T", "spanId": "$S", "parentSpanId": "$P"})", {kT, kS, kP, ""}},
      {R"({"trace.id":"$T","transaction.id":"$S","span.id":"$S"})", {kT, kS, "", ""}},
      {R"({"TraceId":"$T","SpanId":"$S","ParentId":"$P"})", {kT, kS, kP, ""}},
      {R"({"@t":"2024-01-01T00:00:00Z","@tr":"$T","@sp":"$S"})", {kT, kS, "", ""}},
      {"2024 INFO [shop,$T,$S,true] 1 --- x", {kT, kS, "", ""}},
      {"2024 INFO [shop,$T,$S] x", {kT, kS, "", ""}},
      {"2024 INFO [shop,a3ce929d0e0e4736,$S,false] x", {"0000000000000000a3ce929d0e0e4736", kS, "", ""}},
      {"2024 INFO [main] [$T-$S] x", {kT, kS, "", ""}},
      {"INFO [traceId=$T, spanId=$S] x", {kT, kS, "", ""}},
      {"msg=x trace_id=$T span_id=$S trace_sampled=true", {kT, kS, "", ""}},
      {"INFO trace_id=$T span_id=$S resource.service.name=a trace_sampled=True", {kT, kS, "", ""}},
      {"otelTraceID=$T otelSpanID=$S", {kT, kS, "", ""}},
      {"TraceID: $T SpanID: $S done", {kT, kS, "", ""}},
      {"done, Trace ID: $T, Span Id=$S", {kT, kS, "", ""}},
      {"TraceID $T done", {kT, "", "", ""}},
      {R"({"log":"{\"message\":\"TraceID: $T SpanID: $S x\"}\n"})", {kT, kS, "", ""}},
      {R"({"log":"{\"traceId\":\"$T\",\"spanId\":\"$S\"}\n"})", {kT, kS, "", ""}},
      {"GET /x?ctx=%7B%22traceId%22%3A%22$T%22%2C%22spanId%22%3A%22$S%22%7D", {kT, kS, "", ""}},
      {"mdc.traceId=$T mdc.spanId=$S", {kT, kS, "", ""}},
      {"trace_id=4BF92F3577B34DA6A3CE929D0E0E4736", {kT, "", "", ""}},
      {"TID: 3b1c9d7e.98.16650101823440001 x",
       {ToHex(CorrelationHash("trace", "3b1c9d7e.98.16650101823440001")), "", "", ""}},
      {"SW_CTX: [shop,inst@10.0.0.1,3b1c9d7e.98.16650101823440001,3b1c9d7e.98.16650101823440000,0] x",
       {ToHex(CorrelationHash("trace", "3b1c9d7e.98.16650101823440001")), "", "", ""}},
  };
  for (const auto& c : kCases) EXPECT_EQ(Find(Fill(c.line)), c.ids) << c.line;
}

TEST(TraceContext, FindsNothingWhereThereIsNothing) {
  for (const char* line : {
           "",
           "[",
           "[,]",
           "trace",
           "traceid",
           "traceid=",
           "traceId: null",
           "trace_id=none span_id=none",
           "TID: 5678 started",
           "TID:N/A",
           "parent_id=17 id=4",
           "root=/var/www",
           "Root=/dev/sda1",
           "b3: yes",
           "traceparent: none",
           "[shop,,,] x",
           "[main,4711,12] x",
           "[00:11:22] x",
           "uber-trace-id: 1",
           "[a,b,c,d,e,f]",
           "SW_CTX:[N/A",
           "tracing enabled",
           "stack trace id missing",
           "trace: enabled",
           "[deadbeef-cafe] x",
           "SW_CTX: [shop,inst,N/A,N/A,-1] x",
       }) {
    EXPECT_EQ(Find(line), Ids()) << line;
  }
}

TEST(TraceContext, ZeroAndMalformedIdsAreFoundAndRefused) {
  EXPECT_EQ(Find("trace_id=00000000000000000000000000000000 span_id=0000000000000000"),
            (Ids{"refused", "refused", "", ""}));
  EXPECT_EQ(Find("otelTraceID=0 otelSpanID=0"), (Ids{"refused", "refused", "", ""}));
  EXPECT_EQ(Find("traceId=order-17"), (Ids{"refused", "", "", ""}));
}

TEST(TraceContext, OtherIdsAreAttributes) {
  const std::string line = "x-request-id: 7d1c9f2e-0b1a-4c3d-9e8f-001122334455 correlationId=abc-123 requestId=\"r1\"";
  LineAnalysis analysis;
  FindTraceContext(line, &analysis);
  ASSERT_EQ(analysis.fields.size(), 3u);
  EXPECT_EQ(analysis.fields[0].name, "request.id");
  EXPECT_EQ(line.substr(analysis.fields[0].begin, 36), "7d1c9f2e-0b1a-4c3d-9e8f-001122334455");
  EXPECT_EQ(analysis.fields[1].name, "correlation.id");
  EXPECT_EQ(analysis.fields[2].name, "request.id");
}

TEST(TraceContext, AFieldThatIsThereTakesTheRole) {
  const std::string line = std::string("trace_id=") + kT;
  LineAnalysis analysis;
  FieldSpan field;
  field.begin = 9;
  field.end = 41;
  field.name = "trace_id";
  analysis.fields.push_back(field);
  FindTraceContext(line, &analysis);
  ASSERT_EQ(analysis.fields.size(), 1u);
  EXPECT_EQ(analysis.fields[0].role, FieldRole::kTraceId);
  EXPECT_TRUE(analysis.fields[0].name.empty());
}

TEST(TraceContext, OnlyTheFirstOfEachRole) {
  LineAnalysis analysis;
  EXPECT_EQ(Find(Fill("traceparent: 00-$T-$S-01 trace_id=ffffffffffffffffffffffffffffff11"), &analysis).trace, kT);
  EXPECT_EQ(analysis.fields.size(), 3u);
}

// Other digits of the same form lead to the same fields: the answer may be cached by skeleton.
TEST(TraceContext, TheDigitsDoNotMatter) {
  const uint32_t seed = std::random_device{}();
  std::mt19937 random(seed);
  for (const char* text :
       {"TraceID: $T SpanID: $S", R"({"traceId":"$T","spanId":"$S"})", "[a,$T,$S,true]", "traceparent=00-$T-$S-01",
        "trace_id=$T", "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=$S"}) {
    std::string line = Fill(text);
    LineAnalysis first;
    FindTraceContext(line, &first);
    EXPECT_TRUE(first.cacheable) << text;
    for (const FieldSpan& field : first.fields) {
      for (uint32_t i = field.begin; i < field.end; ++i) {
        if (line[i] != '-' && i > field.begin + 1) line[i] = "0123456789abcdef"[random() % 16];
      }
      line[field.begin] = '1';  // still a hex token with digits and letters
      if (line[field.begin + 1] != '-') line[field.begin + 1] = 'a';
    }
    LineAnalysis second;
    FindTraceContext(line, &second);
    ASSERT_EQ(first.fields.size(), second.fields.size()) << line << " seed " << seed;
    for (size_t i = 0; i < first.fields.size(); ++i) EXPECT_EQ(first.fields[i].begin, second.fields[i].begin) << line;
  }
}

TEST(TraceContext, SaysWhenTheSkeletonHidesTheKey) {
  for (const char* text : {"X-B3-TraceId: $T", "TID:3b1c9d7e.98.1665", "trace_id:$T", "traceparent: 1-2-3"}) {
    LineAnalysis analysis;
    FindTraceContext(Fill(text), &analysis);
    EXPECT_FALSE(analysis.cacheable) << text;
  }
}

TEST(TraceContext, RandomBytesAndCutLinesAreHarmless) {
  const uint32_t seed = std::random_device{}();
  std::mt19937 random(seed);
  const std::string full = Fill(
      "traceparent=00-$T-$S-01 b3: $T-$S-1-$P uber-trace-id: $T:$S:$P:1 "
      "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=$S "
      "[a,$T,$S] SW_CTX: [a,b,c1,d2,0] projects/p/traces/$T %22traceId%22%3A%22$T");
  for (size_t cut = 0; cut <= full.size(); ++cut) Find(std::string_view(full).substr(0, cut));
  for (int round = 0; round < 2000; ++round) {
    std::string line = full;
    for (int k = 0; k < 8; ++k) line[random() % line.size()] = static_cast<char>(random());
    LineAnalysis analysis;
    FindTraceContext(line, &analysis);
    for (const FieldSpan& field : analysis.fields) {
      ASSERT_LT(field.begin, field.end) << "seed " << seed;
      ASSERT_LE(field.end, line.size()) << "seed " << seed;
    }
  }
}

// Every line of a Kubernetes log in five styles, JSON inside JSON among them, against a plain search for its ids.
TEST(TraceContext, IsExactOnARealCorpus) {
  const char* folder = std::getenv("WHITTLE_CORPORA");
  if (folder == nullptr) GTEST_SKIP() << "WHITTLE_CORPORA is not set";
  std::ifstream file(std::string(folder) + "/large/online_boutique_k8s.jsonl.zst", std::ios::binary);
  if (!file) GTEST_SKIP() << "no online_boutique_k8s.jsonl.zst in " << folder;
  const std::string packed((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  ASSERT_LT(size, 1u << 30);
  std::string text(size, '\0');
  ASSERT_EQ(ZSTD_decompress(text.data(), text.size(), packed.data(), packed.size()), size);
  size_t lines = 0, with_ids = 0, cacheable = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    ++lines;
    Ids expected;
    const size_t trace = line.find("TraceID: "), span = line.find("SpanID: ");
    if (trace != std::string::npos) expected.trace = line.substr(trace + 9, 32);
    if (span != std::string::npos) expected.span = line.substr(span + 8, 16);
    LineAnalysis analysis;
    ASSERT_EQ(Find(line, &analysis), expected) << line;
    with_ids += trace != std::string::npos ? 1 : 0;
    cacheable += analysis.cacheable ? 1 : 0;
  }
  EXPECT_GT(lines, 20000u);
  EXPECT_GT(with_ids, lines * 9 / 10);
  EXPECT_EQ(cacheable, lines);
}

}  // namespace
}  // namespace whittle
