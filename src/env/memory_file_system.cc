#include "env/memory_file_system.h"

#include <algorithm>
#include <cerrno>
#include <random>

namespace whittle {

struct MemoryFileSystem::Node {
  FileType type = FileType::kRegular;
  std::string data;     // as the process sees it
  std::string durable;  // as of the last Sync
  int64_t modified_ns = 0;
  uint64_t inode = 0;
};

// One directory entry changed: `removed` went, `added` came; either may be empty. Durable once `directory` is synced.
struct MemoryFileSystem::Change {
  std::string directory;
  std::string removed;
  std::string added;
  std::shared_ptr<Node> node;

  void Apply(Names* names) const {
    if (!removed.empty()) names->erase(removed);
    if (!added.empty()) (*names)[added] = node;
  }
};

namespace {

std::string Normalise(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c != '/' || out.empty() || out.back() != '/') out.push_back(c);
  }
  if (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

}  // namespace

class MemoryFileSystem::Reader : public RandomAccessFile {
 public:
  Reader(MemoryFileSystem* fs, std::string path, std::shared_ptr<Node> node)
      : fs_(fs), generation_(fs->generation_), path_(std::move(path)), node_(std::move(node)) {}
  Result<size_t> Read(uint64_t offset, size_t size, char* buffer) const override {
    const std::lock_guard<std::mutex> lock(fs_->mutex_);
    if (generation_ != fs_->generation_) return ErrnoStatus(path_, "read", EIO);
    if (offset >= node_->data.size()) return size_t{0};
    return node_->data.copy(buffer, size, offset);
  }
  Result<FileInfo> Info() const override {
    const std::lock_guard<std::mutex> lock(fs_->mutex_);
    return FileInfo{node_->type, node_->data.size(), node_->modified_ns, 1, node_->inode};
  }
  Result<std::string_view> Map() override { return Status(StatusCode::kUnsupported, path_ + ": cannot be mapped"); }

 private:
  MemoryFileSystem* const fs_;
  const uint64_t generation_;
  const std::string path_;
  const std::shared_ptr<Node> node_;
};

class MemoryFileSystem::Sequence : public SequentialFile {
 public:
  Sequence(MemoryFileSystem* fs, std::string path, std::shared_ptr<Node> node)
      : reader_(fs, std::move(path), std::move(node)) {}
  Result<size_t> Read(size_t size, char* buffer) override {
    Result<size_t> got = reader_.Read(offset_, size, buffer);
    if (got.ok()) offset_ += *got;
    return got;
  }
  Result<bool> WaitReadable(int) override { return true; }

 private:
  Reader reader_;
  uint64_t offset_ = 0;
};

class MemoryFileSystem::Writer : public WritableFile {
 public:
  Writer(MemoryFileSystem* fs, std::string path, std::shared_ptr<Node> node)
      : fs_(fs), generation_(fs->generation_), path_(std::move(path)), node_(std::move(node)) {}
  Status Append(std::string_view bytes) override {
    const std::lock_guard<std::mutex> lock(fs_->mutex_);
    if (closed_ || generation_ != fs_->generation_) return ErrnoStatus(path_, "write", closed_ ? EBADF : EIO);
    node_->data.append(bytes);
    node_->modified_ns = fs_->Now();
    return Status::Ok();
  }
  Status Sync() override {
    const std::lock_guard<std::mutex> lock(fs_->mutex_);
    if (closed_ || generation_ != fs_->generation_) return ErrnoStatus(path_, "sync", closed_ ? EBADF : EIO);
    node_->durable = node_->data;
    return Status::Ok();
  }
  Status Close() override {
    closed_ = true;
    return Status::Ok();
  }

 private:
  MemoryFileSystem* const fs_;
  const uint64_t generation_;
  const std::string path_;
  const std::shared_ptr<Node> node_;
  bool closed_ = false;
};

namespace {
constexpr int kExclusive = -1;
}

class MemoryFileSystem::HeldLock : public FileLock {
 public:
  HeldLock(MemoryFileSystem* fs, std::string path) : fs_(fs), generation_(fs->generation_), path_(std::move(path)) {}
  ~HeldLock() override {
    const std::lock_guard<std::mutex> lock(fs_->mutex_);
    if (generation_ != fs_->generation_) return;
    int& holders = fs_->locked_[path_];
    holders = holders == kExclusive ? 0 : holders - 1;
  }

