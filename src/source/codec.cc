#include "source/codec.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <bit>
#include <climits>
#include <string>

namespace whittle {
namespace {

Status Corrupt(std::string what) { return Status(StatusCode::kCorrupt, std::move(what)); }
Status OutOfMemory() { return Status(StatusCode::kLimit, "no memory for the decoder"); }

Status WindowTooLarge(uint64_t limit) {
  return Status(StatusCode::kLimit, "needs more than the " + std::to_string(limit >> 20) +
                                        " MiB of memory that one decoder may use; decompress it with its own program "
                                        "and read the result");
}

// zlib and libbz2 count in unsigned int.
unsigned Narrow(size_t size) { return static_cast<unsigned>(std::min<size_t>(size, UINT_MAX / 2)); }
Bytef* Unsigned(const char* p) { return reinterpret_cast<Bytef*>(const_cast<char*>(p)); }

// Members one after the other, as `cat a.gz b.gz` makes them; zero bytes between or after members are tape padding.
class GzipCodec final : public Codec {
 public:
  GzipCodec() { ready_ = inflateInit2(&stream_, 16 + MAX_WBITS) == Z_OK; }
  ~GzipCodec() override {
    if (ready_) inflateEnd(&stream_);
  }
  bool ready() const { return ready_; }

  Status Decode(CodecBuffers* b) override {
    while (b->in_size > 0 || inside_) {
      if (!inside_ && !BeginMember(b)) {
        if (b->in_size == 0) return Status::Ok();
        return Corrupt("what follows the last gzip member is not gzip data");
      }
      stream_.next_in = Unsigned(b->in);
      stream_.avail_in = Narrow(b->in_size);
      stream_.next_out = Unsigned(b->out);
      stream_.avail_out = Narrow(b->out_size);
      const unsigned in_before = stream_.avail_in, out_before = stream_.avail_out;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      b->in += in_before - stream_.avail_in;
      b->in_size -= in_before - stream_.avail_in;
      b->out += out_before - stream_.avail_out;
      b->out_size -= out_before - stream_.avail_out;
      if (code == Z_STREAM_END) {
        inside_ = false;
        if (inflateReset(&stream_) != Z_OK) return OutOfMemory();
        continue;
      }
      if (code == Z_MEM_ERROR) return OutOfMemory();
      if (code != Z_OK && code != Z_BUF_ERROR) return Corrupt(stream_.msg != nullptr ? stream_.msg : "invalid data");
      if (b->in_size == 0 || b->out_size == 0) return Status::Ok();
    }
    return Status::Ok();
  }

  bool AtBoundary() const override { return !inside_; }

 private:
  // Skips padding. False when no member starts here (or no byte is left).
  bool BeginMember(CodecBuffers* b) {
    if (member_count_ > 0) {
      while (b->in_size > 0 && *b->in == '\0') ++b->in, --b->in_size;
    }
    if (b->in_size == 0 || *b->in != '\x1f') return false;
    inside_ = true;
    ++member_count_;
    return true;
  }

  z_stream stream_{};
  bool ready_ = false;
  bool inside_ = false;
  uint64_t member_count_ = 0;
};

// libbz2 forgets what a call wrote when that call meets a damaged block. So each call gets too few bytes to write parts
// of two blocks, and room that depends on nothing but how much was written before: then the same bytes come out before
// the error however the input and the caller's buffers are cut, and no good block is lost.
class Bzip2Codec final : public Codec {
 public:
  ~Bzip2Codec() override { End(); }

  Status Decode(CodecBuffers* b) override {
    while (true) {
      const size_t size = std::min(b->out_size, staged_end_ - staged_begin_);
      b->out = std::copy_n(staged_.data() + staged_begin_, size, b->out);
      b->out_size -= size;
      staged_begin_ += size;
      if (staged_begin_ == kStagedBytes) staged_begin_ = staged_end_ = 0;
      if (b->out_size == 0) return Status::Ok();
      if (!failure_.ok() || (b->in_size == 0 && !full_)) return failure_;
      failure_ = Step(b);
    }
  }

  bool AtBoundary() const override { return !open_; }

 private:
  // Less than any block takes (its magic, checksum, pointer and tables), so that a call ends before a second block
  // does.
  static constexpr size_t kStepBytes = 16;
  static constexpr size_t kStagedBytes = 4096;

