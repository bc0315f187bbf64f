// Compressor: zstd with the settings of one encoding run, and the size estimates that encoders choose by. One per
// thread: it keeps zstd's working memory between calls.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <whittle/status.h>

namespace whittle {

class Compressor {
 public:
  explicit Compressor(bool max_effort = false);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  bool max_effort() const { return max_effort_; }
  // One zstd frame without checksum or content size (the frame table has both).
  Result<std::string> Compress(std::string_view bytes, int level);
  // What `bytes` would take, roughly; for choosing between encodings of a sample.
  size_t Estimate(std::string_view bytes);
  // A buffer for the bytes to estimate, kept between uses.
  std::string& scratch() { return scratch_; }

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  bool max_effort_;
  std::string scratch_;
};

// Exactly `size` bytes, or kCorrupt. The caller has bounded `size`.
Result<std::string> Decompress(std::string_view stored, size_t size);

}  // namespace whittle
