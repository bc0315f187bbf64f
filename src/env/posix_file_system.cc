#include "env/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <utility>

namespace whittle {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;
// Linux moves at most 0x7ffff000 bytes per call; stay below on every system.
constexpr size_t kMaxTransfer = size_t{1} << 30;

// Owns a descriptor, unless it is one of the process's standard streams.
class Descriptor {
 public:
  explicit Descriptor(int fd, bool owned = true) : fd_(fd), owned_(owned) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)), owned_(other.owned_) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() { static_cast<void>(Close()); }
  int get() const { return fd_; }
  // 0, or the error. The descriptor is gone either way (Linux releases it even when close says EINTR).
  int Close() {
    const int fd = std::exchange(fd_, -1);
    if (fd < 0 || !owned_) return 0;
    return close(fd) == 0 || errno == EINTR ? 0 : errno;
  }

 private:
  int fd_;
  bool owned_;
};

Descriptor OpenRetry(const std::string& path, int flags) {
  int fd;
  do {
    fd = open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, kFileMode);
  } while (fd < 0 && errno == EINTR);
  return Descriptor(fd);
}

FileType TypeOf(mode_t mode) {
  if (S_ISREG(mode)) return FileType::kRegular;
  if (S_ISDIR(mode)) return FileType::kDirectory;
  if (S_ISLNK(mode)) return FileType::kSymlink;
  return FileType::kOther;
}

FileInfo InfoOf(const struct stat& st) {
  FileInfo info;
  info.type = TypeOf(st.st_mode);
  info.size = st.st_size < 0 ? 0 : static_cast<uint64_t>(st.st_size);
  info.modified_ns = int64_t{st.st_mtim.tv_sec} * 1'000'000'000 + st.st_mtim.tv_nsec;
  info.device = st.st_dev;
  info.inode = st.st_ino;
  return info;
}

