#include "env/memory_file_system.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

std::string Contents(FileSystem* fs, const std::string& path) {
  const Result<std::string> bytes = ReadFile(fs, path);
  return bytes.ok() ? *bytes : "none";
}

TEST(MemoryFileSystemTest, SyncedBytesUnderASyncedNameSurvive) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    MemoryFileSystem fs;
    ASSERT_TRUE(fs.MakeDirectory("/d").ok());
    ASSERT_TRUE(fs.SyncDirectory("/").ok());
    ASSERT_TRUE(WriteFileAtomically(&fs, "/d/a", "old").ok());
    fs.PowerLoss(seed);
    ASSERT_EQ(Contents(&fs, "/d/a"), "old") << "seed " << seed;
  }
}

TEST(MemoryFileSystemTest, AtomicReplacementLeavesOldOrNew) {
  int old_seen = 0, new_seen = 0;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    MemoryFileSystem fs;
    ASSERT_TRUE(WriteFileAtomically(&fs, "/a", "old").ok());
    auto file = fs.OpenForWrite("/a.tmp", WriteMode::kCreateNew);
    ASSERT_TRUE(file.ok() && (*file)->Append("new").ok() && (*file)->Sync().ok());
    ASSERT_TRUE(fs.Rename("/a.tmp", "/a").ok());
    fs.PowerLoss(seed);
    const std::string found = Contents(&fs, "/a");
    old_seen += found == "old";
    new_seen += found == "new";
  }
  EXPECT_EQ(old_seen + new_seen, 50);
  EXPECT_GT(old_seen, 0);
  EXPECT_GT(new_seen, 0);
}

TEST(MemoryFileSystemTest, UnsyncedBytesMayVanishInPart) {
  bool shortened = false, zeroed = false;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    MemoryFileSystem fs;
    auto file = fs.OpenForWrite("/a", WriteMode::kCreateNew);
    ASSERT_TRUE(file.ok() && (*file)->Append("safe").ok() && (*file)->Sync().ok() && fs.SyncDirectory("/").ok());
    ASSERT_TRUE((*file)->Append("perhaps").ok());
    fs.PowerLoss(seed);
    const std::string found = Contents(&fs, "/a");
    ASSERT_EQ(found.substr(0, 4), "safe") << "seed " << seed;
    shortened |= found.size() < 11;
    zeroed |= found.find('\0') != std::string::npos;
    EXPECT_FALSE((*file)->Append("x").ok()) << "a file object of before the power cut";
  }
  EXPECT_TRUE(shortened);
  EXPECT_TRUE(zeroed);
}

TEST(MemoryFileSystemTest, UnsyncedRemovalMayComeBackAndLocksAreReleased) {
  bool back = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    MemoryFileSystem fs;
    ASSERT_TRUE(WriteFileAtomically(&fs, "/a", "x").ok());
    auto lock = fs.Lock("/LOCK");
    ASSERT_TRUE(lock.ok());
    ASSERT_TRUE(fs.Remove("/a").ok());
    fs.PowerLoss(seed);
    back |= Contents(&fs, "/a") == "x";
    auto again = fs.Lock("/LOCK");
    EXPECT_TRUE(again.ok());
    lock->reset();
    EXPECT_FALSE(fs.Lock("/LOCK").ok()) << "the lock of before the power cut released the one of after it";
  }
  EXPECT_TRUE(back);
}

}  // namespace
}  // namespace whittle
