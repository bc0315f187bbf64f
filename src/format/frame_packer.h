// FramePacker: blobs in, compressed frames out. All blobs of a kind form one stream in the order they were added; the
// stream is cut into frames between blobs. Owned and used by one encoding run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "format/compressor.h"
#include "format/footer.h"
#include "format/node.h"

namespace whittle {

using ParallelFor = std::function<void(size_t count, const std::function<void(size_t)>& body)>;

class FramePacker {
 public:
  void Add(BlobKind kind, std::string bytes);
  // Compresses everything, appends the frames to `file` and their descriptions to `frames`.
  // `level` 0: by the share of `text_bytes` that is left to compress, for an even cost per byte of text.
  Status Finish(uint64_t text_bytes, int level, bool max_effort, const ParallelFor& parallel_for, std::string* file,
                std::vector<FrameInfo>* frames);

 private:
  struct Frame {
    uint8_t kind = 0;
    std::string bytes;  // raw; once compressed, as stored
    uint64_t raw_size = 0;
    uint8_t method = 0;
    Status status;
  };
  std::vector<Frame> streams_[kBlobKindCount];
};

}  // namespace whittle
