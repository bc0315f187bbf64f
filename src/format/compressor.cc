#include "format/compressor.h"

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

namespace whittle {

struct Compressor::Context {
  ZSTD_CCtx* frames = ZSTD_createCCtx();
  ZSTD_CCtx* samples = ZSTD_createCCtx();
  std::string scratch;
  ~Context() {
    ZSTD_freeCCtx(frames);
    ZSTD_freeCCtx(samples);
  }
};

Compressor::Compressor(bool max_effort) : context_(std::make_unique<Context>()), max_effort_(max_effort) {}
Compressor::~Compressor() = default;

Result<std::string> Compressor::Compress(std::string_view bytes, int level) {
  ZSTD_CCtx* context = context_->frames;
  if (context == nullptr) return Status(StatusCode::kLimit, "no memory for the compressor");
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0);
  ZSTD_CCtx_setParameter(context, ZSTD_c_format, ZSTD_f_zstd1_magicless);
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress2(context, out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size)) return Status(StatusCode::kLimit, std::string("zstd: ") + ZSTD_getErrorName(size));
  out.resize(size);
  out.shrink_to_fit();
  return out;
}

size_t Compressor::Estimate(std::string_view bytes) {
  if (bytes.empty()) return 0;
  std::string& scratch = context_->scratch;
  const size_t bound = ZSTD_compressBound(bytes.size());
  if (scratch.size() < bound) scratch.resize(bound);
  const size_t size =
      ZSTD_compressCCtx(context_->samples, scratch.data(), scratch.size(), bytes.data(), bytes.size(), 1);
  // 9 bytes of frame header and block header are shared by many blobs in the real thing.
  return ZSTD_isError(size) ? bytes.size() : (size > 9 ? size - 9 : 1);
}

CompressorPool::Lease CompressorPool::Borrow() {
  std::unique_ptr<Compressor> compressor;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      compressor = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (compressor == nullptr) compressor = std::make_unique<Compressor>(max_effort_);
  return Lease(compressor.release(), Return{this});
}

void CompressorPool::Return::operator()(Compressor* compressor) const {
  const std::lock_guard lock(pool->mutex_);
  pool->idle_.emplace_back(compressor);
}

Result<std::string> Decompress(std::string_view stored, size_t size) {
  struct Context {
    ZSTD_DCtx* zstd = ZSTD_createDCtx();
    ~Context() { ZSTD_freeDCtx(zstd); }
  };
  // Kept: making one costs as much as decompressing a few kilobytes.
  thread_local Context context;
  if (context.zstd == nullptr) return Status(StatusCode::kLimit, "no memory for the decompressor");
  ZSTD_DCtx_reset(context.zstd, ZSTD_reset_session_and_parameters);
  ZSTD_DCtx_setParameter(context.zstd, ZSTD_d_format, ZSTD_f_zstd1_magicless);
  std::string out(size, '\0');
  const size_t got = ZSTD_decompressDCtx(context.zstd, out.data(), out.size(), stored.data(), stored.size());
  if (ZSTD_isError(got) || got != size) return Status(StatusCode::kCorrupt, "a compressed frame is damaged");
  return out;
}

}  // namespace whittle
