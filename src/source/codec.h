// Codecs: one streaming decoder per compression format behind one interface, and how a format is told by its first
// bytes. A Codec is used by one thread; it keeps no pointer to the buffers of a call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <whittle/status.h>

namespace whittle {

enum class Compression : uint8_t { kNone, kGzip, kZstd, kXz, kBzip2 };
std::string_view CompressionName(Compression compression);  // "gzip", ...; "none" for kNone

// The memory one decoder may use for its window. 128 MiB is what the zstd program accepts unasked (windowLog 27) and
// holds the 65 MiB of `xz -9`; a file that wants more is refused with kLimit, because its header alone would decide how
// much memory the process takes.
inline constexpr uint64_t kDefaultMaxWindowBytes = uint64_t{128} << 20;
// The longest magic: bzip2's "BZh9" and the six bytes of its first block.
inline constexpr size_t kMaxMagicBytes = 10;

// What `prefix` (the first bytes of a stream) says. `decided` is false while more bytes could still make it one of the
// formats; text is usually decided by its first byte. With `at_end` it is always decided.
struct Detection {
  Compression compression = Compression::kNone;
  bool decided = false;
};
Detection DetectCompression(std::string_view prefix, bool at_end);

struct CodecBuffers {
  const char* in = nullptr;  // both advance by what the call used
  size_t in_size = 0;
  char* out = nullptr;
  size_t out_size = 0;
  bool in_ended = false;  // `in` holds the last bytes there are
};

class Codec {
 public:
  virtual ~Codec() = default;

  // Decodes as far as input and output space allow. An error leaves what was decoded before it in `out`. Statuses say
  // what is wrong ("checksum mismatch"); the caller adds where.
  virtual Status Decode(CodecBuffers* buffers) = 0;

  // True when the input may end here: after a complete member, frame or stream.
  virtual bool AtBoundary() const = 0;
};

// kLimit when not even the decoder's own state fits. `compression` is not kNone.
Result<std::unique_ptr<Codec>> NewCodec(Compression compression, uint64_t max_window_bytes);

}  // namespace whittle
