#include "env/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "env/env_test_util.h"
#include "env/memory_file_system.h"
#include "env/posix_file_system.h"

namespace whittle {
namespace {

// The same rules on the real disk and on the simulated one.
class FileSystemTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      directory_ = scratch_.emplace().path();
      fs_ = PosixFileSystem();
    } else {
      directory_ = "/d";
      fs_ = &memory_;
      ASSERT_TRUE(fs_->MakeDirectory(directory_).ok());
    }
  }
  std::string Path(const std::string& name) const { return JoinPath(directory_, name); }
  void Write(const std::string& name, std::string_view bytes) {
    ASSERT_TRUE(WriteFileAtomically(fs_, Path(name), bytes).ok());
  }
  std::string Contents(const std::string& name) {
    const Result<std::string> bytes = ReadFile(fs_, Path(name));
    return bytes.ok() ? *bytes : bytes.status().message();
  }

  MemoryFileSystem memory_;
  FileSystem* fs_ = nullptr;
  std::optional<ScratchDirectory> scratch_;
  std::string directory_;
};

TEST_P(FileSystemTest, WritesReadsAndStats) {
  Write("a", std::string("zero\0one", 8));
  EXPECT_EQ(Contents("a"), std::string("zero\0one", 8));
  const Result<FileInfo> info = fs_->Stat(Path("a"));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->size, 8u);
  EXPECT_EQ(info->type, FileType::kRegular);
  EXPECT_NE(info->inode, 0u);
  EXPECT_GT(info->modified_ns, 0);
  EXPECT_EQ(ReadFile(fs_, Path("a"), 7).status().code(), StatusCode::kLimit);
  EXPECT_EQ(ReadFile(fs_, Path("b")).status().code(), StatusCode::kNotFound);
}

TEST_P(FileSystemTest, WriteModes) {
  Write("a", "one");
  EXPECT_EQ(fs_->OpenForWrite(Path("a"), WriteMode::kCreateNew).status().code(), StatusCode::kAlreadyExists);
  auto file = fs_->OpenForWrite(Path("a"), WriteMode::kAppend);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->Append("two").ok());
  ASSERT_TRUE((*file)->Close().ok());
  ASSERT_TRUE((*file)->Close().ok()) << "Close may be called again";
  EXPECT_EQ(Contents("a"), "onetwo");
  EXPECT_FALSE((*file)->Append("three").ok());
  ASSERT_TRUE(fs_->OpenForWrite(Path("a"), WriteMode::kTruncate).ok());
  EXPECT_EQ(Contents("a"), "");
  EXPECT_EQ(fs_->OpenForWrite(Path("no/such"), WriteMode::kCreateNew).status().code(), StatusCode::kNotFound);
}

TEST_P(FileSystemTest, RenameReplacesAndRenameNoReplaceDoesNot) {
  Write("a", "A");
  Write("b", "B");
  EXPECT_EQ(fs_->RenameNoReplace(Path("a"), Path("b")).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(Contents("a"), "A");
  EXPECT_EQ(Contents("b"), "B");
  EXPECT_TRUE(fs_->RenameNoReplace(Path("a"), Path("c")).ok());
  EXPECT_EQ(Contents("c"), "A");
  EXPECT_TRUE(fs_->Rename(Path("c"), Path("b")).ok());
  EXPECT_EQ(Contents("b"), "A");
  EXPECT_EQ(fs_->Rename(Path("c"), Path("b")).code(), StatusCode::kNotFound);
}

TEST_P(FileSystemTest, RemovedFileStaysReadable) {
  Write("a", "still here");
  auto file = fs_->OpenForRead(Path("a"));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(fs_->Remove(Path("a")).ok());
  EXPECT_EQ(Contents("a").find("still"), std::string::npos);
  char buffer[32];
  const Result<size_t> got = (*file)->Read(6, sizeof(buffer), buffer);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(std::string(buffer, *got), "here");
  EXPECT_EQ(*(*file)->Read(100, 1, buffer), 0u);
}

TEST_P(FileSystemTest, ListsSortedWithTypes) {
  Write("b", "");
  Write("a", "");
  ASSERT_TRUE(fs_->MakeDirectory(Path("sub")).ok());
  EXPECT_EQ(fs_->MakeDirectory(Path("sub")).code(), StatusCode::kAlreadyExists);
  Write("sub/inner", "");
  const auto entries = fs_->List(directory_);
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].name, "a");
  EXPECT_EQ((*entries)[2].name, "sub");
  EXPECT_EQ((*entries)[2].type, FileType::kDirectory);
  EXPECT_FALSE(fs_->RemoveDirectory(Path("sub")).ok()) << "not empty";
  EXPECT_FALSE(fs_->OpenForRead(Path("sub")).ok());
}

