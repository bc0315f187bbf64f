#include "env/fault_env.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <utility>

namespace whittle {
namespace {

constexpr std::pair<std::string_view, FileOperation> kOperationNames[] = {
    {"create", FileOperation::kCreate},
    {"write", FileOperation::kWrite},
    {"sync", FileOperation::kSync},
    {"rename", FileOperation::kRename},
    {"remove", FileOperation::kRemove},
    {"mkdir", FileOperation::kMakeDirectory},
    {"syncdir", FileOperation::kSyncDirectory},
    {"read", FileOperation::kRead},
    {"any", FileOperation::kAny},
};

constexpr std::pair<std::string_view, int> kErrorNames[] = {
    {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EACCES", EACCES}, {"EROFS", EROFS}, {"EDQUOT", EDQUOT},
};

std::string_view NextPart(std::string_view* text) {
  const size_t colon = text->find(':');
  const std::string_view part = text->substr(0, colon);
  text->remove_prefix(colon == std::string_view::npos ? text->size() : colon + 1);
  return part;
}

}  // namespace

Result<Fault> ParseFault(std::string_view text) {
  const Status bad(StatusCode::kUsage, "fault '" + std::string(text) + "' is not OPERATION:N[+]:WHAT[:PATH_PART]");
  Fault fault;
  const std::string_view operation = NextPart(&text);
  std::string_view count = NextPart(&text);
  const std::string_view what = NextPart(&text);
  fault.path_part = std::string(text);

  bool known = false;
  for (const auto& [name, value] : kOperationNames) {
    if (name == operation) fault.operation = value, known = true;
  }
  if (!known) return bad;
  if (!count.empty() && count.back() == '+') {
    fault.sticky = true;
    count.remove_suffix(1);
  }
  const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), fault.call);
  if (error != std::errc() || end != count.data() + count.size() || fault.call == 0) return bad;
  if (what == "KILL") {
    fault.action = Fault::Action::kKill;
    return fault;
  }
  if (what == "CRASH") {
    fault.action = Fault::Action::kCrash;
    return fault;
  }
  for (const auto& [name, value] : kErrorNames) {
    if (name != what) continue;
    fault.error = value;
    return fault;
  }
  return bad;
}

class FaultFileSystem::Reader : public RandomAccessFile {
 public:
  Reader(FaultFileSystem* fs, std::string path, std::unique_ptr<RandomAccessFile> base)
      : fs_(fs), path_(std::move(path)), base_(std::move(base)) {}
  Result<size_t> Read(uint64_t offset, size_t size, char* buffer) const override {
    WHITTLE_RETURN_IF_ERROR(fs_->Before(FileOperation::kRead, path_, "read"));
    return base_->Read(offset, size, buffer);
  }
  Result<FileInfo> Info() const override { return base_->Info(); }
  Result<std::string_view> Map() override { return base_->Map(); }

 private:
  FaultFileSystem* const fs_;
  const std::string path_;
  const std::unique_ptr<RandomAccessFile> base_;
};

class FaultFileSystem::Writer : public WritableFile {
 public:
  Writer(FaultFileSystem* fs, std::string path, std::unique_ptr<WritableFile> base)
      : fs_(fs), path_(std::move(path)), base_(std::move(base)) {}
  Status Append(std::string_view bytes) override {
    Status status = fs_->Before(FileOperation::kWrite, path_, "write");
    if (status.ok()) return base_->Append(bytes);
    if (!fs_->crashed()) WHITTLE_RETURN_IF_ERROR(base_->Append(bytes.substr(0, bytes.size() / 2)));
    return status;
  }
  Status Sync() override {
    WHITTLE_RETURN_IF_ERROR(fs_->Before(FileOperation::kSync, path_, "sync"));
    return base_->Sync();
  }
  Status Close() override { return base_->Close(); }

 private:
  FaultFileSystem* const fs_;
  const std::string path_;
  const std::unique_ptr<WritableFile> base_;
};

void FaultFileSystem::SetFault(Fault fault) {
  const std::lock_guard<std::mutex> lock(mutex_);
  fault_ = std::move(fault);
  armed_ = true;
  fired_ = false;
  matching_calls_ = 0;
}

