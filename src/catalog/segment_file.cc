#include "catalog/segment_file.h"

#include "catalog/segment_meta.h"
#include "format/segment_reader.h"

namespace whittle {
namespace {

class FileSource : public ByteSource {
 public:
  FileSource(std::string path, std::unique_ptr<RandomAccessFile> file, uint64_t size)
      : path_(std::move(path)), file_(std::move(file)), size_(size) {}
  uint64_t size() const override { return size_; }
  Result<std::string> Read(uint64_t offset, uint64_t size) const override {
    if (offset > size_ || size > size_ - offset) {
      return Status(StatusCode::kCorrupt, path_ + ": a read past the end of the segment");
    }
    std::string bytes(size, '\0');
    WHITTLE_ASSIGN_OR_RETURN(const size_t got, file_->Read(offset, bytes.size(), bytes.data()));
    if (got == size) return bytes;
    return Status(StatusCode::kCorrupt, path_ + ": the segment became shorter");
  }

 private:
  const std::string path_;
  const std::unique_ptr<RandomAccessFile> file_;
  const uint64_t size_;
};

}  // namespace

Result<std::shared_ptr<const ByteSource>> OpenSegmentFile(const Env* env, const std::string& path) {
  WHITTLE_ASSIGN_OR_RETURN(auto file, env->files->OpenForRead(path));
  WHITTLE_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  return std::shared_ptr<const ByteSource>(std::make_shared<FileSource>(path, std::move(file), info.size));
}

Result<std::string> ReadSegmentEntry(const Env* env, const std::string& path) {
  WHITTLE_ASSIGN_OR_RETURN(auto source, OpenSegmentFile(env, path));
  WHITTLE_ASSIGN_OR_RETURN(const auto reader, SegmentReader::Open(std::move(source)));
  return reader->LoadSection(kCatalogEntrySection);
}

}  // namespace whittle
