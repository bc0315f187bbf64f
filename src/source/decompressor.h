// Decompressor: a ByteStream that reads another one and undoes gzip, zstd, xz or bzip2, told by content and not by file
// name; anything else passes through untouched. Members, frames and streams one after the other are one text. Memory
// is one input buffer and the decoder's window, whatever the input expands to.
//
// Damage: everything that decodes before it is returned, then an error that names the stored byte where decoding
// stopped. The formats notice wrong bytes late (gzip at the latest at the end of a member, bzip2 at the end of a
// block), so the last bytes before such an error may be wrong ones.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <whittle/status.h>

#include "source/byte_stream.h"
#include "source/codec.h"

namespace whittle {

struct DecompressOptions {
  uint64_t max_window_bytes = kDefaultMaxWindowBytes;
  std::string name;  // what messages call the input, usually its path
};

class Decompressor final : public ByteStream {
 public:
  explicit Decompressor(std::unique_ptr<ByteStream> stored, DecompressOptions options = {});
  ~Decompressor() override;

  Result<size_t> Read(char* buffer, size_t capacity) override;
  Status Skip(uint64_t bytes) override;
  Result<bool> WaitReadable(int timeout_ms) override;
  StreamProgress progress() const override { return stored_->progress(); }

  // What the stream turned out to be. Reads its first bytes, so it may wait as Read does.
  Result<Compression> compression();

 private:
  Status Detect();
  Status Refill();
  Result<size_t> ReadPlain(char* buffer, size_t capacity);
  Result<size_t> ReadDecoded(char* buffer, size_t capacity);
  Status Locate(const Status& status) const;  // adds format and stored offset
  size_t buffered() const { return end_ - begin_; }

  std::unique_ptr<ByteStream> stored_;
  DecompressOptions options_;
  std::unique_ptr<char[]> input_;  // stored bytes [begin_, end_) are read and not decoded yet
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t consumed_ = 0;  // stored bytes decoded so far, for messages
  bool stored_ended_ = false;
  bool detected_ = false;
  bool output_pending_ = false;  // the decoder filled the buffer, so it may have more without more input
  Compression compression_ = Compression::kNone;
  std::unique_ptr<Codec> codec_;
  Status failure_;  // remembered until the bytes before it are delivered, and for ever after
};

// Opens `path` (a file or a named pipe) and wraps it in a Decompressor that names it in its messages.
Result<std::unique_ptr<Decompressor>> OpenDecompressed(FileSystem* files, const std::string& path,
                                                       uint64_t max_window_bytes = kDefaultMaxWindowBytes);

}  // namespace whittle
