#include "render/ndjson.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>

#include "render/json_text.h"

namespace whittle {
namespace {

std::string Render(const Event& event) {
  std::string out;
  AppendNdjson(event, &out);
  return out;
}

Event Full() {
  Event event;
  event.timestamp_ns = 1674991109104384446;
  event.severity_text = "INFO";
  event.severity_number = 9;
  event.body = "took 35 ms";
  event.template_id = 0x9f3c;
  event.template_text = "took <*> ms";
  event.attributes = {{"url.path", Value::String("/checkout")},
                      {"n", ParseValue(ValueType::kInt64, "12")},
                      {"r", ParseValue(ValueType::kDouble, "1.50")},
                      {"ok", ParseValue(ValueType::kBool, "True")},
                      {"t", ParseValue(ValueType::kTimestamp, "2023-01-29")},
                      {"d", ParseValue(ValueType::kDuration, "35 ms")}};
  event.resource = {{"service.name", Value::String("order")}};
  event.trace_id = "0af7651916cd43dd8448eb211c80319c";
  event.span_id = "b7ad6b7169203331";
  event.correlation_method = "explicit";
  event.correlation_confidence = 1;
  event.stratum = "s1";
  event.source_name = "app.log";
  event.source_line = 1;
  return event;
}

TEST(Ndjson, ReferenceRendering) {
  EXPECT_EQ(
      Render(Full()),
      R"({"timestamp":"2023-01-29T11:18:29.104384446Z","severity_text":"INFO","severity_number":9,"body":"took 35 ms",)"
      R"("template_id":"0000000000009f3c","template":"took <*> ms","attributes":{"url.path":"/checkout","n":12,"r":1.50,)"
      R"("ok":true,"t":"2023-01-29T00:00:00.000000000Z","d":"35 ms"},"resource":{"service.name":"order"},)"
      R"("trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331",)"
      R"("correlation":{"method":"explicit","confidence":1.0},"sample_rate":1.0,"stratum":"s1",)"
      R"("source":{"name":"app.log","offset":0,"line":1}})"
      "\n");
}

TEST(Ndjson, AbsentFieldsAreLeftOut) {
  EXPECT_EQ(Render(Event()), "{\"body\":\"\",\"sample_rate\":1.0,\"source\":{\"offset\":0}}\n");
}

TEST(Ndjson, BytesThatAreNotUtf8KeepATwin) {
  Event event;
  event.body = "a\xFFz";
  event.attributes = {{"x", Value::String("\xC3")}, {"y", Value::String("fine")}, {"k\xFE", Value::String("v")}};
  EXPECT_EQ(Render(event),
            "{\"body\":\"a\xEF\xBF\xBDz\",\"body_bytes\":\"Yf96\",\"attributes\":{\"x\":\"\xEF\xBF\xBD\",\"y\":"
            "\"fine\",\"k%fe\":\"v\"},"
            "\"attributes_bytes\":{\"x\":\"ww==\"},\"sample_rate\":1.0,\"source\":{\"offset\":0}}\n");
}

TEST(Ndjson, GuessedTimesSaySo) {
  Event event = Full();
  event.timestamp_guessed = true;
  EXPECT_NE(Render(event).find("\"timestamp_guessed\":true,\"severity_text\""), std::string::npos);
}

TEST(JsonText, EscapesControls) {
  std::string out;
  EXPECT_TRUE(AppendJsonString(std::string_view("\"\\\n\r\t\b\f\0\x1b\x7f\xC2\x9B\xC3\xA9", 14), &out));
  EXPECT_EQ(out, "\"\\\"\\\\\\n\\r\\t\\b\\f\\u0000\\u001b\\u007f\\u009b\xC3\xA9\"");
}

TEST(JsonText, NumbersOfJson) {
  for (const char* text : {"0", "-1", "1.50", "1e5", "1E-5", "10"}) EXPECT_TRUE(IsJsonNumber(text)) << text;
  for (const char* text : {"", "-", "01", "+1", "1.", ".5", "1e", "nan", "1 "})
    EXPECT_FALSE(IsJsonNumber(text)) << text;
}

TEST(JsonText, DoublesReadBack) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 5000; ++i) {
    double value = 0;
    const uint64_t bits = random();
    std::memcpy(&value, &bits, sizeof value);
    std::string out;
    AppendJsonDouble(value, &out);
    if (!std::isfinite(value)) {
      EXPECT_EQ(out, "null");
      continue;
    }
    EXPECT_TRUE(IsJsonNumber(out)) << out;
    EXPECT_EQ(std::strtod(out.c_str(), nullptr), value);
  }
}

TEST(JsonText, Base64) {
  const auto encode = [](std::string_view bytes) {
    std::string out;
    AppendBase64(bytes, &out);
    return out;
  };
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
}

// Whatever the bytes, another program's JSON parser reads the line and finds the text that was meant.
TEST(Ndjson, AnyBytesAreValidJson) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  simdjson::dom::parser parser;
  for (int round = 0; round < 3000; ++round) {
    const auto bytes = [&] {
      static constexpr std::string_view kPieces[] = {"a",
                                                     "\"",
                                                     "\\",
                                                     "\n",
                                                     std::string_view("\0", 1),
                                                     "\xC3\xA9",
                                                     "\xE2\x82\xAC",
                                                     "\xF0\x9F\x98\x80",
                                                     "\xFF",
                                                     "\xED\xA0\x80",
                                                     "\xC0\x80",
                                                     "\xF4\x90\x80\x80",
                                                     "\xE2\x82"};
      std::string text;
      for (size_t n = random() % 12; n > 0; --n) text += kPieces[random() % std::size(kPieces)];
      return text;
    };
    Event event;
    event.body = bytes();
    event.severity_text = bytes();
    event.source_name = bytes();
    event.attributes = {{"k" + bytes(), Value::String(bytes())}};
    const std::string line = Render(event);
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    simdjson::dom::element document;
    ASSERT_EQ(parser.parse(line).get(document), simdjson::SUCCESS) << line;
    std::string_view body;
    ASSERT_EQ(document["body"].get(body), simdjson::SUCCESS);
    std::string_view twin;
    const bool has_twin = document["body_bytes"].get(twin) == simdjson::SUCCESS;
    ASSERT_EQ(has_twin, !IsUtf8(event.body));
    ASSERT_EQ(has_twin, !simdjson::validate_utf8(event.body));
    if (!has_twin) {
      ASSERT_EQ(body, event.body);
    }
  }
}

}  // namespace
}  // namespace whittle
