// FramePacker: blobs in, compressed frames out. All blobs of a kind form one stream in the order they were added; the
// stream is cut into frames between blobs. Owned by one encoding run: Add everything, Seal, Compress each frame, Write.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <whittle/status.h>

#include "format/compressor.h"
#include "format/footer.h"
#include "format/node.h"

namespace whittle {

class FramePacker {
 public:
  void Add(BlobKind kind, std::string bytes);
  // How many frames there are. `level` 0: by the share of `text_bytes` that is left to compress, for an even cost per
  // byte of text.
  size_t Seal(uint64_t text_bytes, int level, bool max_effort);
  // The largest frame is the first. Different ones may be compressed at the same time.
  void Compress(size_t frame, Compressor* compressor);
  // Appends the frames to `file` and their descriptions to `frames`.
  Status Write(std::string* file, std::vector<FrameInfo>* frames);

 private:
  struct Frame {
    uint8_t kind = 0;
    std::vector<std::string> blobs;
    uint64_t raw_size = 0;
    std::string stored;
    uint8_t method = 0;
    Status status;
  };

  std::vector<Frame> streams_[kBlobKindCount];
  std::vector<Frame*> by_size_;
  int level_ = 0;
};

}  // namespace whittle
