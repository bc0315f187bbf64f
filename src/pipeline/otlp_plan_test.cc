#include "pipeline/otlp_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/test_world.h"

namespace whittle {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(OtlpPlan, EndpointsAreThoseOfOtlpsExporters) {
  struct Case {
    const char* endpoint;
    const char* server;
    const char* path;
  };
  for (const Case& good : {Case{"http://127.0.0.1:4318", "http://127.0.0.1:4318", "/v1/logs"},
                           Case{"https://c.example/", "https://c.example", "/v1/logs"},
                           Case{"http://[::1]:4318/otlp/", "http://[::1]:4318", "/otlp/v1/logs"},
                           Case{"http://h:1/a/v1/logs", "http://h:1", "/a/v1/logs"}}) {
    const auto target = ParseOtlpEndpoint(good.endpoint);
    ASSERT_TRUE(target.ok()) << good.endpoint;
    EXPECT_EQ(target->server, good.server);
    EXPECT_EQ(target->path, good.path);
  }
  for (const char* bad : {"",
                          "127.0.0.1:4318",
                          "grpc://h:4317",
                          "http://",
                          "http:///x",
                          "http://:4318",
                          "http://a b",
                          "http://u:p@h",
                          "http://h/x?y=1",
                          "http://h/#x",
                          "http://h\n",
                          "http://h:0",
                          "http://h:65536",
                          "http://h:99999999999",
                          "http://h:x",
                          "http://h:",
                          "http://[::1",
                          "http://[]",
                          "http://[::1]x",
                          "https://[2001:db8::1]:4318"}) {
    EXPECT_EQ(ParseOtlpEndpoint(bad).status().code(), StatusCode::kConfig) << bad;
    EXPECT_THAT(ParseOtlpEndpoint(bad).status().message(), testing::Not(HasSubstr("u:p")));
  }
}

TEST(OtlpPlan, HeadersAreHeadersAndNoSecrets) {
  EXPECT_TRUE(CheckOtlpHeader("X-Scope-OrgID", "shop 1").ok());
  for (const char* name : {"", "a b", "a:b", "\xc3\xa4", "Content-Type", "HOST", "User-Agent", "Authorization",
                           "X-Auth-Token", "x-api-key", "x-honeycomb-apikey"}) {
    EXPECT_EQ(CheckOtlpHeader(name, "x").code(), StatusCode::kConfig) << name;
  }
  EXPECT_EQ(CheckOtlpHeader("X-A", "b\r\nX-C: d").code(), StatusCode::kConfig);
  EXPECT_THAT(CheckOtlpHeader("Authorization", "hush").message(), testing::Not(HasSubstr("hush")));
}

TEST(OtlpPlan, TokensComeFromFiles) {
  World world;
  world.Write("/token", "hush\n");
  world.Write("/basic", "Basic aHVzaA==\n");
  world.Write("/nothing", "\n");
  OtlpSinkConfig config;
  config.endpoint = "http://h";
  config.headers = {{"X-A", "b"}};
  config.token_file = "/token";
  auto plan = MakeOtlpSinkPlan(&world.env, config);
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->headers, Contains(Pair("X-A", "b")));
  EXPECT_THAT(plan->headers, Contains(Pair("Authorization", "Bearer hush")));
  config.token_file = "/basic";  // says itself what it is
  EXPECT_THAT(MakeOtlpSinkPlan(&world.env, config)->headers, Contains(Pair("Authorization", "Basic aHVzaA==")));
  config.token_header = "X-Key";
  EXPECT_THAT(MakeOtlpSinkPlan(&world.env, config)->headers, Contains(Pair("X-Key", "Basic aHVzaA==")));
  config.token_header = "Authorization";
  world.Write("/blanks", " hush \r\n");
  config.token_file = "/blanks";
  EXPECT_THAT(MakeOtlpSinkPlan(&world.env, config)->headers, Contains(Pair("Authorization", "Bearer hush")));
  world.Write("/lines", "hush\nX-Injected: yes\n");
  config.token_file = "/lines";
  EXPECT_THAT(MakeOtlpSinkPlan(&world.env, config).status().message(), HasSubstr("more than one line"));
  config.token_file = "/nothing";
  EXPECT_EQ(MakeOtlpSinkPlan(&world.env, config).status().code(), StatusCode::kConfig);
  config.token_file = "/missing";
  EXPECT_FALSE(MakeOtlpSinkPlan(&world.env, config).ok());
}

}  // namespace
}  // namespace whittle