 private:
  MemoryFileSystem* const fs_;
  const uint64_t generation_;
  const std::string path_;
};

MemoryFileSystem::MemoryFileSystem(Clock* clock) : clock_(clock) {
  names_["/"] = NewNode(FileType::kDirectory);
  durable_ = names_;
}

MemoryFileSystem::~MemoryFileSystem() = default;

void MemoryFileSystem::PowerLoss(uint64_t seed) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::mt19937_64 random(seed);
  // Directories write their changes in order, each at its own pace.
  std::map<std::string, bool> stopped;
  for (const Change& change : pending_) {
    bool& stop = stopped[change.directory];
    if (!stop) stop = random() % 2 == 0;
    if (!stop) change.Apply(&durable_);
  }
  pending_.clear();
  names_.clear();
  for (const auto& [path, node] : durable_) {
    // The map is sorted, so a parent comes before what it holds.
    if (path == "/" || names_.contains(DirectoryOf(path))) names_[path] = node;
  }
  durable_ = names_;
  for (const auto& [path, node] : names_) {
    std::string& data = node->data;
    const std::string& durable = node->durable;
    if (data.size() > durable.size() && data.compare(0, durable.size(), durable) == 0) {
      data.resize(durable.size() + random() % (data.size() - durable.size() + 1));
      if (random() % 4 == 0) {
        const size_t zeros = random() % (data.size() - durable.size() + 1);
        std::fill(data.end() - static_cast<std::ptrdiff_t>(zeros), data.end(), '\0');
      }
    } else {
      data = durable;
    }
    node->durable = data;
  }
  locked_.clear();
  ++generation_;
}

void MemoryFileSystem::SyncAll() {
  const std::lock_guard<std::mutex> lock(mutex_);
  durable_ = names_;
  pending_.clear();
  for (const auto& [path, node] : names_) node->durable = node->data;
}

std::shared_ptr<MemoryFileSystem::Node> MemoryFileSystem::Find(const std::string& path) const {
  const auto it = names_.find(path);
  return it == names_.end() ? nullptr : it->second;
}

std::shared_ptr<MemoryFileSystem::Node> MemoryFileSystem::NewNode(FileType type) {
  auto node = std::make_shared<Node>();
  node->type = type;
  node->inode = next_inode_++;
  node->modified_ns = Now();
  return node;
}

Status MemoryFileSystem::CheckParent(const std::string& path) const {
  const auto parent = Find(DirectoryOf(path));
  if (parent == nullptr) return ErrnoStatus(path, "open", ENOENT);
  return parent->type == FileType::kDirectory ? Status::Ok() : ErrnoStatus(path, "open", ENOTDIR);
}

void MemoryFileSystem::Record(const std::string& directory, std::string removed, std::string added,
                              std::shared_ptr<Node> node) {
  pending_.push_back({directory, std::move(removed), std::move(added), std::move(node)});
  pending_.back().Apply(&names_);
}

int64_t MemoryFileSystem::Now() { return clock_ != nullptr ? clock_->WallNs() : ++ticks_ * 1'000'000'000; }

Result<std::unique_ptr<RandomAccessFile>> MemoryFileSystem::OpenForRead(const std::string& raw_path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string path = Normalise(raw_path);
  const auto node = Find(path);
  if (node == nullptr) return ErrnoStatus(path, "open", ENOENT);
  if (node->type != FileType::kRegular) return Status(StatusCode::kIo, path + ": is a directory");
  return std::unique_ptr<RandomAccessFile>(std::make_unique<Reader>(this, path, node));
}

Result<std::unique_ptr<SequentialFile>> MemoryFileSystem::OpenSequential(const std::string& raw_path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string path = Normalise(raw_path);
  const auto node = Find(path);
  if (node == nullptr) return ErrnoStatus(path, "open", ENOENT);
  if (node->type != FileType::kRegular) return Status(StatusCode::kIo, path + ": is a directory");
  return std::unique_ptr<SequentialFile>(std::make_unique<Sequence>(this, path, node));
}

Result<std::unique_ptr<WritableFile>> MemoryFileSystem::OpenForWrite(const std::string& raw_path, WriteMode mode) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string path = Normalise(raw_path);
  WHITTLE_RETURN_IF_ERROR(CheckParent(path));
  auto node = Find(path);
  if (node != nullptr && mode == WriteMode::kCreateNew) return ErrnoStatus(path, "open for writing", EEXIST);
  if (node != nullptr && node->type != FileType::kRegular) return ErrnoStatus(path, "open for writing", EISDIR);
  if (node == nullptr) {
    node = NewNode(FileType::kRegular);
    Record(DirectoryOf(path), "", path, node);
  } else if (mode == WriteMode::kTruncate) {
    node->data.clear();
  }
  return std::unique_ptr<WritableFile>(std::make_unique<Writer>(this, path, node));
}

