#include "catalog/rocksdb_file_system.h"

#include <gtest/gtest.h>

#include "catalog/database.h"
#include "env/fault_env.h"
#include "env/memory_file_system.h"

namespace whittle {
namespace {

TEST(RocksDbFileSystemTest, DatabaseLivesOnTheSimulatedDisk) {
  MemoryFileSystem memory;
  auto database = Database::Open(&memory, "/db");
  ASSERT_TRUE(database.ok()) << database.status().message();
  ASSERT_TRUE((*database)->Write({{{"a/1", "one"}, {"a/2", "two"}, {"b", "three"}}, {}}).ok());
  ASSERT_TRUE((*database)->Write({{{"a/3", "new"}}, {"a/1"}}).ok());
  ASSERT_TRUE(memory.SyncDirectory("/").ok()) << "the directory itself is its owner's to keep";
  memory.PowerLoss(1);  // without an orderly end
  database->reset();
  database = Database::Open(&memory, "/db");
  ASSERT_TRUE(database.ok()) << database.status().message();
  EXPECT_EQ(*(*database)->Get("b"), "three");
  EXPECT_EQ(*(*database)->Get("a/1"), std::nullopt);
  std::string seen;
  ASSERT_TRUE((*database)
                  ->Scan("a/",
                         [&](std::string_view key, std::string_view value) {
                           seen.append(key).append("=").append(value).append(" ");
                           return true;
                         })
                  .ok());
  EXPECT_EQ(seen, "a/2=two a/3=new ");
}

TEST(RocksDbFileSystemTest, NoOptionLogOrLockFiles) {
  MemoryFileSystem memory;
  for (int run = 0; run < 3; ++run) {
    auto database = Database::Open(&memory, "/db");
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE((*database)->Write({{{"key", std::string(10000, 'x')}}, {}}).ok());
    ASSERT_TRUE((*database)->Close().ok());
  }
  const auto entries = memory.List("/db");
  ASSERT_TRUE(entries.ok());
  uint64_t bytes = 0;
  for (const DirectoryEntry& entry : *entries) {
    EXPECT_EQ(entry.name.find("OPTIONS"), std::string::npos) << entry.name;
    EXPECT_EQ(entry.name.find("LOG"), std::string::npos) << entry.name;
    EXPECT_EQ(entry.name.find("LOCK"), std::string::npos) << entry.name;
    bytes += memory.Stat("/db/" + entry.name)->size;
  }
  EXPECT_LT(bytes, 35'000u) << "old values and logs pile up";
}

TEST(RocksDbFileSystemTest, FaultsReachRocksDb) {
  MemoryFileSystem memory;
  FaultFileSystem files(&memory);
  auto database = Database::Open(&files, "/db");
  ASSERT_TRUE(database.ok());
  Result<Fault> fault = ParseFault("sync:1:EIO");
  files.SetFault(*fault);
  EXPECT_FALSE((*database)->Write({{{"a", "1"}}, {}}).ok());
  files.ClearFault();
  EXPECT_FALSE((*database)->Write({{{"b", "1"}}, {}}).ok()) << "after an error nothing is written until it is reopened";
  database->reset();
  database = Database::Open(&files, "/db");
  ASSERT_TRUE(database.ok());
  EXPECT_TRUE((*database)->Write({{{"c", "1"}}, {}}).ok());
}

}  // namespace
}  // namespace whittle
