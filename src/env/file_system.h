// FileSystem: every file, directory and lock of whittle goes through this interface, so that tests can run on a
// simulated disk, lose its power, or make the n-th call fail.
//
// A FileSystem is safe to call from many threads. The file objects it returns are owned by the caller, must not outlive
// the FileSystem, and are for one thread at a time, except RandomAccessFile, which any number of threads may read.
// Paths are bytes, '/'-separated. Nothing here follows a symbolic link when it writes: a link where a file is to be
// written is an error. Files are created 0600 and directories 0700, whatever the umask allows beyond that.
//
// Codes of errors: kNotFound, kAlreadyExists, kBusy (locks), kUnsupported, else kIo. Messages read
// "path: cannot <verb>: <reason>".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

namespace whittle {

enum class FileType : uint8_t { kRegular, kDirectory, kSymlink, kOther };

struct FileInfo {
  FileType type = FileType::kOther;
  uint64_t size = 0;
  int64_t modified_ns = 0;  // since the epoch, UTC
  uint64_t device = 0;
  uint64_t inode = 0;
};

struct DirectoryEntry {
  std::string name;  // without the directory; never "." or ".."
  FileType type = FileType::kOther;
};

// A regular file opened for reading at any position. It keeps its bytes readable after the name is removed.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  // Reads up to `size` bytes at `offset`; fewer only at the end of the file.
  virtual Result<size_t> Read(uint64_t offset, size_t size, char* buffer) const = 0;
  virtual Result<FileInfo> Info() const = 0;
  // The whole file as memory; the view lives as long as this object and covers the size at the first call. Only for
  // files nobody shortens (segments); kUnsupported where there is no mapping: fall back to Read.
  virtual Result<std::string_view> Map() = 0;
};

// Bytes in order, once: standard input, pipes, regular files.
class SequentialFile {
 public:
  virtual ~SequentialFile() = default;
  // Returns what is there, at most `size` bytes, as soon as anything is there; 0 only at the end.
  virtual Result<size_t> Read(size_t size, char* buffer) = 0;
  // False when nothing became readable within `timeout_ms`, or a signal came. True at the end of the file as well.
  virtual Result<bool> WaitReadable(int timeout_ms) = 0;
};

// Appends. Nothing is durable before Sync, and the name not before SyncDirectory. The destructor closes without a word;
// whoever cares calls Close.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Status Append(std::string_view bytes) = 0;
  virtual Status Sync() = 0;
  virtual Status Close() = 0;  // idempotent; says what the operating system had kept back
};

// Held from FileSystem::Lock until destruction, or until the process ends in whatever way.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class WriteMode : uint8_t {
  kCreateNew,  // kAlreadyExists when there is one
  kTruncate,   // empty it, or create it
  kAppend,     // continue it, or create it
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) = 0;
  // Opens named pipes as well, and waits for their writer.
  virtual Result<std::unique_ptr<SequentialFile>> OpenSequential(const std::string& path) = 0;
  virtual Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path, WriteMode mode) = 0;

  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  // Atomically: kAlreadyExists when `to` exists, and then nothing has changed.
  virtual Status RenameNoReplace(const std::string& from, const std::string& to) = 0;
  virtual Status Remove(const std::string& path) = 0;           // files and links
  virtual Status RemoveDirectory(const std::string& path) = 0;  // empty ones
  virtual Status MakeDirectory(const std::string& path) = 0;    // kAlreadyExists when there is anything
  virtual Status SyncDirectory(const std::string& path) = 0;

  // Sorted by name.
  virtual Result<std::vector<DirectoryEntry>> List(const std::string& path) = 0;
  virtual Result<FileInfo> Stat(const std::string& path) = 0;      // of what a link points to
  virtual Result<FileInfo> StatLink(const std::string& path) = 0;  // of the link itself
  virtual Result<uint64_t> FreeBytes(const std::string& path) = 0;

  // Creates `path` when absent. kBusy while anybody else, in this process or another, holds it.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
  // Any number of holders, but none beside a holder of Lock. Needs the file to exist, and only the right to read it.
  virtual Result<std::unique_ptr<FileLock>> LockShared(const std::string& path) = 0;
};

// "a" + "b" = "a/b"; an absolute `name` or an empty directory gives `name`.
std::string JoinPath(std::string_view directory, std::string_view name);
std::string DirectoryOf(std::string_view path);  // "." when there is no slash
std::string BaseName(std::string_view path);

// True, false, or why that cannot be known.
Result<bool> FileExists(FileSystem* fs, const std::string& path);

// Reads all of a file of at most `limit` bytes; a longer one is kLimit.
Result<std::string> ReadFile(FileSystem* fs, const std::string& path, uint64_t limit = uint64_t{1} << 30);

// Replaces `path` by `bytes` so that a reader, or a machine that comes back after a power cut, sees either the old or
// the new content: writes `path`.tmp, syncs it, renames it and syncs the directory. Removes the .tmp when it fails.
Status WriteFileAtomically(FileSystem* fs, const std::string& path, std::string_view bytes);

// MakeDirectory for the path and every parent that is missing; an existing directory is fine.
Status MakeDirectories(FileSystem* fs, const std::string& path);

// The Status of a failed system call: "path: cannot <verb>: <text of error_number>".
Status ErrnoStatus(std::string_view path, std::string_view verb, int error_number);

}  // namespace whittle
