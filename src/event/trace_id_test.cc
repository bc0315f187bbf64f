#include "event/trace_id.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

std::string Trace(std::string_view native, TraceIdKind kind = TraceIdKind::kAuto) {
  std::string hex;
  return NormalizeTraceId(native, kind, &hex) ? hex : "refused";
}

std::string SpanOf(std::string_view native, TraceIdKind kind = TraceIdKind::kAuto) {
  std::string hex;
  return NormalizeSpanId(native, kind, &hex) ? hex : "refused";
}

TEST(TraceId, TakesEveryShape) {
  EXPECT_EQ(Trace("4bf92f3577b34da6a3ce929d0e0e4736"), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(Trace("4BF92F3577B34DA6A3CE929D0E0E4736"), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(Trace("a3ce929d0e0e4736"), "0000000000000000a3ce929d0e0e4736");
  EXPECT_EQ(Trace("3ce929d0e0e4736"), "000000000000000003ce929d0e0e4736");
  EXPECT_EQ(Trace("1-5759e988-bd862e3fe1be46a994272793"), "5759e988bd862e3fe1be46a994272793");
  EXPECT_EQ(Trace("4bf92f35-77b3-4da6-a3ce-929d0e0e4736"), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(Trace("11803532876627986230"), "0000000000000000a3ce929d0e0e4736");
  EXPECT_EQ(Trace("255", TraceIdKind::kDecimal), "000000000000000000000000000000ff");
  EXPECT_EQ(Trace("4bf92f3577b34da6a3ce929d0e0e4736", TraceIdKind::kDecimal), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(Trace("1234567890123456"), "00000000000000001234567890123456") << "16 digits are hex";
}

TEST(TraceId, RefusesWhatIsNone) {
  for (const char* text :
       {"", "0", "0000000000000000", "00000000000000000000000000000000", "4bf92f3577b34da6a3ce929d0e0e47361", "abc",
        "1234567", "not-a-trace", "4bf92f3577b34da6a3ce929d0e0e473g", "99999999999999999999",
        "1-00000000-000000000000000000000000"}) {
    EXPECT_EQ(Trace(text), "refused") << text;
  }
  EXPECT_EQ(Trace("0", TraceIdKind::kDecimal), "refused");
  EXPECT_EQ(Trace("0.0.0000000", TraceIdKind::kOpaque), "refused");
}

TEST(TraceId, SpansHaveEightBytes) {
  EXPECT_EQ(SpanOf("00f067aa0ba902b7"), "00f067aa0ba902b7");
  EXPECT_EQ(SpanOf("F067AA0BA902B7"), "00f067aa0ba902b7");
  EXPECT_EQ(SpanOf("67667974448284343"), "00f067aa0ba902b7");
  EXPECT_EQ(SpanOf("0000000000000000"), "refused");
  EXPECT_EQ(SpanOf("4bf92f3577b34da6a3ce929d0e0e4736"), "refused");
}

TEST(TraceId, SixtyFourAndHundredTwentyEightBitsJoin) {
  EXPECT_EQ(TraceJoinKey(Trace("4bf92f3577b34da6a3ce929d0e0e4736")), TraceJoinKey(Trace("a3ce929d0e0e4736")));
  EXPECT_EQ(TraceJoinKey(Trace("11803532876627986230", TraceIdKind::kDecimal)), 0xa3ce929d0e0e4736u);
  EXPECT_EQ(TraceJoinKey("short"), 0u);
}

TEST(TraceId, OpaqueIdsAreTheSameOnEveryHost) {
  const std::string id = Trace("3b1c9d.98.16650101823440001", TraceIdKind::kOpaque);
  EXPECT_EQ(id, ToHex(CorrelationHash("trace", "3b1c9d.98.16650101823440001")));
  EXPECT_EQ(id.size(), 32u);
  EXPECT_NE(id, Trace("3b1c9d.98.16650101823440002", TraceIdKind::kOpaque));
  EXPECT_NE(CorrelationHash("a", "bc"), CorrelationHash("ab", "c"));
}

TEST(CorrelationId, KnowsTheFormsAndNothingElse) {
  using K = CorrelationIdKind;
  EXPECT_EQ(ClassifyCorrelationId("req-3ea4052c-895d-4b64-9e2d-04d64c4d94ab"), K::kOpenStackRequest);
  EXPECT_EQ(ClassifyCorrelationId("application_1445144423722_0020"), K::kYarnApplication);
  EXPECT_EQ(ClassifyCorrelationId("appattempt_1445144423722_0020_000001"), K::kYarnAttempt);
  EXPECT_EQ(ClassifyCorrelationId("attempt_1445144423722_0020_m_000003_0"), K::kYarnAttempt);
  EXPECT_EQ(ClassifyCorrelationId("container_1445144423722_0020_01_000001"), K::kYarnContainer);
  EXPECT_EQ(ClassifyCorrelationId("container_e17_1445144423722_0020_01_000001"), K::kYarnContainer);
  EXPECT_EQ(ClassifyCorrelationId("job_1445144423722_0020"), K::kMapReduceJob);
  EXPECT_EQ(ClassifyCorrelationId("task_1445144423722_0020_m_000003"), K::kMapReduceTask);
  EXPECT_EQ(ClassifyCorrelationId("app-20240131120000-0003"), K::kSparkApplication);
  EXPECT_EQ(ClassifyCorrelationId("local-1700000000123"), K::kSparkApplication);
  for (const char* text :
       {"", "application_", "application_x_1", "req-1", "container_1", "job_tracker", "app-2024-1", "task_1_2_"}) {
    EXPECT_EQ(ClassifyCorrelationId(text), K::kNone) << text;
  }
  for (int kind = 1; kind <= static_cast<int>(K::kSparkApplication); ++kind) {
    EXPECT_FALSE(CorrelationIdName(static_cast<K>(kind)).empty());
  }
}

}  // namespace
}  // namespace whittle
