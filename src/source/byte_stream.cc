#include "source/byte_stream.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace whittle {
namespace {

// What Skip reads at a time where it cannot seek: large enough to amortise the calls, small beside the memory limit.
constexpr size_t kSkipBufferBytes = 256 * 1024;

Status TooShort(uint64_t size, uint64_t wanted) {
  return Status(StatusCode::kData, "ends after " + std::to_string(size) + " bytes, but " + std::to_string(wanted) +
                                       " were read of it before: it was cut or replaced");
}

class StringStream final : public ByteStream {
 public:
  StringStream(std::string text, size_t chunk) : text_(std::move(text)), chunk_(chunk) {}

  Result<size_t> Read(char* buffer, size_t capacity) override {
    size_t size = std::min(capacity, text_.size() - position_);
    if (chunk_ > 0) size = std::min(size, chunk_);
    text_.copy(buffer, size, position_);
    position_ += size;
    return size;
  }

  StreamProgress progress() const override { return {position_, text_.size()}; }

 private:
  std::string text_;
  size_t chunk_;
  size_t position_ = 0;
};

class FileStream final : public ByteStream {
 public:
  FileStream(std::string path, std::unique_ptr<RandomAccessFile> file, uint64_t size)
      : path_(std::move(path)), file_(std::move(file)), size_(size) {}

  Result<size_t> Read(char* buffer, size_t capacity) override {
    if (!failure_.ok()) return failure_;
    auto size = file_->Read(position_, capacity, buffer);
    if (size.ok()) {
      position_ += *size;
    } else {
      failure_ = size.status();
    }
    return size;
  }

  Status Skip(uint64_t bytes) override {
    // The file may have grown since it was opened.
    WHITTLE_ASSIGN_OR_RETURN(const FileInfo info, file_->Info());
    if (info.size < position_ || info.size - position_ < bytes) {
      return TooShort(info.size, position_ + bytes).WithContext(path_);
    }
    position_ += bytes;
    return Status::Ok();
  }

  StreamProgress progress() const override { return {position_, size_}; }

 private:
  const std::string path_;
  const std::unique_ptr<RandomAccessFile> file_;
  const uint64_t size_;
  uint64_t position_ = 0;
  Status failure_;
};

class PipeStream final : public ByteStream {
 public:
  explicit PipeStream(std::unique_ptr<SequentialFile> file) : file_(std::move(file)) {}

  Result<size_t> Read(char* buffer, size_t capacity) override {
    if (ended_) return size_t{0};  // a terminal would ask for more after its end
    if (!failure_.ok()) return failure_;
    auto size = file_->Read(capacity, buffer);
    if (size.ok()) {
      position_ += *size;
      ended_ = *size == 0;
    } else {
      failure_ = size.status();
    }
    return size;
  }

  Result<bool> WaitReadable(int timeout_ms) override {
    if (ended_ || !failure_.ok()) return true;
    return file_->WaitReadable(timeout_ms);
  }

  StreamProgress progress() const override { return {position_, std::nullopt}; }

 private:
  const std::unique_ptr<SequentialFile> file_;
  uint64_t position_ = 0;
  bool ended_ = false;
  Status failure_;
};

}  // namespace

Status ByteStream::Skip(uint64_t bytes) {
  std::vector<char> buffer(static_cast<size_t>(std::min<uint64_t>(bytes, kSkipBufferBytes)));
  for (uint64_t skipped = 0; skipped < bytes;) {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(buffer.size(), bytes - skipped));
    WHITTLE_ASSIGN_OR_RETURN(const size_t size, Read(buffer.data(), wanted));
    if (size == 0) return TooShort(skipped, bytes);
    skipped += size;
  }
  return Status::Ok();
}

Result<std::unique_ptr<ByteStream>> OpenFileStream(FileSystem* files, const std::string& path) {
  WHITTLE_ASSIGN_OR_RETURN(auto file, files->OpenForRead(path));
  WHITTLE_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  std::unique_ptr<ByteStream> stream = std::make_unique<FileStream>(path, std::move(file), info.size);
  return stream;
}

std::unique_ptr<ByteStream> NewPipeStream(std::unique_ptr<SequentialFile> file) {
  return std::make_unique<PipeStream>(std::move(file));
}

std::unique_ptr<ByteStream> NewStringStream(std::string text, size_t chunk) {
  return std::make_unique<StringStream>(std::move(text), chunk);
}

}  // namespace whittle
