#include "catalog/rocksdb_file_system.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace whittle {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus ToIoStatus(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return IOStatus::OK();
    case StatusCode::kNotFound:
      return IOStatus::PathNotFound(status.message());
    case StatusCode::kBusy:
      return IOStatus::Busy(status.message());
    case StatusCode::kUnsupported:
      return IOStatus::NotSupported(status.message());
    default:
      return IOStatus::IOError(status.message());
  }
}

// Reading a whole result into RocksDB's scratch buffer.
IOStatus Finish(const Result<size_t>& got, char* scratch, Slice* result) {
  *result = Slice(scratch, got.ok() ? *got : 0);
  return ToIoStatus(got.status());
}

class SequentialAdapter : public rocksdb::FSSequentialFile {
 public:
  explicit SequentialAdapter(std::unique_ptr<RandomAccessFile> file) : file_(std::move(file)) {}
  IOStatus Read(size_t n, const IOOptions&, Slice* result, char* scratch, IODebugContext*) override {
    const Result<size_t> got = file_->Read(offset_, n, scratch);
    if (got.ok()) offset_ += *got;
    return Finish(got, scratch, result);
  }
  IOStatus Skip(uint64_t n) override {
    offset_ += n;
    return IOStatus::OK();
  }

 private:
  const std::unique_ptr<RandomAccessFile> file_;
  uint64_t offset_ = 0;
};

class RandomAccessAdapter : public rocksdb::FSRandomAccessFile {
 public:
  explicit RandomAccessAdapter(std::unique_ptr<RandomAccessFile> file) : file_(std::move(file)) {}
  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    return Finish(file_->Read(offset, n, scratch), scratch, result);
  }

 private:
  const std::unique_ptr<RandomAccessFile> file_;
};

class WritableAdapter : public rocksdb::FSWritableFile {
 public:
  explicit WritableAdapter(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}
  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    const Status status = file_->Append(std::string_view(data.data(), data.size()));
    if (status.ok()) size_ += data.size();
    return ToIoStatus(status);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return ToIoStatus(file_->Close()); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }  // nothing is buffered here
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return ToIoStatus(file_->Sync()); }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }

 private:
  const std::unique_ptr<WritableFile> file_;
  uint64_t size_ = 0;
};

class DirectoryAdapter : public rocksdb::FSDirectory {
 public:
  DirectoryAdapter(FileSystem* files, std::string path) : files_(files), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return ToIoStatus(files_->SyncDirectory(path_)); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  FileSystem* const files_;
  const std::string path_;
};

class NoLock : public rocksdb::FileLock {};

// Drops everything: RocksDB's log would be larger than a small store.
class SilentLogger : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
};

class RocksDbFiles : public rocksdb::FileSystem {
 public:
  explicit RocksDbFiles(whittle::FileSystem* files) : files_(files) {}
  static const char* kClassName() { return "WhittleFileSystem"; }
  const char* Name() const override { return kClassName(); }

  IOStatus NewSequentialFile(const std::string& name, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result, IODebugContext*) override {
    auto file = files_->OpenForRead(name);
    if (file.ok()) *result = std::make_unique<SequentialAdapter>(std::move(*file));
    return ToIoStatus(file.status());
  }

  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result, IODebugContext*) override {
    auto file = files_->OpenForRead(name);
    if (file.ok()) *result = std::make_unique<RandomAccessAdapter>(std::move(*file));
    return ToIoStatus(file.status());
  }

  IOStatus NewWritableFile(const std::string& name, const FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    // RocksDB goes on without its option files (fail_if_options_file_error is off).
    if (BaseName(name).rfind("OPTIONS-", 0) == 0) return IOStatus::NotSupported("option files are not kept");
    auto file = files_->OpenForWrite(name, WriteMode::kTruncate);
    if (file.ok()) *result = std::make_unique<WritableAdapter>(std::move(*file));
    return ToIoStatus(file.status());
  }

  // ReopenWritableFile stays unsupported: RocksDB would only cut preallocated space off old logs, and there is none.

  IOStatus NewDirectory(const std::string& name, const IOOptions&, std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext*) override {
    *result = std::make_unique<DirectoryAdapter>(files_, name);
    return IOStatus::OK();
  }

  IOStatus FileExists(const std::string& name, const IOOptions&, IODebugContext*) override {
    const Status status = files_->Stat(name).status();
    return status.code() == StatusCode::kNotFound ? IOStatus::NotFound(name) : ToIoStatus(status);
  }

  IOStatus GetChildren(const std::string& dir, const IOOptions&, std::vector<std::string>* result,
                       IODebugContext*) override {
    result->clear();
    const auto entries = files_->List(dir);
    if (!entries.ok()) return ToIoStatus(entries.status());
    for (const DirectoryEntry& entry : *entries) result->push_back(entry.name);
    return IOStatus::OK();
  }

  IOStatus DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) override {
    return ToIoStatus(files_->Remove(name));
  }
  IOStatus CreateDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    return ToIoStatus(files_->MakeDirectory(name));
  }
  IOStatus CreateDirIfMissing(const std::string& name, const IOOptions&, IODebugContext*) override {
    const Status status = files_->MakeDirectory(name);
    return status.code() == StatusCode::kAlreadyExists ? IOStatus::OK() : ToIoStatus(status);
  }
  IOStatus DeleteDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    return ToIoStatus(files_->RemoveDirectory(name));
  }

  IOStatus GetFileSize(const std::string& name, const IOOptions&, uint64_t* size, IODebugContext*) override {
    const Result<FileInfo> info = files_->Stat(name);
    *size = info.ok() ? info->size : 0;
    return ToIoStatus(info.status());
  }
  IOStatus GetFileModificationTime(const std::string& name, const IOOptions&, uint64_t* seconds,
                                   IODebugContext*) override {
    const Result<FileInfo> info = files_->Stat(name);
    *seconds = info.ok() ? static_cast<uint64_t>(info->modified_ns / 1'000'000'000) : 0;
    return ToIoStatus(info.status());
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is_directory, IODebugContext*) override {
    const Result<FileInfo> info = files_->Stat(path);
    *is_directory = info.ok() && info->type == FileType::kDirectory;
    return ToIoStatus(info.status());
  }

  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
    return ToIoStatus(files_->Rename(from, to));
  }

  // STORE/LOCK keeps other writers out already.
  IOStatus LockFile(const std::string&, const IOOptions&, rocksdb::FileLock** lock, IODebugContext*) override {
    *lock = new NoLock;
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    delete lock;
    return IOStatus::OK();
  }

  IOStatus GetTestDirectory(const IOOptions&, std::string*, IODebugContext*) override {
    return IOStatus::NotSupported("no test directory");
  }
  IOStatus NewLogger(const std::string&, const IOOptions&, std::shared_ptr<rocksdb::Logger>* result,
                     IODebugContext*) override {
    *result = std::make_shared<SilentLogger>();
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* absolute, IODebugContext*) override {
    *absolute = path;
    return IOStatus::OK();
  }

 private:
  whittle::FileSystem* const files_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> NewRocksDbFileSystem(FileSystem* files) {
  return std::make_shared<RocksDbFiles>(files);
}

}  // namespace whittle
