#include "render/otlp.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <limits>
#include <random>

namespace whittle {
namespace {

std::string Rendered(const Value& value) {
  std::string out;
  AppendOtlpValue(value, &out);
  return out;
}

TEST(Otlp, ValuesKeepTheirTypes) {
  EXPECT_EQ(Rendered(ParseValue(ValueType::kInt64, "-9223372036854775808")), R"({"intValue":"-9223372036854775808"})");
  EXPECT_EQ(Rendered(ParseValue(ValueType::kDouble, "1.50")), R"({"doubleValue":1.5})");
  EXPECT_EQ(Rendered(ParseValue(ValueType::kBool, "true")), R"({"boolValue":true})");
  EXPECT_EQ(Rendered(ParseValue(ValueType::kDuration, "35 ms")), R"({"stringValue":"35 ms"})");
  EXPECT_EQ(Rendered(ParseValue(ValueType::kIp, "::1")), R"({"stringValue":"::1"})");
  EXPECT_EQ(Rendered(Value::String("a\"b\n")), R"({"stringValue":"a\"b\n"})");
  EXPECT_EQ(Rendered(Value::String("\xff\x01")), R"({"bytesValue":"/wE="})");
  Value odd = ParseValue(ValueType::kDouble, "1.5");
  odd.real = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Rendered(odd), R"({"doubleValue":"Infinity"})");
  odd.real = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Rendered(odd), R"({"doubleValue":"NaN"})");
}

TEST(Otlp, AnEventIsALogRecord) {
  Event event;
  event.timestamp_ns = 1674991109104384446;
  event.severity_text = "INFO";
  event.severity_number = 9;
  event.body = "took 35 ms";
  event.template_id = 0x9f3c;
  event.template_text = "took <*> ms";
  event.attributes = {{"n", ParseValue(ValueType::kInt64, "12")}};
  event.resource = {{"service.name", Value::String("order")}};
  event.trace_id = "0af7651916cd43dd8448eb211c80319c";
  event.span_id = "b7ad6b7169203331";
  event.parent_span_id = "00f067aa0ba902b7";
  event.sample_rate = 2.5;
  event.stratum = "s";
  event.source_name = "app.log";
  event.source_offset = 7;
  event.source_line = 2;
  OtlpRequest request("1.2");
  request.Add(event, "uid");
  EXPECT_EQ(
      request.Body(1, 5),
      R"({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"order"}}]},)"
      R"("scopeLogs":[{"scope":{"name":"whittle","version":"1.2"},"logRecords":[{"observedTimeUnixNano":"5",)"
      R"("timeUnixNano":"1674991109104384446","severityNumber":9,"severityText":"INFO",)"
      R"("traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331",)"
      R"("body":{"stringValue":"took 35 ms"},"attributes":[{"key":"n","value":{"intValue":"12"}},)"
      R"({"key":"parent_span_id","value":{"stringValue":"00f067aa0ba902b7"}},)"
      R"({"key":"log.record.uid","value":{"stringValue":"uid"}},)"
      R"({"key":"whittle.template_id","value":{"stringValue":"0000000000009f3c"}},)"
      R"({"key":"whittle.template","value":{"stringValue":"took <*> ms"}},)"
      R"({"key":"whittle.source","value":{"stringValue":"app.log"}},{"key":"whittle.offset","value":{"intValue":"7"}},)"
      R"({"key":"whittle.line","value":{"intValue":"2"}},{"key":"whittle.sample_rate","value":{"doubleValue":2.5}},)"
      R"({"key":"whittle.stratum","value":{"stringValue":"s"}}]}]}]}]})");
}

TEST(Otlp, WhatOtlpCannotSayStandsInAttributes) {
  Event event;
  event.timestamp_ns = -1'500'000'000;
  event.attributes = {{"log.record.uid", Value::String("its own")}};
  OtlpRequest request("1");
  request.Add(event, "uid");
  const std::string body = request.Body(1, 5);
  EXPECT_EQ(body.find("timeUnixNano"), std::string::npos) << body;
  EXPECT_NE(body.find(R"({"key":"whittle.timestamp","value":{"stringValue":"1969-12-31T23:59:58.500000000Z"}})"),
            std::string::npos)
      << body;
  EXPECT_NE(body.find(R"({"key":"log.record.uid","value":{"stringValue":"uid"}})"), std::string::npos);
  EXPECT_NE(body.find(R"({"key":"whittle.original.log.record.uid","value":{"stringValue":"its own"}})"),
            std::string::npos);
}

TEST(Otlp, RequestsAreCutAnywhereAndShareResources) {
  const unsigned seed = 7;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  OtlpRequest request("1");
  std::vector<std::string> services;
  for (int i = 0; i < 60; ++i) {
    Event event;
    for (int b = 0; b < 20; ++b) event.body += static_cast<char>(random());
    services.push_back(std::string(1, static_cast<char>('a' + random() % 3)));
    event.resource = {{"service.name", Value::String(services.back())}};
    request.Add(event, std::to_string(i));
  }
  size_t next = 0;
  while (!request.empty()) {
    const size_t count = std::min<size_t>(1 + random() % 9, request.events());
    const std::string body = request.Body(count, 1);
    simdjson::dom::parser parser;
    simdjson::dom::array resources;
    ASSERT_EQ(parser.parse(body)["resourceLogs"].get(resources), simdjson::SUCCESS) << body;
    std::string_view last;
    for (const simdjson::dom::element resource : resources) {
      std::string_view service;
      ASSERT_EQ(resource["resource"]["attributes"].at(0)["value"]["stringValue"].get(service), simdjson::SUCCESS);
      EXPECT_NE(service, last) << "neighbours with one resource stand together";
      last = service;
      for (const simdjson::dom::element record : resource["scopeLogs"].at(0)["logRecords"]) {
        std::string_view uid;
        ASSERT_EQ(record["attributes"].at(0)["value"]["stringValue"].get(uid), simdjson::SUCCESS);
        EXPECT_EQ(uid, std::to_string(next));
        EXPECT_EQ(service, services[next++]);
      }
    }
    request.RemoveFirst(count);
  }
  EXPECT_EQ(next, services.size());
  EXPECT_EQ(request.bytes(), 0u);
  EXPECT_EQ(request.Body(0, 1), R"({"resourceLogs":[]})");
}

}  // namespace
}  // namespace whittle
