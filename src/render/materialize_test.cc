#include "render/materialize.h"

#include <gtest/gtest.h>

#include "render/exception.h"
#include "render/ndjson.h"

namespace whittle {
namespace {

// Pieces from a small notation: "^" begins a slot's text, everything is split at '|'.
struct BuiltLine {
  std::shared_ptr<Shape> shape = std::make_shared<Shape>();
  std::vector<std::string> texts;
  std::vector<std::string_view> slots;
};

BuiltLine Line(std::initializer_list<const char*> pieces) {
  BuiltLine line;
  for (const std::string_view text : pieces) {
    Piece piece;
    if (text.starts_with('^')) {
      piece.kind = Piece::Kind::kSlot;
      piece.slot = line.shape->slot_count++;
      line.texts.emplace_back(text.substr(1));
    } else {
      piece.kind = Piece::Kind::kWord;
      piece.text = text;
    }
    line.shape->pieces.push_back(std::move(piece));
  }
  line.slots.assign(line.texts.begin(), line.texts.end());
  return line;
}

PieceRange Range(int begin, int end) { return {static_cast<uint16_t>(begin), static_cast<uint16_t>(end)}; }

void AddField(BuiltLine* line, FieldRole role, ValueType type, PieceRange range, const char* name = "",
              uint8_t unescape = 0) {
  line->shape->fields.push_back({role, type, unescape, 0, range, name});
}

const Value* Find(const std::vector<Attribute>& attributes, std::string_view name) {
  for (const auto& attribute : attributes) {
    if (attribute.name == name) return &attribute.value;
  }
  return nullptr;
}

// "2015-10-18 18:01:47,978 INFO [main] Took 35 ms"
BuiltLine Headed() {
  BuiltLine line = Line({"^2015-10-18 18:01:47,978", " ", "INFO", " [", "^main", "] ", "Took", " ", "^35", " ", "ms"});
  AddField(&line, FieldRole::kTimestamp, ValueType::kTimestamp, Range(0, 1));
  AddField(&line, FieldRole::kSeverity, ValueType::kString, Range(2, 3));
  AddField(&line, FieldRole::kAttribute, ValueType::kString, Range(4, 5), "thread.name");
  AddField(&line, FieldRole::kResource, ValueType::kString, Range(6, 7), "service.name");
  line.shape->body = Range(6, 11);
  return line;
}

TEST(Materialize, FieldsTemplateAndSource) {
  const BuiltLine line = Headed();
  const Template mined{77, "Took <*> ms", {{"duration_ms", ValueType::kInt64}}};
  const TemplateBinding binding{0, {Range(8, 9)}};
  const auto plan = PlanShape(line.shape, &mined, &binding);
  const std::vector<Attribute> resource = {{"service.name", Value::String("lower")},
                                           {"host.name", Value::String("h1")}};
  RecordInfo info;
  info.time_ns = 5;
  info.source_name = "app.log";
  info.source_offset = 10;
  info.source_line = 2;
  info.resource = &resource;
  Event event;
  Materialize(*plan, line.slots.data(), {}, info, &event);
  EXPECT_EQ(event.timestamp_ns, 5);
  EXPECT_EQ(event.severity_text, "INFO");
  EXPECT_EQ(event.severity_number, 9);
  EXPECT_EQ(event.body, "Took 35 ms");
  EXPECT_EQ(event.template_id, 77u);
  EXPECT_EQ(event.template_text, "Took <*> ms");
  ASSERT_EQ(event.attributes.size(), 2u);
  EXPECT_EQ(Find(event.attributes, "thread.name")->text, "main");
  EXPECT_EQ(Find(event.attributes, "duration_ms")->integer, 35);
  ASSERT_EQ(event.resource.size(), 2u);
  EXPECT_EQ(Find(event.resource, "service.name")->text, "Took");
  EXPECT_EQ(Find(event.resource, "host.name")->text, "h1");
  EXPECT_EQ(event.source_line, 2u);
}

TEST(Materialize, TheUnitBehindANumberBelongsToItsValue) {
  const BuiltLine line = Headed();
  const Template mined{77, "Took <*> ms", {{"duration", ValueType::kDuration}}};
  const TemplateBinding binding{0, {Range(8, 9)}};
  const auto plan = PlanShape(line.shape, &mined, &binding);
  Event event;
  Materialize(*plan, line.slots.data(), {}, {}, &event);
  const Value* duration = Find(event.attributes, "duration");
  ASSERT_NE(duration, nullptr);
  EXPECT_EQ(duration->type, ValueType::kDuration);
  EXPECT_EQ(duration->integer, 35'000'000);
  EXPECT_EQ(duration->text, "35 ms");
}

TEST(Materialize, EventsAreReusable) {
  const BuiltLine line = Headed();
  const auto plan = PlanShape(line.shape, nullptr, nullptr);
  Event event, fresh;
  event.trace_id = "old";
  event.body = "old";
  event.template_id = 3;
  event.attributes.push_back({"old", Value::String("old")});
  Materialize(*plan, line.slots.data(), {}, {}, &event);
  Materialize(*plan, line.slots.data(), {}, {}, &fresh);
  std::string a, b;
  AppendNdjson(event, &a);
  AppendNdjson(fresh, &b);
  EXPECT_EQ(a, b);
}

TEST(Materialize, SlotsThatAreParsedFieldsDoNotAppearTwice) {
  BuiltLine line = Line({"user", "=", "^root", " ", "took", " ", "^5", "ms"});
  AddField(&line, FieldRole::kAttribute, ValueType::kString, Range(2, 3), "user");
  AddField(&line, FieldRole::kAttribute, ValueType::kString, Range(0, 8), "event.original");
  line.shape->body = Range(0, 8);
  const Template mined{1, "user=<*> took <*>", {{"user", ValueType::kString}, {"duration", ValueType::kDuration}}};
  const TemplateBinding binding{0, {Range(2, 3), Range(6, 8)}};
  Event event;
  Materialize(*PlanShape(line.shape, &mined, &binding), line.slots.data(), {}, {}, &event);
  ASSERT_EQ(event.attributes.size(), 3u);
  EXPECT_EQ(Find(event.attributes, "duration")->integer, 5'000'000);
  EXPECT_EQ(Find(event.attributes, "duration")->text, "5ms");
}

TEST(Materialize, NamesAreUnique) {
  BuiltLine line = Line({"^a", " ", "^b", " ", "^c"});
  for (int i = 0; i < 5; i += 2) AddField(&line, FieldRole::kAttribute, ValueType::kString, Range(i, i + 1), "x");
  Event event;
  Materialize(*PlanShape(line.shape, nullptr, nullptr), line.slots.data(), {}, {}, &event);
  ASSERT_EQ(event.attributes.size(), 3u);
  EXPECT_EQ(event.attributes[1].name, "x_2");
  EXPECT_EQ(event.attributes[2].name, "x_3");
}

TEST(Materialize, EscapedTextIsUnescapedInTheView) {
  BuiltLine line = Line({"{\"log\":\"", "^say \\\"hi\\\"\\n", "\",\"n\":\"", "^a\\\\b", "\"}"});
  line.shape->envelope = "docker-json";
  line.shape->body = Range(1, 2);
  line.shape->body_unescape = 1;
  AddField(&line, FieldRole::kAttribute, ValueType::kString, Range(3, 4), "n", 1);
  Event event;
  Materialize(*PlanShape(line.shape, nullptr, nullptr), line.slots.data(), {}, {}, &event);
  EXPECT_EQ(event.body, "say \"hi\"");
  EXPECT_EQ(event.attributes[0].value.text, "a\\b");
}

TEST(Materialize, ContinuationLinesAndException) {
  const BuiltLine line = Headed();
  BuiltLine first = Line({"java.lang.IllegalStateException: ", "^boom"});
  BuiltLine second = Line({"\tat ", "^a.B.c(B.java:7)"});
  first.shape->continuation = second.shape->continuation = true;
  first.shape->body = second.shape->body = Range(0, 2);
  Event event;
  Materialize(*PlanShape(line.shape, nullptr, nullptr), line.slots.data(),
              {{first.shape.get(), first.slots.data()}, {second.shape.get(), second.slots.data()}}, {}, &event);
  EXPECT_EQ(event.body, "Took 35 ms\njava.lang.IllegalStateException: boom\n\tat a.B.c(B.java:7)");
  EXPECT_EQ(Find(event.attributes, "exception.type")->text, "java.lang.IllegalStateException");
  EXPECT_EQ(Find(event.attributes, "exception.message")->text, "boom");
  EXPECT_EQ(Find(event.attributes, "exception.stacktrace")->text,
            "java.lang.IllegalStateException: boom\n\tat a.B.c(B.java:7)");
}

TEST(Materialize, TraceIds) {
  BuiltLine line = Line({"^0AF7651916CD43DD8448EB211C80319C", " ", "^b7ad6b7169203331", " ", "^not-an-id"});
  AddField(&line, FieldRole::kTraceId, ValueType::kHexId, Range(0, 1));
  AddField(&line, FieldRole::kSpanId, ValueType::kHexId, Range(2, 3));
  AddField(&line, FieldRole::kParentSpanId, ValueType::kHexId, Range(4, 5));
  Event event;
  Materialize(*PlanShape(line.shape, nullptr, nullptr), line.slots.data(), {}, {}, &event);
  EXPECT_EQ(event.trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(event.span_id, "b7ad6b7169203331");
  EXPECT_EQ(event.parent_span_id, "");
  EXPECT_EQ(Find(event.attributes, "parent_span_id")->text, "not-an-id");
  EXPECT_EQ(event.correlation_method, "explicit");
  EXPECT_EQ(event.correlation_confidence, 1.0);
}

struct ExceptionCase {
  const char* body;
  const char* type;
  const char* message;
};

TEST(Exception, IsFoundInTheTracesOfFiveLanguages) {
  const ExceptionCase cases[] = {
      {"Exception in thread \"main\" java.lang.NullPointerException\n\tat A.b(A.java:1)\n",
       "java.lang.NullPointerException", ""},
      {"request failed\njava.io.IOException: disk full\n\tat A.b(A.java:1)\nCaused by: x.YError: z\n\tat C.d(C.java:2)",
       "java.io.IOException", "disk full"},
      {"Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    f()\nValueError: bad value",
       "ValueError", "bad value"},
      {"job died\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\n    raise X\nKeyError", "KeyError",
       ""},
      {"panic: runtime error: index out of range [5]\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:3", "panic",
       "runtime error: index out of range [5]"},
      {"TypeError: x is not a function\n    at f (/a.js:1:2)", "TypeError", "x is not a function"},
      {"Error [ERR_X]: oh no\n    at f (/a.js:1:2)", "Error", "oh no"},
      {"Unhandled exception. System.InvalidOperationException: no\n   at A.B() in /a.cs:line 3",
       "System.InvalidOperationException", "no"},
      {"report of task_1: Error: java.net.NoRouteToHostException: no route\n\tat A.b(A.java:1)",
       "java.net.NoRouteToHostException", "no route"},
      {"worker 7 failed: java.sql.SQLException: gone\r\n\tat A.b(A.java:1)", "java.sql.SQLException", "gone"},
  };
  for (const ExceptionCase& c : cases) {
    const auto found = FindException(c.body);
    ASSERT_TRUE(found) << c.body;
    EXPECT_EQ(found->type, c.type) << c.body;
    EXPECT_EQ(found->message, c.message) << c.body;
  }
}

TEST(Exception, IsNotInventedWithoutFrames) {
  for (const char* body : {"", "java.io.IOException: disk full", "a\n  b: c\n  d: e",
                           "Traceback (most recent call last):\nfoo: bar", "we met\n  at noon", "panic: x"}) {
    EXPECT_FALSE(FindException(body)) << body;
  }
}

}  // namespace
}  // namespace whittle
