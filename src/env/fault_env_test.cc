#include "env/fault_env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "env/memory_file_system.h"

namespace whittle {
namespace {

Fault Parsed(std::string_view text) {
  Result<Fault> fault = ParseFault(text);
  EXPECT_TRUE(fault.ok()) << text;
  return fault.ok() ? *fault : Fault{};
}

TEST(FaultTest, ParsesAndRefuses) {
  const Fault fault = Parsed("write:17+:ENOSPC:segments");
  EXPECT_EQ(fault.operation, FileOperation::kWrite);
  EXPECT_EQ(fault.call, 17u);
  EXPECT_TRUE(fault.sticky);
  EXPECT_EQ(fault.error, ENOSPC);
  EXPECT_EQ(fault.path_part, "segments");
  EXPECT_EQ(Parsed("any:1:KILL").action, Fault::Action::kKill);
  for (const char* bad :
       {"", "write", "write:0:EIO", "write:x:EIO", "wrong:1:EIO", "write:1:EWHAT", "write:1", "write:1x:EIO"}) {
    EXPECT_FALSE(ParseFault(bad).ok()) << bad;
  }
}

TEST(FaultFileSystemTest, EveryCallSiteOfAnAtomicWriteFailsOnceAndNothingIsTorn) {
  MemoryFileSystem memory;
  FaultFileSystem fs(&memory);
  ASSERT_TRUE(WriteFileAtomically(&fs, "/a", "old").ok());
  fs.ResetCalls();
  ASSERT_TRUE(WriteFileAtomically(&fs, "/a", "old").ok());
  const uint64_t calls = fs.Calls(FileOperation::kAny);
  ASSERT_EQ(calls, 5u) << "create, write, sync, rename, sync directory";
  for (uint64_t call = 1; call <= calls; ++call) {
    Fault fault;
    fault.call = call;
    fault.error = ENOSPC;
    fs.SetFault(fault);
    const Status status = WriteFileAtomically(&fs, "/a", "new");
    EXPECT_FALSE(status.ok()) << call;
    EXPECT_THAT(status.message(), testing::HasSubstr("No space left")) << call;
    EXPECT_TRUE(fs.fired());
    EXPECT_EQ(*ReadFile(&fs, "/a"), call == calls ? "new" : "old") << call;
    EXPECT_FALSE(*FileExists(&fs, "/a.tmp")) << call;
    fs.ClearFault();
    ASSERT_TRUE(WriteFileAtomically(&fs, "/a", "old").ok());
  }
}

TEST(FaultFileSystemTest, FailedWriteLeavesHalf) {
  MemoryFileSystem memory;
  FaultFileSystem fs(&memory);
  fs.SetFault(Parsed("write:2:ENOSPC"));
  auto file = fs.OpenForWrite("/a", WriteMode::kCreateNew);
  ASSERT_TRUE(file.ok() && (*file)->Append("12").ok());
  EXPECT_FALSE((*file)->Append("3456").ok());
  EXPECT_EQ(*ReadFile(&fs, "/a"), "1234");
  EXPECT_TRUE((*file)->Append("!").ok()) << "not sticky";
}

TEST(FaultFileSystemTest, CrashLetsNothingThroughAfterwards) {
  MemoryFileSystem memory;
  FaultFileSystem fs(&memory);
  fs.SetFault(Parsed("sync:1:CRASH"));
  auto file = fs.OpenForWrite("/a", WriteMode::kCreateNew);
  ASSERT_TRUE(file.ok() && (*file)->Append("12").ok());
  EXPECT_FALSE((*file)->Sync().ok());
  EXPECT_FALSE((*file)->Append("34").ok());
  EXPECT_FALSE(fs.MakeDirectory("/d").ok());
  EXPECT_FALSE(fs.Remove("/a").ok());
  EXPECT_EQ(*ReadFile(&memory, "/a"), "12");
}

TEST(FaultFileSystemTest, PathPartAndStickyReads) {
  MemoryFileSystem memory;
  FaultFileSystem fs(&memory);
  ASSERT_TRUE(WriteFileAtomically(&fs, "/one", "1").ok());
  ASSERT_TRUE(WriteFileAtomically(&fs, "/two", "2").ok());
  fs.SetFault(Parsed("read:1+:EIO:two"));
  EXPECT_TRUE(ReadFile(&fs, "/one").ok());
  EXPECT_FALSE(ReadFile(&fs, "/two").ok());
  EXPECT_FALSE(ReadFile(&fs, "/two").ok());
}

}  // namespace
}  // namespace whittle
