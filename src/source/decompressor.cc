#include "source/decompressor.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace whittle {
namespace {
// Stored bytes fetched at a time: one read call per 256 KiB is noise beside decoding them.
constexpr size_t kInputBytes = 256 * 1024;
}  // namespace

Decompressor::Decompressor(std::unique_ptr<ByteStream> stored, DecompressOptions options)
    : stored_(std::move(stored)), options_(std::move(options)), input_(std::make_unique<char[]>(kInputBytes)) {}

Decompressor::~Decompressor() = default;

Status Decompressor::Refill() {
  if (begin_ == end_) begin_ = end_ = 0;
  WHITTLE_ASSIGN_OR_RETURN(const size_t size, stored_->Read(input_.get() + end_, kInputBytes - end_));
  end_ += size;
  if (size == 0) stored_ended_ = true;
  return Status::Ok();
}

Status Decompressor::Detect() {
  while (!detected_) {
    const Detection detection = DetectCompression({input_.get() + begin_, buffered()}, stored_ended_);
    if (!detection.decided) {
      // An error while bytes of an undecided prefix are held: they are text, deliver them first.
      if (Status status = Refill(); !status.ok()) {
        failure_ = std::move(status);
        stored_ended_ = true;
        detected_ = true;
        return buffered() > 0 ? Status::Ok() : failure_;
      }
      continue;
    }
    compression_ = detection.compression;
    detected_ = true;
    if (compression_ == Compression::kNone) break;
    auto codec = NewCodec(compression_, options_.max_window_bytes);
    if (!codec.ok()) return failure_ = Locate(codec.status());
    codec_ = std::move(codec).value();
  }
  return Status::Ok();
}

Result<Compression> Decompressor::compression() {
  WHITTLE_RETURN_IF_ERROR(Detect());
  return compression_;
}

Result<size_t> Decompressor::Read(char* buffer, size_t capacity) {
  if (!detected_) WHITTLE_RETURN_IF_ERROR(Detect());
  return codec_ == nullptr ? ReadPlain(buffer, capacity) : ReadDecoded(buffer, capacity);
}

Result<size_t> Decompressor::ReadPlain(char* buffer, size_t capacity) {
  if (buffered() > 0) {
    const size_t size = std::min(capacity, buffered());
    std::memcpy(buffer, input_.get() + begin_, size);
    begin_ += size;
    return size;
  }
  if (!failure_.ok()) return failure_;
  input_.reset();  // from here on the caller's buffer is filled directly
  auto size = stored_->Read(buffer, capacity);
  if (!size.ok()) failure_ = size.status();
  return size;
}

Result<size_t> Decompressor::ReadDecoded(char* buffer, size_t capacity) {
  while (true) {
    if (!failure_.ok()) return failure_;
    if (buffered() == 0 && !stored_ended_ && !output_pending_) {
      if (Status status = Refill(); !status.ok()) {
        failure_ = std::move(status);
        continue;
      }
    }
    CodecBuffers b{input_.get() + begin_, buffered(), buffer, capacity, stored_ended_};
    const Status status = codec_->Decode(&b);
    const size_t used = buffered() - b.in_size;
    const size_t produced = capacity - b.out_size;
    begin_ += used;
    consumed_ += used;
    output_pending_ = b.out_size == 0;
    if (!status.ok()) failure_ = Locate(status);
    if (produced > 0) return produced;
    if (!failure_.ok() || used > 0 || (buffered() == 0 && !stored_ended_)) continue;
    if (buffered() == 0 && codec_->AtBoundary()) return size_t{0};
    failure_ = Locate(Status(StatusCode::kCorrupt, "cut short: the data ends in the middle"));
  }
}

Status Decompressor::Locate(const Status& status) const {
  const std::string context = options_.name.empty() ? "" : options_.name + ": ";
  return Status(status.code(), context + std::string(CompressionName(compression_)) + " data, at byte " +
                                   std::to_string(consumed_) + " of the compressed input: " + status.message());
}

Status Decompressor::Skip(uint64_t bytes) {
  WHITTLE_RETURN_IF_ERROR(Detect());
  if (codec_ != nullptr) return ByteStream::Skip(bytes);
  const auto held = static_cast<size_t>(std::min<uint64_t>(bytes, buffered()));
  begin_ += held;
  if (bytes == held) return Status::Ok();
  return failure_.ok() ? stored_->Skip(bytes - held) : failure_;
}

Result<bool> Decompressor::WaitReadable(int timeout_ms) {
  if (!failure_.ok() || stored_ended_ || buffered() > 0 || output_pending_) return true;
  return stored_->WaitReadable(timeout_ms);
}

Result<std::unique_ptr<Decompressor>> OpenDecompressed(FileSystem* files, const std::string& path,
                                                       uint64_t max_window_bytes) {
  std::unique_ptr<ByteStream> stored;
  WHITTLE_ASSIGN_OR_RETURN(const FileInfo info, files->Stat(path));
  if (info.type == FileType::kOther) {
    WHITTLE_ASSIGN_OR_RETURN(auto pipe, files->OpenSequential(path));
    stored = NewPipeStream(std::move(pipe));
  } else {
    WHITTLE_ASSIGN_OR_RETURN(stored, OpenFileStream(files, path));
  }
  return std::make_unique<Decompressor>(std::move(stored), DecompressOptions{max_window_bytes, path});
}

}  // namespace whittle
