// ByteStream: where the bytes of one source come from: a file, standard input, memory, or one of these decompressed.
// A stream is used by one thread at a time and may be handed to another; it owns what it reads from. Nothing is kept
// of the caller's buffers between calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <whittle/status.h>

#include "env/file_system.h"

namespace whittle {

// How far a stream is in *stored* bytes (compressed ones, if it is compressed), which is what a person waits for.
struct StreamProgress {
  uint64_t stored_bytes = 0;             // read from the file so far
  std::optional<uint64_t> stored_total;  // size of the file when it was opened; none for a pipe
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Reads at least one and at most `capacity` (> 0) bytes into `buffer`, or returns 0 at the end. Waits only until some
  // bytes exist, so a live pipe is never held back to fill a buffer. Bytes that precede a problem are returned first;
  // the next call, and every call after it, returns the error.
  virtual Result<size_t> Read(char* buffer, size_t capacity) = 0;

  // Moves `bytes` forward in the text (decompressed bytes), to continue at a frontier. Files seek; everything else
  // reads and forgets. kData when the stream ends before that point: the file is shorter than what was read of it.
  virtual Status Skip(uint64_t bytes);

  // False when nothing became readable within `timeout_ms` or a signal arrived; then Read would wait. What cannot wait
  // (files) is always readable, and so is the end.
  virtual Result<bool> WaitReadable(int timeout_ms) {
    static_cast<void>(timeout_ms);
    return true;
  }

  virtual StreamProgress progress() const = 0;
};

// A stream over the regular file `path`; kUnsupported or kIo for what is none. `files` must outlive it.
Result<std::unique_ptr<ByteStream>> OpenFileStream(FileSystem* files, const std::string& path);

// A stream over a pipe or standard input. Takes over `file`.
std::unique_ptr<ByteStream> NewPipeStream(std::unique_ptr<SequentialFile> file);

// A stream over `text`, which gives at most `chunk` bytes per call (0: no limit). For tests and for piped prefixes.
std::unique_ptr<ByteStream> NewStringStream(std::string text, size_t chunk = 0);

}  // namespace whittle
