#include "source/tail_file.h"

#include <algorithm>

namespace whittle {
namespace {

// An open file from its beginning.
class HandleStream : public ByteStream {
 public:
  explicit HandleStream(std::shared_ptr<RandomAccessFile> file) : file_(std::move(file)) {}
  Result<size_t> Read(char* buffer, size_t capacity) override {
    WHITTLE_ASSIGN_OR_RETURN(const size_t got, file_->Read(position_, capacity, buffer));
    position_ += got;
    return got;
  }
  StreamProgress progress() const override { return {position_, std::nullopt}; }

 private:
  const std::shared_ptr<RandomAccessFile> file_;
  uint64_t position_ = 0;
};

}  // namespace

std::unique_ptr<Decompressor> TailFile::Decompressed() const {
  DecompressOptions options;
  options.name = input_.path;
  return std::make_unique<Decompressor>(std::make_unique<HandleStream>(file_), options);
}

TailFile::TailFile(FileSystem* files, Input input) : files_(files), input_(std::move(input)) {
  size_ = input_.info.size;
  modified_ns_ = input_.info.modified_ns;
}

Status TailFile::Open() {
  if (file_ != nullptr) return Status::Ok();
  WHITTLE_ASSIGN_OR_RETURN(auto file, files_->OpenForRead(input_.path));
  WHITTLE_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  if (!Is(info)) return Status(StatusCode::kNotFound, input_.path + ": is another file now");
  file_ = std::move(file);
  return Status::Ok();
}

Result<FileInfo> TailFile::Info() const {
  if (file_ != nullptr) return file_->Info();
  WHITTLE_ASSIGN_OR_RETURN(const FileInfo info, files_->Stat(input_.path));
  if (!Is(info)) return Status(StatusCode::kNotFound, input_.path + ": is another file now");
  return info;
}

Result<std::string> TailFile::ReadAt(uint64_t offset, size_t size) const {
  std::string bytes(size, '\0');
  WHITTLE_ASSIGN_OR_RETURN(const size_t got, file_->Read(offset, size, bytes.data()));
  bytes.resize(got);
  return bytes;
}

Status TailFile::Seek(uint64_t offset, std::string head) {
  const uint64_t before = std::min<uint64_t>(offset, kFingerprintBytes);
  WHITTLE_ASSIGN_OR_RETURN(overlap_, ReadAt(offset - before, before));
  if (overlap_.size() < before) return Status(StatusCode::kData, input_.path + ": is shorter than what was read of it");
  offset_ = offset;
  head_ = std::move(head);
  return Status::Ok();
}

Result<TailRead> TailFile::Read(size_t capacity, std::string* bytes) {
  const auto info = Info();
  if (!info.ok()) {
    if (info.status().code() == StatusCode::kNotFound) return TailRead::kMoved;
    return info.status();
  }
  size_ = info->size;
  modified_ns_ = info->modified_ns;
  if (size_ < offset_) return TailRead::kReplaced;
  if (size_ == offset_ && modified_ns_ == verified_ns_) return TailRead::kCaughtUp;
  if (const Status opened = Open(); !opened.ok()) {
    if (opened.code() == StatusCode::kNotFound) return TailRead::kMoved;
    return opened;
  }
  const size_t wanted = static_cast<size_t>(std::min<uint64_t>(capacity, size_ - offset_));
  WHITTLE_ASSIGN_OR_RETURN(std::string text, ReadAt(offset_ - overlap_.size(), overlap_.size() + wanted));
  if (text.size() < overlap_.size() || text.compare(0, overlap_.size(), overlap_) != 0) return TailRead::kReplaced;
  if (!head_.empty() && (text.size() < head_.size() || !IsExpected(text))) return TailRead::kReplaced;
  head_.clear();
  verified_ns_ = modified_ns_;
  const size_t fresh = text.size() - overlap_.size();
  if (fresh == 0) return TailRead::kCaughtUp;
  bytes->assign(text, overlap_.size(), fresh);
  offset_ += fresh;
  if (text.size() > kFingerprintBytes) text.erase(0, text.size() - kFingerprintBytes);
  overlap_ = std::move(text);
  return TailRead::kBytes;
}

}  // namespace whittle