Status MemoryFileSystem::Move(const std::string& raw_from, const std::string& raw_to, bool replace) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string from = Normalise(raw_from), to = Normalise(raw_to);
  const auto node = Find(from);
  if (node == nullptr) return ErrnoStatus(to, "rename " + from + " to it", ENOENT);
  WHITTLE_RETURN_IF_ERROR(CheckParent(to));
  if (!replace && Find(to) != nullptr) return ErrnoStatus(to, "rename " + from + " to it", EEXIST);
  if (node->type != FileType::kRegular) return ErrnoStatus(to, "rename " + from + " to it", EOPNOTSUPP);
  Record(DirectoryOf(to), from, to, node);
  return Status::Ok();
}

Status MemoryFileSystem::Rename(const std::string& from, const std::string& to) { return Move(from, to, true); }
Status MemoryFileSystem::RenameNoReplace(const std::string& from, const std::string& to) {
  return Move(from, to, false);
}

Status MemoryFileSystem::Remove(const std::string& raw_path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string path = Normalise(raw_path);
  const auto node = Find(path);
  if (node == nullptr) return ErrnoStatus(path, "remove", ENOENT);
  if (node->type == FileType::kDirectory) return ErrnoStatus(path, "remove", EISDIR);
  Record(DirectoryOf(path), path, "", nullptr);
  return Status::Ok();
}

Status MemoryFileSystem::RemoveDirectory(const std::string& raw_path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string path = Normalise(raw_path);
  const auto node = Find(path);
  if (node == nullptr) return ErrnoStatus(path, "remove", ENOENT);
  if (node->type != FileType::kDirectory) return ErrnoStatus(path, "remove", ENOTDIR);
  const auto next = names_.upper_bound(path + "/");
  if (next != names_.end() && next->first.rfind(path + "/", 0) == 0) return ErrnoStatus(path, "remove", ENOTEMPTY);
  Record(DirectoryOf(path), path, "", nullptr);
  return Status::Ok();
}

Status MemoryFileSystem::MakeDirectory(const std::string& raw_path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string path = Normalise(raw_path);
  WHITTLE_RETURN_IF_ERROR(CheckParent(path));
  if (Find(path) != nullptr) return ErrnoStatus(path, "make the directory", EEXIST);
  Record(DirectoryOf(path), "", path, NewNode(FileType::kDirectory));
  return Status::Ok();
}

Status MemoryFileSystem::SyncDirectory(const std::string& raw_path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string path = Normalise(raw_path);
  if (Find(path) == nullptr) return ErrnoStatus(path, "open", ENOENT);
  std::vector<Change> rest;
  for (Change& change : pending_) {
    if (change.directory == path) {
      change.Apply(&durable_);
    } else {
      rest.push_back(std::move(change));
    }
  }
  pending_ = std::move(rest);
  return Status::Ok();
}

Result<std::vector<DirectoryEntry>> MemoryFileSystem::List(const std::string& raw_path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string path = Normalise(raw_path);
  const auto node = Find(path);
  if (node == nullptr) return ErrnoStatus(path, "list", ENOENT);
  if (node->type != FileType::kDirectory) return ErrnoStatus(path, "list", ENOTDIR);
  std::vector<DirectoryEntry> entries;
  const std::string prefix = path == "/" ? "/" : path + "/";
  for (auto it = names_.upper_bound(prefix); it != names_.end() && it->first.rfind(prefix, 0) == 0; ++it) {
    std::string name = it->first.substr(prefix.size());
    if (name.find('/') == std::string::npos) entries.push_back({std::move(name), it->second->type});
  }
  return entries;
}

Result<FileInfo> MemoryFileSystem::Stat(const std::string& raw_path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string path = Normalise(raw_path);
  const auto node = Find(path);
  if (node == nullptr) return ErrnoStatus(path, "stat", ENOENT);
  return FileInfo{node->type, node->data.size(), node->modified_ns, 1, node->inode};
}

Result<uint64_t> MemoryFileSystem::FreeBytes(const std::string&) { return uint64_t{1} << 40; }

Result<std::unique_ptr<FileLock>> MemoryFileSystem::Lock(const std::string& raw_path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string path = Normalise(raw_path);
  WHITTLE_RETURN_IF_ERROR(CheckParent(path));
  int& holders = locked_[path];
  if (holders != 0) return ErrnoStatus(path, "lock", EWOULDBLOCK);
  holders = kExclusive;
  if (Find(path) == nullptr) Record(DirectoryOf(path), "", path, NewNode(FileType::kRegular));
  return std::unique_ptr<FileLock>(std::make_unique<HeldLock>(this, path));
}

Result<std::unique_ptr<FileLock>> MemoryFileSystem::LockShared(const std::string& raw_path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string path = Normalise(raw_path);
  if (Find(path) == nullptr) return ErrnoStatus(path, "open the lock", ENOENT);
  int& holders = locked_[path];
  if (holders == kExclusive) return ErrnoStatus(path, "lock", EWOULDBLOCK);
  ++holders;
  return std::unique_ptr<FileLock>(std::make_unique<HeldLock>(this, path));
}

}  // namespace whittle