  Status Step(CodecBuffers* b) {
    if (!open_) {
      if (*b->in != 'B') return Corrupt("what follows the last bzip2 stream is not bzip2 data");
      stream_ = {};
      if (BZ2_bzDecompressInit(&stream_, /*verbosity=*/0, /*small=*/0) != BZ_OK) return OutOfMemory();
      open_ = true;
    }
    const size_t step = std::min(b->in_size, kStepBytes);
    stream_.next_in = const_cast<char*>(b->in);
    stream_.avail_in = static_cast<unsigned>(step);
    stream_.next_out = staged_.data() + staged_end_;
    stream_.avail_out = static_cast<unsigned>(kStagedBytes - staged_end_);
    const int code = BZ2_bzDecompress(&stream_);
    b->in += step - stream_.avail_in;
    b->in_size -= step - stream_.avail_in;
    full_ = stream_.avail_out == 0;
    staged_end_ = kStagedBytes - stream_.avail_out;
    switch (code) {
      case BZ_OK:
        return Status::Ok();
      case BZ_STREAM_END:
        End();
        return Status::Ok();
      case BZ_MEM_ERROR:
        return OutOfMemory();
      case BZ_DATA_ERROR:
        return Corrupt("block checksum mismatch or invalid block");
      default:
        return Corrupt("invalid bzip2 header");
    }
  }

  void End() {
    if (open_) BZ2_bzDecompressEnd(&stream_);
    open_ = false;
    full_ = false;
  }

  bz_stream stream_{};
  bool open_ = false;
  bool full_ = false;  // the last call filled the room it had: there may be more without more input
  Status failure_;     // waits until what was written before it is delivered
  std::array<char, kStagedBytes> staged_;
  size_t staged_begin_ = 0;
  size_t staged_end_ = 0;
};

class XzCodec final : public Codec {
 public:
  explicit XzCodec(uint64_t max_window) : max_window_(max_window) {
    ready_ = lzma_stream_decoder(&stream_, max_window, LZMA_CONCATENATED) == LZMA_OK;
  }
  ~XzCodec() override { lzma_end(&stream_); }
  bool ready() const { return ready_; }

  Status Decode(CodecBuffers* b) override {
    if (ended_) return Status::Ok();
    stream_.next_in = Unsigned(b->in);
    stream_.avail_in = b->in_size;
    stream_.next_out = Unsigned(b->out);
    stream_.avail_out = b->out_size;
    const lzma_ret code = lzma_code(&stream_, b->in_ended ? LZMA_FINISH : LZMA_RUN);
    b->in += b->in_size - stream_.avail_in;
    b->in_size = stream_.avail_in;
    b->out += b->out_size - stream_.avail_out;
    b->out_size = stream_.avail_out;
    switch (code) {
      case LZMA_OK:
      case LZMA_BUF_ERROR:  // no progress without more input: the caller knows whether there is any
        return Status::Ok();
      case LZMA_STREAM_END:
        ended_ = true;
        return Status::Ok();
      case LZMA_MEMLIMIT_ERROR:
        return WindowTooLarge(max_window_);
      case LZMA_MEM_ERROR:
        return OutOfMemory();
      case LZMA_OPTIONS_ERROR:
        return Status(StatusCode::kUnsupported, "uses an xz filter that this liblzma does not know");
      case LZMA_FORMAT_ERROR:
        return Corrupt("what stands here is not an xz stream");
      default:
        return Corrupt("checksum mismatch or invalid block");
    }
  }

  bool AtBoundary() const override { return ended_; }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  uint64_t max_window_;
  bool ready_ = false;
  bool ended_ = false;
};

// libzstd forgets what a call wrote when that call fails, so each call gets at most one block: the bytes it asks for
// less the next block's header, and no input at all while output of an earlier block is still to be flushed.
class ZstdCodec final : public Codec {
 public:
  explicit ZstdCodec(uint64_t max_window) : max_window_(max_window), context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) return;
    const ZSTD_bounds bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
    const int log = std::clamp(static_cast<int>(std::bit_width(max_window)) - 1, bounds.lowerBound, bounds.upperBound);
    ready_ = !ZSTD_isError(ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, log));
  }
  ~ZstdCodec() override { ZSTD_freeDCtx(context_); }
  bool ready() const { return ready_; }

  Status Decode(CodecBuffers* b) override {
    constexpr size_t kBlockHeaderBytes = 3;
    while (b->out_size > 0 && (b->in_size > 0 || unflushed_)) {
      const size_t wanted = hint_ > kBlockHeaderBytes ? hint_ - kBlockHeaderBytes : std::max<size_t>(hint_, 1);
      ZSTD_inBuffer in{b->in, unflushed_ ? 0 : std::min(wanted, b->in_size), 0};
      ZSTD_outBuffer out{b->out, b->out_size, 0};
      const size_t code = ZSTD_decompressStream(context_, &out, &in);
      if (ZSTD_isError(code)) return Explain(code);
      b->in += in.pos;
      b->in_size -= in.pos;
      b->out += out.pos;
      b->out_size -= out.pos;
      unflushed_ = b->out_size == 0 && code != 0;  // 0: the frame is complete and flushed
      hint_ = code;
    }
    return Status::Ok();
  }

  bool AtBoundary() const override { return hint_ == 0; }

 private:
  Status Explain(size_t code) const {
    const ZSTD_ErrorCode error = ZSTD_getErrorCode(code);
    if (error == ZSTD_error_frameParameter_windowTooLarge) return WindowTooLarge(max_window_);
    if (error == ZSTD_error_memory_allocation) return OutOfMemory();
    if (error == ZSTD_error_dictionary_wrong) {
      return Status(StatusCode::kUnsupported, "was compressed with a dictionary, which is not in the file");
    }
    if (error == ZSTD_error_prefix_unknown) return Corrupt("what stands here is not a zstd frame");
    return Corrupt(ZSTD_getErrorName(code));
  }

  uint64_t max_window_;
  ZSTD_DCtx* context_;
  bool ready_ = false;
  bool unflushed_ = false;
  size_t hint_ = 0;
};

