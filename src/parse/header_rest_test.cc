#include "parse/header_rest.h"

#include <gtest/gtest.h>

#include <string>

#include "parse/header.h"

namespace whittle {
namespace {

// "name=value" of what the header holds beside the items that are known.
std::string RestOf(std::string_view line) {
  LineAnalysis analysis;
  if (!ParseHeader(line, HeaderMode::kAny, &analysis)) return "no header";
  const size_t known = analysis.fields.size();
  AddHeaderRest(line, &analysis);
  std::string text;
  for (size_t i = known; i < analysis.fields.size(); ++i) {
    const FieldSpan& field = analysis.fields[i];
    text +=
        (text.empty() ? "" : " | ") + field.name + "=" + std::string(line.substr(field.begin, field.end - field.begin));
  }
  return text;
}

TEST(HeaderRest, ColumnsKeepTheirNumber) {
  EXPECT_EQ(RestOf("2017-05-16 00:00:00.008 25746 INFO nova.api [req-38101a0b 113d3a99 54fadb41 - - -] GET"),
            "header.1=req-38101a0b | header.2=113d3a99 | header.3=54fadb41");
  EXPECT_EQ(RestOf("2017-05-16 00:00:00.008 25746 INFO nova.api [req-38101a0b - 54fadb41 - - -] GET"),
            "header.1=req-38101a0b | header.3=54fadb41");
}

TEST(HeaderRest, KeysAreTheNames) {
  EXPECT_EQ(RestOf("2024-05-01 10:00:00,123 INFO [main] [user=alice, order=17, tid=9] a.b.C - done"),
            "user=alice | order=17 | tid=9");
}

TEST(HeaderRest, WhatHasANameOrIsNoWordIsLeftAlone) {
  EXPECT_EQ(RestOf("2024-05-01 10:00:00,123 ERROR [main] a.b.Store: write failed"), "");
  EXPECT_EQ(RestOf("2023-06-14 15:16:01.123  INFO 12345 --- [           main] c.e.demo.Application : Started"), "");
  EXPECT_EQ(RestOf("Jun 15 02:04:59 combo sshd(pam_unix)[20882]: authentication failure"), "");
}

TEST(HeaderRest, IsBounded) {
  std::string columns;
  for (int i = 0; i < 100; ++i) columns += "a" + std::to_string(i) + " ";
  LineAnalysis analysis;
  analysis.body_begin = static_cast<uint32_t>(columns.size());
  AddHeaderRest(columns, &analysis);
  EXPECT_EQ(analysis.fields.size(), kMaxHeaderRest);
}

}  // namespace
}  // namespace whittle
