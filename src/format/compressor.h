// Compressor: zstd with the settings of one encoding run, and the size estimates that encoders choose by. One per
// thread: it keeps zstd's working memory between calls.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

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

// The compressors of one encoding run: as many as threads use at the same time. Thread-safe.
class CompressorPool {
 public:
  // Gives the compressor back when it goes.
  struct Return {
    CompressorPool* pool = nullptr;
    void operator()(Compressor* compressor) const;
  };
  using Lease = std::unique_ptr<Compressor, Return>;

  explicit CompressorPool(bool max_effort) : max_effort_(max_effort) {}

  bool max_effort() const { return max_effort_; }
  Lease Borrow();

 private:
  const bool max_effort_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Compressor>> idle_;
};

// Exactly `size` bytes, or kCorrupt. The caller has bounded `size`.
Result<std::string> Decompress(std::string_view stored, size_t size);

}  // namespace whittle
