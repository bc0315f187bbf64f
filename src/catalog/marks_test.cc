#include "catalog/marks.h"

#include <gtest/gtest.h>

#include "catalog/store_layout.h"
#include "env/memory_file_system.h"

namespace whittle {
namespace {

TEST(Marks, AreFoundByNameAndVersion) {
  MemoryFileSystem files;
  Env env;
  env.files = &files;
  EXPECT_FALSE(AddMark(&env, "/s", {1, "deploy", ""}).ok());  // no store there
  ASSERT_TRUE(CreateStoreIfMissing(&env, "/s").ok());
  EXPECT_EQ(FindMark(&env, "/s", "deploy").status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(AddMark(&env, "/s", {5'000'000'000, "deploy", "v1"}).ok());
  ASSERT_TRUE(AddMark(&env, "/s", {9'000'000'000, "deploy", "v2"}).ok());
  ASSERT_TRUE(AddMark(&env, "/s", {7'000'000'000, "config", ""}).ok());
  EXPECT_EQ(FindMark(&env, "/s", "deploy")->time_ns, 9'000'000'000);
  EXPECT_EQ(FindMark(&env, "/s", "deploy v1")->time_ns, 5'000'000'000);
  EXPECT_EQ(FindMark(&env, "/s", "config")->version, "");
  EXPECT_EQ(ReadMarks(&env, "/s")->size(), 3u);
  for (const char* bad : {"", "a\tb", "a\nb"}) EXPECT_EQ(AddMark(&env, "/s", {1, bad, ""}).code(), StatusCode::kUsage);
}

}  // namespace
}  // namespace whittle
