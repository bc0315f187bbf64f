// A segment file as a ByteSource. Safe from any thread, as RandomAccessFile is.
#pragma once

#include <memory>
#include <string>

#include "env/file_system.h"
#include "format/byte_source.h"

namespace whittle {

class FileByteSource : public ByteSource {
 public:
  static Result<std::shared_ptr<const FileByteSource>> Open(FileSystem* files, const std::string& path);
  uint64_t size() const override { return size_; }
  Result<std::string> Read(uint64_t offset, uint64_t size) const override;

 private:
  FileByteSource(std::unique_ptr<RandomAccessFile> file, uint64_t size, std::string path)
      : file_(std::move(file)), size_(size), path_(std::move(path)) {}
  std::unique_ptr<RandomAccessFile> file_;
  uint64_t size_;
  std::string path_;
};

}  // namespace whittle
