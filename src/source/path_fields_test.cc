#include "source/path_fields.h"

#include <gtest/gtest.h>

#include <string>

namespace whittle {
namespace {

PathFields Match(const std::string& text, const std::string& path) {
  auto parsed = PathTemplate::Parse(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status().message();
  return parsed.ok() ? (*parsed)->Match(path) : PathFields{};
}

std::string Joined(const PathFields& fields) {
  std::string out;
  for (const Attribute& attribute : fields.attributes) out += attribute.name + "=" + attribute.value.text + ";";
  return out;
}

TEST(PathTemplateTest, TakesAttributesAndTheDateFromTheEndOfThePath) {
  const PathFields fields = Match("{host.name}/{service.name}/%Y-%m-%d.gz", "/archive/web-1/checkout/2024-01-01.gz");
  EXPECT_TRUE(fields.matched);
  EXPECT_EQ(Joined(fields), "host.name=web-1;service.name=checkout;");
  EXPECT_EQ(fields.date_s, 1704067200);
}

TEST(PathTemplateTest, MatchesWholeComponents) {
  EXPECT_TRUE(Match("{a}/x.log", "b/x.log").matched);
  EXPECT_FALSE(Match("{a}/x.log", "x.log").matched);
  EXPECT_FALSE(Match("b/x.log", "ab/x.log").matched);
  EXPECT_FALSE(Match("x.log", "x.log.1").matched);
  EXPECT_TRUE(Match("/x.log", "/var/x.log").matched);
  EXPECT_TRUE(Match("x.log*", "x.log.1").matched);
  EXPECT_FALSE(Match("x*y", "x/y").matched);
}

TEST(PathTemplateTest, SplitsAComponent) {
  EXPECT_EQ(Joined(Match("{k8s.namespace.name}_{k8s.pod.name}_{}/{k8s.container.name}/*.log",
                         "/var/log/pods/shop_checkout-5d_0af3/app/0.log")),
            "k8s.namespace.name=shop;k8s.pod.name=checkout-5d;k8s.container.name=app;");
}

TEST(PathTemplateTest, ReadsOtherDates) {
  EXPECT_EQ(Match("%Y/%m/%d/%H%M%S.log", "2024/01/01/130501.log").date_s, 1704067200 + 13 * 3600 + 5 * 60 + 1);
  EXPECT_EQ(Match("%y%j.log", "24001.log").date_s, 1704067200);
  EXPECT_EQ(Match("%Y.log", "2024.log").date_s, 1704067200);
  EXPECT_EQ(Match("%H.log", "13.log").date_s, std::nullopt);
  EXPECT_FALSE(Match("%Y-%m.log", "2024-13.log").matched);
  EXPECT_EQ(Match("%Y-%m-%d.log", "2024-02-30.log").date_s, std::nullopt);
  EXPECT_TRUE(Match("100%%.log", "100%.log").matched);
}

TEST(PathTemplateTest, RefusesWhatItDoesNotKnowAndSaysWhere) {
  EXPECT_EQ(PathTemplate::Parse("{a/b").status().message(),
            "path template '{a/b', character 1: '{' is not closed; write {attribute.name}");
  EXPECT_EQ(PathTemplate::Parse("{a b}").status().message(),
            "path template '{a b}', character 1: 'a b' is not an attribute name");
  EXPECT_NE(PathTemplate::Parse("x/%Q").status().message().find("character 3: unknown part of a date"),
            std::string::npos);
  EXPECT_EQ(PathTemplate::Parse("").status().code(), StatusCode::kUsage);
  EXPECT_EQ(PathTemplate::Parse("%").status().code(), StatusCode::kUsage);
  EXPECT_EQ(PathTemplate::Parse(std::string(5000, 'a')).status().code(), StatusCode::kUsage);
}

TEST(PathVariablesTest, NameTheStreamNotTheRotatedFile) {
  EXPECT_EQ(*ExpandPathVariables("{basename}", "/var/log/nginx/access.log.3.gz"), "access.log");
  EXPECT_EQ(*ExpandPathVariables("{directory}-{stem}!", "/var/log/nginx/access.log.3.gz"), "nginx-access!");
  EXPECT_EQ(*ExpandPathVariables("{stem}", "syslog"), "syslog");
  EXPECT_EQ(*ExpandPathVariables("{directory}", "syslog"), "");
  EXPECT_EQ(*ExpandPathVariables("constant", "x"), "constant");
  EXPECT_EQ(ExpandPathVariables("{base}", "x").status().code(), StatusCode::kUsage);
  EXPECT_EQ(ExpandPathVariables("{basename", "x").status().code(), StatusCode::kUsage);
}

}  // namespace
}  // namespace whittle
