// SourceFeed: reads one source from where its frontier stands and frames it. One thread at a time.
//
// Damage in the input ends the source, not the run: everything before it is framed and yielded, then the feed is at its
// end and `damage` says what happened.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <whittle/status.h>

#include "parse/framing.h"
#include "source/byte_stream.h"

namespace whittle {

// Bytes asked for at a time: enough that system calls do not count, small enough to stay in the second-level cache.
inline constexpr size_t kReadBytes = 256 * 1024;

class SourceFeed {
 public:
  // `stream` stands at `framing.first_offset`. `tee` sees every byte read, in order; it may be empty.
  static Result<std::unique_ptr<SourceFeed>> Open(std::unique_ptr<ByteStream> stream, const FramingOptions& framing,
                                                  std::function<void(std::string_view)> tee);

  // Reads once and appends the batches that became complete. False at the end; then everything is yielded.
  bool Pump(std::vector<LineBatch>* out);

  // Yields every complete line now (a pipe gone quiet, a shutdown).
  void Drain(std::vector<LineBatch>* out) { framer_->Drain(out); }

  // False when nothing came within `timeout_ms`.
  bool WaitReadable(int timeout_ms);

  const Status& damage() const { return damage_; }
  StreamProgress progress() const { return stream_->progress(); }
  uint64_t bytes_read() const { return bytes_read_; }

 private:
  SourceFeed(std::unique_ptr<ByteStream> stream, std::unique_ptr<Framer> framer,
             std::function<void(std::string_view)> tee);

  std::unique_ptr<ByteStream> stream_;
  std::unique_ptr<Framer> framer_;
  std::function<void(std::string_view)> tee_;
  std::unique_ptr<char[]> buffer_;
  uint64_t bytes_read_ = 0;
  Status damage_;
};

}  // namespace whittle
