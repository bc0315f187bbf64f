#include "catalog/store_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "catalog/catalog_test_util.h"
#include "env/env_test_util.h"
#include "env/posix_file_system.h"

namespace whittle {
namespace {

using testing::HasSubstr;

TEST(StoreLayoutTest, MakesAStoreOnlyOutOfNothing) {
  FakeWorld world;
  EXPECT_EQ(CheckStore(&world.env, "/store").code(), StatusCode::kNotFound);
  ASSERT_TRUE(CreateStoreIfMissing(&world.env, "/deep/er/store").ok()) << "parents are made as well";
  EXPECT_TRUE(CheckStore(&world.env, "/deep/er/store").ok());
  EXPECT_TRUE(CreateStoreIfMissing(&world.env, "/deep/er/store").ok());
  ASSERT_TRUE(world.memory.MakeDirectory("/empty").ok());
  EXPECT_TRUE(CreateStoreIfMissing(&world.env, "/empty").ok());
  ASSERT_TRUE(WriteFileAtomically(&world.memory, "/file", "x").ok());
  EXPECT_EQ(CreateStoreIfMissing(&world.env, "/file").code(), StatusCode::kUsage);
  ASSERT_TRUE(world.memory.MakeDirectory("/home").ok());
  ASSERT_TRUE(WriteFileAtomically(&world.memory, "/home/thesis", "x").ok());
  EXPECT_EQ(CreateStoreIfMissing(&world.env, "/home").code(), StatusCode::kUsage);
}

TEST(StoreLayoutTest, SegmentsWithoutFormatAreNotABeginning) {
  FakeWorld world;
  ASSERT_TRUE(CreateStoreIfMissing(&world.env, "/store").ok());
  ASSERT_TRUE(world.memory.Remove("/store/FORMAT").ok());
  EXPECT_TRUE(CreateStoreIfMissing(&world.env, "/store").ok()) << "what a crash while making it leaves";
  ASSERT_TRUE(world.memory.Remove("/store/FORMAT").ok());
  ASSERT_TRUE(WriteFileAtomically(&world.memory, "/store/segments/1.wseg", "x").ok());
  EXPECT_EQ(CreateStoreIfMissing(&world.env, "/store").code(), StatusCode::kUsage);
}

TEST(StoreLayoutTest, FormatFilesThatAreNotOurs) {
  FakeWorld world;
  ASSERT_TRUE(CreateStoreIfMissing(&world.env, "/store").ok());
  for (const char* text :
       {"", "whittle", "whittle store ", "whittle store x.1", "whittle store 1", "whittle store 0.1"}) {
    ASSERT_TRUE(WriteFileAtomically(&world.memory, "/store/FORMAT", text).ok());
    EXPECT_EQ(CheckStore(&world.env, "/store").code(), StatusCode::kUsage) << text;
  }
  ASSERT_TRUE(WriteFileAtomically(&world.memory, "/store/FORMAT", "whittle store 1.7\n").ok());
  EXPECT_TRUE(CheckStore(&world.env, "/store").ok()) << "a later minor version";
  ASSERT_TRUE(WriteFileAtomically(&world.memory, "/store/FORMAT", "whittle store 12.0\n").ok());
  EXPECT_EQ(CheckStore(&world.env, "/store").code(), StatusCode::kUnsupported);
}

// On the real disk: modes and links.
class RealStoreTest : public testing::Test {
 protected:
  CatalogOptions Options() {
    CatalogOptions options;
    options.read_footer = ReadFakeFooter;
    return options;
  }
  const ScratchDirectory scratch_;
  const std::string root_ = scratch_.path();
  Env env_ = *DefaultEnv();
};

TEST_F(RealStoreTest, EverythingIsForItsOwnerOnly) {
  const mode_t before = umask(0);
  auto catalog = Catalog::Open(&env_, root_ + "/store", Options());
  ASSERT_TRUE(catalog.ok()) << catalog.status().message();
  FakeCommit commit('a', 0, 100);
  EXPECT_TRUE((*catalog)->CommitSegment(commit.Take()).ok());
  EXPECT_TRUE((*catalog)->Close().ok());
  umask(before);
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root_ + "/store")) {
    struct stat st;
    ASSERT_EQ(lstat(entry.path().c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, S_ISDIR(st.st_mode) ? 0700u : 0600u) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 9u);
}

TEST_F(RealStoreTest, CommitsReadBackAndSecondOpenerIsBusy) {
  auto catalog = Catalog::Open(&env_, root_ + "/store", Options());
  ASSERT_TRUE(catalog.ok());
  FakeCommit commit('a', 0, 100);
  ASSERT_TRUE((*catalog)->CommitSegment(commit.Take()).ok());
  EXPECT_EQ(Catalog::Open(&env_, root_ + "/store", Options()).status().code(), StatusCode::kBusy);
  const auto snapshot = TakeSnapshot(&env_, root_ + "/store");
  ASSERT_TRUE(snapshot.ok());
  EXPECT_NE(snapshot->pin, nullptr);
  ASSERT_EQ(snapshot->manifest.segments.size(), 1u);
  EXPECT_EQ(*ReadFile(env_.files, snapshot->SegmentPath(snapshot->manifest.segments[0])), commit.bytes);
}

TEST_F(RealStoreTest, LinksDoNotLeadOut) {
  const std::string store = root_ + "/store";
  ASSERT_TRUE(Catalog::Open(&env_, store, Options()).ok());
  ASSERT_TRUE(std::filesystem::create_directory(root_ + "/outside"));
  std::filesystem::remove_all(store + "/segments");
  ASSERT_EQ(symlink((root_ + "/outside").c_str(), (store + "/segments").c_str()), 0);
  const auto opened = Catalog::Open(&env_, store, Options());
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.status().message(), HasSubstr("directories of its own"));
}

}  // namespace
}  // namespace whittle
