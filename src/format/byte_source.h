// ByteSource: random access to the bytes of one segment, wherever they are. Implementations are safe to call from
// several threads at once. A read that cannot give all `size` bytes is an error, never a short answer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <whittle/status.h>

namespace whittle {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual uint64_t size() const = 0;
  virtual Result<std::string> Read(uint64_t offset, uint64_t size) const = 0;
};

// A segment in memory; owns its bytes.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::string bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  Result<std::string> Read(uint64_t offset, uint64_t size) const override {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      return Status(StatusCode::kCorrupt, "read past the end of the segment");
    }
    return bytes_.substr(offset, size);
  }

 private:
  std::string bytes_;
};

}  // namespace whittle
