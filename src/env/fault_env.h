// FaultFileSystem: wraps another FileSystem and makes a chosen call fail, so that tests can fail every call site once.
// Counts the calls that change something (creating, writing, syncing, renaming, removing, making and syncing
// directories); reads are counted apart. With MemoryFileSystem::PowerLoss it simulates a machine that dies: kCrash lets
// nothing through any more from the chosen call on.
//
// Thread-safe. `base` must outlive it, and it must outlive the files it returns.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "env/file_system.h"

namespace whittle {

enum class FileOperation : uint8_t {
  kCreate,  // OpenForWrite
  kWrite,
  kSync,
  kRename,
  kRemove,
  kMakeDirectory,
  kSyncDirectory,
  kRead,  // does not count as changing something
  kAny,   // in a Fault: any call that changes something
};
inline constexpr size_t kFileOperations = 8;

struct Fault {
  enum class Action : uint8_t {
    kFail,   // that call fails with `error`; a write first writes half of its bytes, as a full disk does
    kCrash,  // that call and every later change fails with EIO and does nothing
    kKill,   // the process gets SIGKILL instead of that call
  };
  FileOperation operation = FileOperation::kAny;
  uint64_t call = 1;    // the n-th matching call, from 1
  bool sticky = false;  // ... and all matching ones after it
  Action action = Action::kFail;
  int error = 5;          // errno value, EIO unless told
  std::string path_part;  // only paths that contain this
};

// "OPERATION:N[+]:WHAT[:PATH_PART]", e.g. "write:17:ENOSPC", "sync:3+:EIO", "any:40:KILL", "rename:1:EIO:MANIFEST".
// Operations: create write sync rename remove mkdir syncdir read any. WHAT: EIO ENOSPC EACCES EROFS EDQUOT KILL CRASH.
Result<Fault> ParseFault(std::string_view text);

class FaultFileSystem : public FileSystem {
 public:
  explicit FaultFileSystem(FileSystem* base) : base_(base) {}

  // Replaces the fault and starts counting its calls from 0.
  void SetFault(Fault fault);
  void ClearFault();
  bool fired() const;
  // Calls so far, failed ones included; kAny: all that change something.
  uint64_t Calls(FileOperation operation) const;
  void ResetCalls();

  Result<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override;
  Result<std::unique_ptr<SequentialFile>> OpenSequential(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path, WriteMode mode) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status RenameNoReplace(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status MakeDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> List(const std::string& path) override { return base_->List(path); }
  Result<FileInfo> Stat(const std::string& path) override { return base_->Stat(path); }
  Result<FileInfo> StatLink(const std::string& path) override { return base_->StatLink(path); }
  Result<uint64_t> FreeBytes(const std::string& path) override { return base_->FreeBytes(path); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override { return base_->Lock(path); }
  Result<std::unique_ptr<FileLock>> LockShared(const std::string& path) override { return base_->LockShared(path); }

 private:
  class Reader;
  class Writer;

  // Counts the call; not ok when it is to fail.
  Status Before(FileOperation operation, const std::string& path, std::string_view verb);
  bool crashed() const;

  FileSystem* const base_;
  mutable std::mutex mutex_;
  Fault fault_;
  bool armed_ = false;
  bool fired_ = false;
  uint64_t matching_calls_ = 0;
  std::array<uint64_t, kFileOperations> calls_{};
};

}  // namespace whittle