class PosixRandomAccessFile : public RandomAccessFile {
 public:
  PosixRandomAccessFile(std::string path, Descriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  ~PosixRandomAccessFile() override {
    if (map_ != nullptr) munmap(map_, map_size_);
  }
  Result<size_t> Read(uint64_t offset, size_t size, char* buffer) const override {
    size_t done = 0;
    while (done < size) {
      const ssize_t got =
          pread(fd_.get(), buffer + done, std::min(size - done, kMaxTransfer), static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoStatus(path_, "read", errno);
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }
  Result<FileInfo> Info() const override {
    struct stat st;
    if (fstat(fd_.get(), &st) != 0) return ErrnoStatus(path_, "stat", errno);
    return InfoOf(st);
  }
  Result<std::string_view> Map() override {
    const std::lock_guard<std::mutex> lock(map_mutex_);
    if (map_ == nullptr) {
      WHITTLE_ASSIGN_OR_RETURN(const FileInfo info, Info());
      if (info.size == 0) return std::string_view();
      void* const map = mmap(nullptr, info.size, PROT_READ, MAP_PRIVATE, fd_.get(), 0);
      if (map == MAP_FAILED) return Status(StatusCode::kUnsupported, path_ + ": cannot be mapped");
      map_ = map;
      map_size_ = info.size;
    }
    return std::string_view(static_cast<const char*>(map_), map_size_);
  }

 private:
  const std::string path_;
  Descriptor fd_;
  std::mutex map_mutex_;
  void* map_ = nullptr;
  size_t map_size_ = 0;
};

class PosixSequentialFile : public SequentialFile {
 public:
  PosixSequentialFile(std::string path, Descriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  Result<size_t> Read(size_t size, char* buffer) override {
    ssize_t got;
    do {
      got = read(fd_.get(), buffer, std::min(size, kMaxTransfer));
    } while (got < 0 && errno == EINTR);
    if (got < 0) return ErrnoStatus(path_, "read", errno);
    return static_cast<size_t>(got);
  }
  Result<bool> WaitReadable(int timeout_ms) override {
    pollfd request{fd_.get(), POLLIN, 0};
    const int ready = poll(&request, 1, timeout_ms);
    if (ready < 0 && errno != EINTR) return ErrnoStatus(path_, "wait for", errno);
    return ready > 0;
  }

 private:
  const std::string path_;
  Descriptor fd_;
};

class PosixWritableFile : public WritableFile {
 public:
  PosixWritableFile(std::string path, Descriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t put = write(fd_.get(), bytes.data(), std::min(bytes.size(), kMaxTransfer));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return ErrnoStatus(path_, "write", errno);
      bytes.remove_prefix(static_cast<size_t>(put));
    }
    return Status::Ok();
  }
  Status Sync() override {
    // fdatasync also makes the size durable, which is all a reader of the file needs.
    return fdatasync(fd_.get()) == 0 ? Status::Ok() : ErrnoStatus(path_, "sync", errno);
  }
  Status Close() override {
    const int error = fd_.Close();
    return error == 0 ? Status::Ok() : ErrnoStatus(path_, "close", error);
  }

 private:
  const std::string path_;
  Descriptor fd_;
};

class PosixFileLock : public FileLock {
 public:
  explicit PosixFileLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;
};

class PosixFiles : public FileSystem {
 public:
  Result<std::unique_ptr<RandomAccessFile>> OpenForRead(const std::string& path) override {
    // O_NONBLOCK: opening a pipe that nobody writes must not hang; it has no effect on regular files.
    Descriptor fd = OpenRetry(path, O_RDONLY | O_NONBLOCK);
    if (fd.get() < 0) return ErrnoStatus(path, "open", errno);
    auto file = std::make_unique<PosixRandomAccessFile>(path, std::move(fd));
    WHITTLE_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
    if (info.type == FileType::kDirectory) return Status(StatusCode::kIo, path + ": is a directory");
    if (info.type != FileType::kRegular) return Status(StatusCode::kIo, path + ": is not a regular file");
    return std::unique_ptr<RandomAccessFile>(std::move(file));
  }

  Result<std::unique_ptr<SequentialFile>> OpenSequential(const std::string& path) override {
    Descriptor fd = OpenRetry(path, O_RDONLY);
    if (fd.get() < 0) return ErrnoStatus(path, "open", errno);
    return std::unique_ptr<SequentialFile>(std::make_unique<PosixSequentialFile>(path, std::move(fd)));
  }

  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path, WriteMode mode) override {
    int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_APPEND;
    if (mode == WriteMode::kCreateNew) flags |= O_EXCL;
    if (mode == WriteMode::kTruncate) flags |= O_TRUNC;
    Descriptor fd = OpenRetry(path, flags);
    if (fd.get() < 0) return ErrnoStatus(path, "open for writing", errno);
    return std::unique_ptr<WritableFile>(std::make_unique<PosixWritableFile>(path, std::move(fd)));
  }

  Status Rename(const std::string& from, const std::string& to) override {
    return rename(from.c_str(), to.c_str()) == 0 ? Status::Ok() : ErrnoStatus(to, "rename " + from + " to it", errno);
  }

  Status RenameNoReplace(const std::string& from, const std::string& to) override {
    if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return Status::Ok();
    // Old kernels and some network file systems lack the flag; a hard link refuses an existing name just as well.
    if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) {
      if (link(from.c_str(), to.c_str()) == 0) return Remove(from);
    }
    return ErrnoStatus(to, "rename " + from + " to it", errno);
  }

  Status Remove(const std::string& path) override {
    return unlink(path.c_str()) == 0 ? Status::Ok() : ErrnoStatus(path, "remove", errno);
  }
  Status RemoveDirectory(const std::string& path) override {
    return rmdir(path.c_str()) == 0 ? Status::Ok() : ErrnoStatus(path, "remove", errno);
  }
  Status MakeDirectory(const std::string& path) override {
    return mkdir(path.c_str(), kDirectoryMode) == 0 ? Status::Ok() : ErrnoStatus(path, "make the directory", errno);
  }
  Status SyncDirectory(const std::string& path) override {
    const Descriptor fd = OpenRetry(path, O_RDONLY | O_DIRECTORY);
    if (fd.get() < 0) return ErrnoStatus(path, "open", errno);
    if (fsync(fd.get()) == 0) return Status::Ok();
    // Some network file systems cannot sync a directory and make entries durable at once instead.
    return errno == EINVAL ? Status::Ok() : ErrnoStatus(path, "sync", errno);
  }

  Result<std::vector<DirectoryEntry>> List(const std::string& path) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
    if (directory == nullptr) return ErrnoStatus(path, "list", errno);
    std::vector<DirectoryEntry> entries;
    errno = 0;
    while (const dirent* entry = readdir(directory.get())) {
      std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      FileType type = FileType::kOther;
      struct stat st;
      if (fstatat(dirfd(directory.get()), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        type = TypeOf(st.st_mode);
      } else if (errno == ENOENT) {
        errno = 0;
        continue;  // removed meanwhile
      }
      entries.push_back({std::move(name), type});
      errno = 0;
    }
    if (errno != 0) return ErrnoStatus(path, "list", errno);
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
  }

  Result<FileInfo> Stat(const std::string& path) override {
    struct stat st;
    if (stat(path.c_str(), &st) != 0) return ErrnoStatus(path, "stat", errno);
    return InfoOf(st);
  }
  Result<FileInfo> StatLink(const std::string& path) override {
    struct stat st;
    if (lstat(path.c_str(), &st) != 0) return ErrnoStatus(path, "stat", errno);
    return InfoOf(st);
  }
  Result<uint64_t> FreeBytes(const std::string& path) override {
    struct statvfs st;
    if (statvfs(path.c_str(), &st) != 0) return ErrnoStatus(path, "ask for free space at", errno);
    return uint64_t{st.f_bavail} * st.f_frsize;
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    Descriptor fd = OpenRetry(path, O_RDWR | O_CREAT | O_NOFOLLOW);
    if (fd.get() < 0) return ErrnoStatus(path, "open the lock", errno);
    // flock belongs to the open file, so a second opener in this process is refused as well.
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return ErrnoStatus(path, "lock", errno);
    return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(std::move(fd)));
  }
  Result<std::unique_ptr<FileLock>> LockShared(const std::string& path) override {
    Descriptor fd = OpenRetry(path, O_RDONLY | O_NOFOLLOW);
    if (fd.get() < 0) return ErrnoStatus(path, "open the lock", errno);
    if (flock(fd.get(), LOCK_SH | LOCK_NB) != 0) return ErrnoStatus(path, "lock", errno);
    return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(std::move(fd)));
  }
};

}  // namespace

FileSystem* PosixFileSystem() {
  static PosixFiles* const files = new PosixFiles;
  return files;
}

std::unique_ptr<SequentialFile> StandardInput() {
  return std::make_unique<PosixSequentialFile>("standard input", Descriptor(STDIN_FILENO, false));
}

std::unique_ptr<WritableFile> StandardOutput() {
  return std::make_unique<PosixWritableFile>("standard output", Descriptor(STDOUT_FILENO, false));
}

}  // namespace whittle