TEST_P(FileSystemTest, LockIsExclusiveUntilReleased) {
  auto first = fs_->Lock(Path("LOCK"));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(fs_->Lock(Path("LOCK")).status().code(), StatusCode::kBusy);
  first->reset();
  EXPECT_TRUE(fs_->Lock(Path("LOCK")).ok());
}

TEST_P(FileSystemTest, SharedLocksExcludeTheExclusiveOne) {
  EXPECT_EQ(fs_->LockShared(Path("LOCK")).status().code(), StatusCode::kNotFound);
  Write("LOCK", "");
  auto one = fs_->LockShared(Path("LOCK"));
  auto two = fs_->LockShared(Path("LOCK"));
  ASSERT_TRUE(one.ok() && two.ok());
  one->reset();
  EXPECT_EQ(fs_->Lock(Path("LOCK")).status().code(), StatusCode::kBusy);
  two->reset();
  auto exclusive = fs_->Lock(Path("LOCK"));
  ASSERT_TRUE(exclusive.ok());
  EXPECT_EQ(fs_->LockShared(Path("LOCK")).status().code(), StatusCode::kBusy);
}

TEST_P(FileSystemTest, SequentialReadsToTheEnd) {
  Write("a", "0123456789");
  auto file = fs_->OpenSequential(Path("a"));
  ASSERT_TRUE(file.ok());
  char buffer[7];
  std::string all;
  while (true) {
    const Result<size_t> got = (*file)->Read(sizeof(buffer), buffer);
    ASSERT_TRUE(got.ok());
    if (*got == 0) break;
    all.append(buffer, *got);
  }
  EXPECT_EQ(all, "0123456789");
}

TEST_P(FileSystemTest, MakeDirectoriesMakesParents) {
  EXPECT_TRUE(MakeDirectories(fs_, Path("x/y/z/")).ok());
  EXPECT_TRUE(MakeDirectories(fs_, Path("x/y/z")).ok());
  EXPECT_TRUE(*FileExists(fs_, Path("x/y/z")));
  Write("file", "");
  EXPECT_FALSE(MakeDirectories(fs_, Path("file")).ok());
}

INSTANTIATE_TEST_SUITE_P(Disks, FileSystemTest, testing::Bool(),
                         [](const auto& name) { return name.param ? "Posix" : "Memory"; });

class PosixFileSystemTest : public FileSystemTest {};

TEST_P(PosixFileSystemTest, FilesAreForTheirOwnerOnly) {
  const mode_t before = umask(0);
  Write("a", "");
  ASSERT_TRUE(fs_->MakeDirectory(Path("sub")).ok());
  umask(before);
  struct stat st;
  ASSERT_EQ(stat(Path("a").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(Path("sub").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0700u);
}

TEST_P(PosixFileSystemTest, DoesNotWriteThroughLinks) {
  Write("target", "precious");
  ASSERT_EQ(symlink(Path("target").c_str(), Path("link").c_str()), 0);
  const auto opened = fs_->OpenForWrite(Path("link"), WriteMode::kTruncate);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.status().message(), testing::HasSubstr("symbolic link"));
  EXPECT_FALSE(fs_->Lock(Path("link")).ok());
  EXPECT_EQ(Contents("target"), "precious");
  EXPECT_EQ(fs_->StatLink(Path("link"))->type, FileType::kSymlink);
  EXPECT_EQ(fs_->Stat(Path("link"))->type, FileType::kRegular);
}

TEST_P(PosixFileSystemTest, PipesNeitherHangNorPassAsFiles) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  const auto opened = fs_->OpenForRead(Path("pipe"));
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.status().message(), testing::HasSubstr("not a regular file"));
}

TEST_P(PosixFileSystemTest, MapShowsTheFile) {
  Write("a", "mapped");
  Write("empty", "");
  auto file = fs_->OpenForRead(Path("a"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*(*file)->Map(), "mapped");
  auto empty = fs_->OpenForRead(Path("empty"));
  EXPECT_EQ(*(*empty)->Map(), "");
}

INSTANTIATE_TEST_SUITE_P(Disk, PosixFileSystemTest, testing::Values(true));

TEST(PathTest, JoinsAndSplits) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(JoinPath("a", "/b"), "/b");
  EXPECT_EQ(DirectoryOf("a/b"), "a");
  EXPECT_EQ(DirectoryOf("/b"), "/");
  EXPECT_EQ(DirectoryOf("b"), ".");
  EXPECT_EQ(BaseName("/a/b"), "b");
}

}  // namespace
}  // namespace whittle