template <typename T, typename... Args>
Result<std::unique_ptr<Codec>> Make(Args... args) {
  auto codec = std::make_unique<T>(args...);
  if (!codec->ready()) return OutOfMemory();
  return Result<std::unique_ptr<Codec>>(std::move(codec));
}

// Whether `prefix` is the start of `magic`, all of it, or neither.
enum class Match { kNo, kSoFar, kYes };
Match MatchMagic(std::string_view prefix, std::string_view magic) {
  const size_t size = std::min(prefix.size(), magic.size());
  if (prefix.substr(0, size) != magic.substr(0, size)) return Match::kNo;
  return size == magic.size() ? Match::kYes : Match::kSoFar;
}

Match MatchBzip2(std::string_view prefix) {
  if (prefix.size() > 3 && (prefix[3] < '1' || prefix[3] > '9')) return Match::kNo;
  const Match start = MatchMagic(prefix, "BZh");
  if (start != Match::kYes) return start;
  const std::string_view rest = prefix.substr(std::min<size_t>(prefix.size(), 4));
  return std::max(MatchMagic(rest, "\x31\x41\x59\x26\x53\x59"),   // the first block
                  MatchMagic(rest, "\x17\x72\x45\x38\x50\x90"));  // the end of an empty stream
}

// A frame, or one of the sixteen kinds of skippable frames that pzstd and seekable files begin with.
Match MatchZstd(std::string_view prefix) {
  const Match frame = MatchMagic(prefix, "\x28\xb5\x2f\xfd");
  if (frame != Match::kNo) return frame;
  if ((static_cast<unsigned char>(prefix[0]) & 0xf0) != 0x50) return Match::kNo;
  return MatchMagic(prefix.substr(1), "\x2a\x4d\x18");
}

}  // namespace

std::string_view CompressionName(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "none";
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
    case Compression::kXz:
      return "xz";
    case Compression::kBzip2:
      return "bzip2";
  }
  return "none";
}

Detection DetectCompression(std::string_view prefix, bool at_end) {
  if (prefix.empty()) return {Compression::kNone, at_end};
  const struct {
    Compression compression;
    Match match;
  } candidates[] = {
      {Compression::kGzip, MatchMagic(prefix, "\x1f\x8b\x08")},  // the third byte: deflate, the only method there is
      {Compression::kZstd, MatchZstd(prefix)},
      {Compression::kXz, MatchMagic(prefix, std::string_view("\xfd"
                                                             "7zXZ\0",
                                                             6))},
      {Compression::kBzip2, MatchBzip2(prefix)},
  };
  bool open = false;
  for (const auto& candidate : candidates) {
    if (candidate.match == Match::kYes) return {candidate.compression, true};
    open |= candidate.match == Match::kSoFar;
  }
  return {Compression::kNone, at_end || !open};
}

Result<std::unique_ptr<Codec>> NewCodec(Compression compression, uint64_t max_window_bytes) {
  switch (compression) {
    case Compression::kGzip:
      return Make<GzipCodec>();
    case Compression::kZstd:
      return Make<ZstdCodec>(max_window_bytes);
    case Compression::kXz:
      return Make<XzCodec>(max_window_bytes);
    case Compression::kBzip2:
      return Result<std::unique_ptr<Codec>>(std::make_unique<Bzip2Codec>());
    case Compression::kNone:
      break;
  }
  return Status(StatusCode::kUnsupported, "not compressed");
}

}  // namespace whittle
