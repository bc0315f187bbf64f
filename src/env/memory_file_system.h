// MemoryFileSystem: a simulated disk for tests, with what a real one does to those who forget to sync. It keeps what
// the process sees apart from what would survive a power cut: file bytes are durable after Sync, names (created,
// renamed, removed) after SyncDirectory of their directory. PowerLoss throws away a random part of the rest: of every
// directory's pending changes a prefix survives, of every file's unsynced tail a prefix, sometimes ending in zeros.
//
// Thread-safe. File objects opened before a PowerLoss fail afterwards; locks are released by it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "env/clock.h"
#include "env/file_system.h"

namespace whittle {

class MemoryFileSystem : public FileSystem {
 public:
  // `clock` gives modification times; nullptr: they count up by one second per change. The root "/" exists.
  explicit MemoryFileSystem(Clock* clock = nullptr);
  ~MemoryFileSystem() override;

  // What a machine finds after its power was cut now. The same seed and history give the same result.
  void PowerLoss(uint64_t seed);
  // Everything written so far becomes durable: an orderly shutdown.
  void SyncAll();

  Result<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override;
  Result<std::unique_ptr<SequentialFile>> OpenSequential(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path, WriteMode mode) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status RenameNoReplace(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status MakeDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> List(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Result<FileInfo> StatLink(const std::string& path) override { return Stat(path); }
  Result<uint64_t> FreeBytes(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> LockShared(const std::string& path) override;

 private:
  struct Node;
  struct Change;
  class Reader;
  class Sequence;
  class Writer;
  class HeldLock;
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  std::shared_ptr<Node> Find(const std::string& path) const;
  std::shared_ptr<Node> NewNode(FileType type);
  Status CheckParent(const std::string& path) const;
  Status Move(const std::string& from, const std::string& to, bool replace);
  void Record(const std::string& directory, std::string removed, std::string added, std::shared_ptr<Node> node);
  int64_t Now();

  Clock* const clock_;
  mutable std::mutex mutex_;
  Names names_;                        // as the process sees them
  Names durable_;                      // as they stand on the disk
  std::vector<Change> pending_;        // what takes durable_ to names_, in order
  std::map<std::string, int> locked_;  // shared holders, or kExclusive
  uint64_t generation_ = 0;            // counts power cuts
  uint64_t next_inode_ = 2;
  int64_t ticks_ = 0;
};

}  // namespace whittle
