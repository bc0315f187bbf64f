#include "source/input_set.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "env/env_test_util.h"
#include "env/memory_file_system.h"
#include "env/posix_file_system.h"

namespace whittle {
namespace {

using Paths = std::vector<std::string>;

void Put(FileSystem* files, const std::string& path, const std::string& text = "x\n") {
  ASSERT_TRUE(MakeDirectories(files, DirectoryOf(path)).ok());
  auto file = files->OpenForWrite(path, WriteMode::kTruncate);
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_TRUE((*file)->Append(text).ok());
}

InputSet Expand(FileSystem* files, const Paths& arguments, const InputOptions& options = {}) {
  auto set = ExpandInputs(files, arguments, options);
  EXPECT_TRUE(set.ok()) << set.status().message();
  return set.ok() ? std::move(*set) : InputSet{};
}

Paths PathsOf(const InputSet& set) {
  Paths paths;
  for (const Input& input : set.inputs) paths.push_back(input.path);
  return paths;
}

TEST(InputSetTest, RotatedSiblingsAreReadOldestFirst) {
  MemoryFileSystem files;
  for (const char* name : {"app.log", "app.log.1", "app.log.2.gz", "app.log.10.gz", "db.log"}) {
    Put(&files, std::string("/logs/") + name);
  }
  const Paths expected = {"/logs/app.log.10.gz", "/logs/app.log.2.gz", "/logs/app.log.1", "/logs/app.log",
                          "/logs/db.log"};
  EXPECT_EQ(PathsOf(Expand(&files, {"/logs"})), expected);
  EXPECT_EQ(PathsOf(Expand(&files, {"/logs/"})), expected);
  EXPECT_EQ(PathsOf(Expand(&files, {"/logs/*"})), expected);
  // As a shell expands app.log*; streams keep the order of the arguments.
  EXPECT_EQ(PathsOf(Expand(&files, {"/logs/db.log", "/logs/app.log", "/logs/app.log.1", "/logs/app.log.10.gz"})),
            (Paths{"/logs/db.log", "/logs/app.log.10.gz", "/logs/app.log.1", "/logs/app.log"}));
  const InputSet set = Expand(&files, {"/logs"});
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(set.inputs[i].stream, "/logs/app.log");
    EXPECT_EQ(set.inputs[i].name, "app.log");
  }
  EXPECT_EQ(set.total_bytes, 10u);
}

TEST(InputSetTest, DirectoriesAreReadDeeplyInByteOrder) {
  MemoryFileSystem files;
  for (const char* path : {"/a/z.log", "/a/b/c.log", "/a/b/a/x.log", "/a/.hidden"}) Put(&files, path);
  EXPECT_EQ(PathsOf(Expand(&files, {"/a"})), (Paths{"/a/.hidden", "/a/b/a/x.log", "/a/b/c.log", "/a/z.log"}));
}

TEST(InputSetTest, GlobsReachAsDeepAsTheySay) {
  MemoryFileSystem files;
  for (const char* path : {"/a/1.log", "/a/b/2.log", "/a/b/c/3.log", "/a/b/c/4.txt"}) Put(&files, path);
  EXPECT_EQ(PathsOf(Expand(&files, {"/a/*.log"})), (Paths{"/a/1.log"}));
  EXPECT_EQ(PathsOf(Expand(&files, {"/a/*/*.log"})), (Paths{"/a/b/2.log"}));
  EXPECT_EQ(PathsOf(Expand(&files, {"/a/**/*.log"})), (Paths{"/a/1.log", "/a/b/2.log", "/a/b/c/3.log"}));
  // A directory that a glob names is read whole.
  EXPECT_EQ(PathsOf(Expand(&files, {"/a/?"})), (Paths{"/a/b/2.log", "/a/b/c/3.log", "/a/b/c/4.txt"}));
  const InputSet nothing = Expand(&files, {"/a/*.gz", "/none/*.log"});
  ASSERT_EQ(nothing.problems.size(), 2u);
  EXPECT_EQ(nothing.problems[0].status.message(), "/a/*.gz: no file matches");
  EXPECT_EQ(nothing.problems[1].status.message(), "/none/*.log: no file matches");
}

TEST(InputSetTest, AFileWhoseNameLooksLikeAGlobIsTakenAsItIs) {
  MemoryFileSystem files;
  Put(&files, "/a/[1].log");
  Put(&files, "/a/1.log");
  EXPECT_EQ(PathsOf(Expand(&files, {"/a/[1].log"})), (Paths{"/a/[1].log"}));
}

TEST(InputSetTest, MissingArgumentsAreListedAndTheRestIsRead) {
  MemoryFileSystem files;
  Put(&files, "/a.log");
  const InputSet set = Expand(&files, {"/none.log", "/a.log"});
  EXPECT_EQ(PathsOf(set), (Paths{"/a.log"}));
  ASSERT_EQ(set.problems.size(), 1u);
  EXPECT_EQ(set.problems[0].path, "/none.log");
  EXPECT_EQ(set.problems[0].status.code(), StatusCode::kNotFound);
}

TEST(InputSetTest, StoresAndExcludedFilesAreLeftOut) {
  MemoryFileSystem files;
  for (const char* path : {"/l/a.log", "/l/a.tmp", "/l/store/s1", "/l/old/store2/s2", "/l/cache/x.log"})
    Put(&files, path);
  InputOptions options;
  options.skip = {"/l/store", "/absent"};
  options.is_store = [](const std::string& directory) { return BaseName(directory) == "store2"; };
  options.exclude = {"*.tmp", "cache"};
  EXPECT_EQ(PathsOf(Expand(&files, {"/l"}, options)), (Paths{"/l/a.log"}));
  options.exclude = {"/l/**/*.log"};
  EXPECT_EQ(PathsOf(Expand(&files, {"/l"}, options)), (Paths{"/l/a.tmp"}));
}

TEST(InputSetTest, StandardInputAndRepeatedArgumentsCountOnce) {
  MemoryFileSystem files;
  Put(&files, "/a.log");
  const InputSet set = Expand(&files, {"-", "/a.log", "-", "//a.log", "/./a.log"});
  EXPECT_EQ(PathsOf(set), (Paths{"-", "/a.log"}));
  EXPECT_EQ(set.inputs[0].kind, InputKind::kStdin);
}

TEST(InputSetTest, NamesAreAsLongAsTheyMustBe) {
  MemoryFileSystem files;
  for (const char* path :
       {"/n/web1/nginx/access.log", "/n/web2/nginx/access.log", "/n/web1/app.log.1", "/n/web1/app.log"}) {
    Put(&files, path);
  }
  const InputSet set = Expand(&files, {"/n"});
  ASSERT_EQ(set.inputs.size(), 4u);
  EXPECT_EQ(set.inputs[0].name, "app.log");
  EXPECT_EQ(set.inputs[1].name, "app.log");
  EXPECT_EQ(set.inputs[2].name, "web1/nginx/access.log");
  EXPECT_EQ(set.inputs[3].name, "web2/nginx/access.log");
}

TEST(InputSetTest, PathTemplatesGiveAttributesAndDates) {
  MemoryFileSystem files;
  Put(&files, "/arc/web1/checkout/2024-01-01.gz");
  Put(&files, "/arc/web1/README");
  InputOptions options;
  auto parsed = PathTemplate::Parse("{host.name}/{service.name}/%Y-%m-%d.gz");
  ASSERT_TRUE(parsed.ok());
  options.path_fields = *parsed;
  const InputSet set = Expand(&files, {"/arc"}, options);
  ASSERT_EQ(set.inputs.size(), 2u);
  EXPECT_EQ(set.unmatched_path_fields, 1u);
  EXPECT_EQ(set.inputs[0].date_origin, DateOrigin::kModified);
  ASSERT_EQ(set.inputs[1].resource.size(), 2u);
  EXPECT_EQ(set.inputs[1].resource[1].value.text, "checkout");
  EXPECT_EQ(set.inputs[1].date_origin, DateOrigin::kPathTemplate);
  EXPECT_EQ(set.inputs[1].date_s, 1704067200);
  const InputSet plain = Expand(&files, {"/arc"});
  EXPECT_EQ(plain.inputs[1].date_origin, DateOrigin::kFileName);
}

// chmod does not stop root, so a file system that refuses stands in for one that would.
class RefusingFileSystem final : public MemoryFileSystem {
 public:
  Result<std::vector<DirectoryEntry>> List(const std::string& path) override {
    if (path == "/l/secret") return Status(StatusCode::kIo, path + ": cannot list: Permission denied");
    return MemoryFileSystem::List(path);
  }
  Result<FileInfo> Stat(const std::string& path) override {
    if (path == "/l/gone.log") return Status(StatusCode::kNotFound, path + ": cannot stat: No such file or directory");
    return MemoryFileSystem::Stat(path);
  }
};

TEST(InputSetTest, WhatCannotBeReadIsListed) {
  RefusingFileSystem files;
  for (const char* path : {"/l/secret/app.log", "/l/open.log", "/l/gone.log"}) Put(&files, path);
  const InputSet set = Expand(&files, {"/l"});
  EXPECT_EQ(PathsOf(set), (Paths{"/l/open.log"}));
  ASSERT_EQ(set.problems.size(), 2u);
  EXPECT_EQ(set.problems[0].path, "/l/gone.log");
  EXPECT_EQ(set.problems[1].status.message(), "/l/secret: cannot list: Permission denied");
}

class InputSetOnDiskTest : public ::testing::Test {
 protected:
  const ScratchDirectory scratch_;
  const std::string root_ = scratch_.path();
  FileSystem* const files_ = PosixFileSystem();
};

TEST_F(InputSetOnDiskTest, LinksAreFollowedOnceAndLoopsEnd) {
  Put(files_, root_ + "/pods/app.log");
  Put(files_, root_ + "/outside/other.log");
  ASSERT_TRUE(MakeDirectories(files_, root_ + "/containers").ok());
  ASSERT_EQ(symlink("../pods/app.log", (root_ + "/containers/link.log").c_str()), 0);
  ASSERT_EQ(symlink("..", (root_ + "/pods/loop").c_str()), 0);
  ASSERT_EQ(symlink("nowhere", (root_ + "/pods/dangling").c_str()), 0);
  // The name that is no link wins although the link is found first.
  const InputSet set = Expand(files_, {root_});
  EXPECT_EQ(PathsOf(set), (Paths{root_ + "/outside/other.log", root_ + "/pods/app.log"}));
  ASSERT_EQ(set.problems.size(), 1u);
  EXPECT_EQ(set.problems[0].path, root_ + "/pods/dangling");
  // A link alone is read under its own name.
  EXPECT_EQ(PathsOf(Expand(files_, {root_ + "/containers"})), (Paths{root_ + "/containers/link.log"}));
}

TEST_F(InputSetOnDiskTest, SpecialFilesInsideDirectoriesAreSkippedButNamedPipesAreRead) {
  Put(files_, root_ + "/app.log");
  ASSERT_EQ(mkfifo((root_ + "/pipe").c_str(), 0600), 0);
  const InputSet set = Expand(files_, {root_});
  EXPECT_EQ(PathsOf(set), (Paths{root_ + "/app.log"}));
  EXPECT_EQ(set.skipped_special, 1u);
  const InputSet named = Expand(files_, {root_ + "/pipe"});
  ASSERT_EQ(named.inputs.size(), 1u);
  EXPECT_EQ(named.inputs[0].kind, InputKind::kPipe);
}

TEST_F(InputSetOnDiskTest, DeepTreesAreCutAndSaid) {
  std::string path = root_;
  for (size_t i = 0; i < kMaxInputDepth + 3; ++i) path += "/d";
  Put(files_, path + "/deep.log");
  Put(files_, root_ + "/open.log");
  const InputSet set = Expand(files_, {root_});
  EXPECT_EQ(PathsOf(set), (Paths{root_ + "/open.log"}));
  ASSERT_EQ(set.problems.size(), 1u);
  EXPECT_EQ(set.problems[0].status.code(), StatusCode::kLimit);
}

}  // namespace
}  // namespace whittle
