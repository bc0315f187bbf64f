#include "query/file_byte_source.h"

namespace whittle {

Result<std::shared_ptr<const FileByteSource>> FileByteSource::Open(FileSystem* files, const std::string& path) {
  WHITTLE_ASSIGN_OR_RETURN(auto file, files->OpenForRead(path));
  WHITTLE_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  return std::shared_ptr<const FileByteSource>(new FileByteSource(std::move(file), info.size, path));
}

Result<std::string> FileByteSource::Read(uint64_t offset, uint64_t size) const {
  const Status past_end(StatusCode::kCorrupt, path_ + ": read past the end of the segment");
  if (offset > size_ || size > size_ - offset) return past_end;
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    WHITTLE_ASSIGN_OR_RETURN(const size_t got, file_->Read(offset + done, size - done, bytes.data() + done));
    if (got == 0) return past_end;  // shortened since it was opened
    done += got;
  }
  return bytes;
}

}  // namespace whittle
