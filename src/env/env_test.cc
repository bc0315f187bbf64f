#include "env/env.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

TEST(EnvTest, DefaultEnvIsComplete) {
  const Env* env = DefaultEnv();
  ASSERT_NE(env->files, nullptr);
  EXPECT_TRUE(env->files->Stat("/").ok());
  EXPECT_GT(env->clock->WallNs(), 1'600'000'000'000'000'000);
  const int64_t before = env->clock->SteadyNs();
  env->clock->SleepNs(1000);
  EXPECT_GE(env->clock->SteadyNs(), before + 1000);
  const auto one = env->entropy->Bytes(16), two = env->entropy->Bytes(16);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->size(), 16u);
  EXPECT_NE(*one, *two);
  EXPECT_FALSE(env->host->Name().empty());
  EXPECT_FALSE(env->host->UserName().empty());
  EXPECT_GE(env->host->UsableProcessors(), 1);
}

TEST(EnvTest, SeededEntropyRepeatsItself) {
  SeededEntropy one(7), two(7), other(8);
  const std::string bytes = *one.Bytes(20);
  EXPECT_EQ(bytes, *two.Bytes(20));
  EXPECT_NE(bytes, *other.Bytes(20));
  EXPECT_NE(bytes, *one.Bytes(20));
}

TEST(EnvTest, ManualClockMovesByHand) {
  ManualClock clock(100);
  clock.SleepNs(5);
  EXPECT_EQ(clock.WallNs(), 105);
  EXPECT_EQ(clock.SteadyNs(), 5);
}

}  // namespace
}  // namespace whittle