void FaultFileSystem::ClearFault() {
  const std::lock_guard<std::mutex> lock(mutex_);
  armed_ = false;
}

bool FaultFileSystem::fired() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return fired_;
}

bool FaultFileSystem::crashed() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return armed_ && fired_ && fault_.action == Fault::Action::kCrash;
}

uint64_t FaultFileSystem::Calls(FileOperation operation) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (operation != FileOperation::kAny) return calls_[static_cast<size_t>(operation)];
  uint64_t sum = 0;
  for (size_t i = 0; i < kFileOperations; ++i) {
    if (i != static_cast<size_t>(FileOperation::kRead)) sum += calls_[i];
  }
  return sum;
}

void FaultFileSystem::ResetCalls() {
  const std::lock_guard<std::mutex> lock(mutex_);
  calls_.fill(0);
}

Status FaultFileSystem::Before(FileOperation operation, const std::string& path, std::string_view verb) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++calls_[static_cast<size_t>(operation)];
  if (!armed_) return Status::Ok();
  if (fired_ && fault_.action == Fault::Action::kCrash && operation != FileOperation::kRead) {
    return ErrnoStatus(path, verb, EIO);
  }
  const bool matches =
      fault_.operation == operation || (fault_.operation == FileOperation::kAny && operation != FileOperation::kRead);
  if (!matches || path.find(fault_.path_part) == std::string::npos) return Status::Ok();
  ++matching_calls_;
  if (matching_calls_ != fault_.call && !(fault_.sticky && matching_calls_ > fault_.call)) return Status::Ok();
  fired_ = true;
  if (fault_.action == Fault::Action::kKill) std::raise(SIGKILL);
  return ErrnoStatus(path, verb, fault_.error);
}

Result<std::unique_ptr<RandomAccessFile>> FaultFileSystem::OpenForRead(const std::string& path) {
  WHITTLE_ASSIGN_OR_RETURN(auto file, base_->OpenForRead(path));
  return std::unique_ptr<RandomAccessFile>(std::make_unique<Reader>(this, path, std::move(file)));
}

Result<std::unique_ptr<SequentialFile>> FaultFileSystem::OpenSequential(const std::string& path) {
  WHITTLE_RETURN_IF_ERROR(Before(FileOperation::kRead, path, "open"));
  return base_->OpenSequential(path);
}

Result<std::unique_ptr<WritableFile>> FaultFileSystem::OpenForWrite(const std::string& path, WriteMode mode) {
  WHITTLE_RETURN_IF_ERROR(Before(FileOperation::kCreate, path, "open for writing"));
  WHITTLE_ASSIGN_OR_RETURN(auto file, base_->OpenForWrite(path, mode));
  return std::unique_ptr<WritableFile>(std::make_unique<Writer>(this, path, std::move(file)));
}

Status FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  WHITTLE_RETURN_IF_ERROR(Before(FileOperation::kRename, to, "rename " + from + " to it"));
  return base_->Rename(from, to);
}

Status FaultFileSystem::RenameNoReplace(const std::string& from, const std::string& to) {
  WHITTLE_RETURN_IF_ERROR(Before(FileOperation::kRename, to, "rename " + from + " to it"));
  return base_->RenameNoReplace(from, to);
}

Status FaultFileSystem::Remove(const std::string& path) {
  WHITTLE_RETURN_IF_ERROR(Before(FileOperation::kRemove, path, "remove"));
  return base_->Remove(path);
}

Status FaultFileSystem::RemoveDirectory(const std::string& path) {
  WHITTLE_RETURN_IF_ERROR(Before(FileOperation::kRemove, path, "remove"));
  return base_->RemoveDirectory(path);
}

Status FaultFileSystem::MakeDirectory(const std::string& path) {
  WHITTLE_RETURN_IF_ERROR(Before(FileOperation::kMakeDirectory, path, "make the directory"));
  return base_->MakeDirectory(path);
}

Status FaultFileSystem::SyncDirectory(const std::string& path) {
  WHITTLE_RETURN_IF_ERROR(Before(FileOperation::kSyncDirectory, path, "sync"));
  return base_->SyncDirectory(path);
}

}  // namespace whittle
