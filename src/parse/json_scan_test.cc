#include "parse/json_scan.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

std::string Describe(std::string_view text) {
  std::vector<JsonMember> members;
  std::vector<ByteRange> varying_keys;
  if (!ScanJsonObject(text, &members, &varying_keys)) return "no";
  std::string out;
  for (const JsonMember& member : members) {
    out += member.name + "(" + std::to_string(static_cast<int>(member.kind)) +
           ")=" + std::string(text.substr(member.begin, member.end - member.begin)) + ";";
  }
  return out;
}

TEST(JsonScanTest, FlattensObjectsAndKeepsRanges) {
  EXPECT_EQ(Describe(R"( {"a": "x\"y" , "b":{"c": -1,"d":{"e":1.5}},"f":[1,{"g":2}],"h":true,"i":null,"j":{}} )"),
            R"(a(0)=x\"y;b.c(1)=-1;b.d.e(2)=1.5;f(6)=[1,{"g":2}];h(3)=true;i(4)=null;j(5)={};)");
  EXPECT_EQ(Describe("{}"), "");
  EXPECT_EQ(Describe(R"({"a\u0062":1})"), "ab(1)=1;");
}

TEST(JsonScanTest, RefusesWhatIsNotOneObject) {
  for (const char* text : {"", "[1]", "{\"a\":01}", "{\"a\":1} x", "{\"a\":1}{\"b\":2}", "{'a':1}", "{\"a\":\"\t\"}",
                           "{\"a\":\"\xff\"}", "{", "}{", "null"}) {
    EXPECT_EQ(Describe(text), "no") << text;
  }
}

TEST(JsonScanTest, LimitsDepthMembersAndSize) {
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "{\"k\":";
  deep += "1" + std::string(40, '}');
  std::vector<JsonMember> members;
  std::vector<ByteRange> varying_keys;
  ASSERT_TRUE(ScanJsonObject(deep, &members, &varying_keys));
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].kind, JsonKind::kObject);

  std::string wide = "{\"k0\":0";
  for (size_t i = 1; i < 2 * kMaxJsonMembers; ++i) wide += ",\"k" + std::to_string(i) + "\":{\"x\":1}";
  members.clear();
  ASSERT_TRUE(ScanJsonObject(wide + "}", &members, &varying_keys));
  EXPECT_EQ(members.size(), kMaxJsonMembers);

  members.clear();
  EXPECT_FALSE(ScanJsonObject("{\"a\":\"" + std::string(kMaxJsonBytes, 'x') + "\"}", &members, &varying_keys));
}

}  // namespace
}  // namespace whittle
