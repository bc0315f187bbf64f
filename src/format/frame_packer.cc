#include "format/frame_packer.h"

#include <algorithm>

#include "base/hash.h"

namespace whittle {
namespace {

// A frame is closed when it holds this much: small enough that one column can be read without the whole segment,
// large enough that zstd's tables and history pay.
constexpr size_t kFrameTarget = size_t{2} << 20;

// zstd levels by how much of the text is left to compress: structure has removed most of it, so what is left may cost
// more per byte. Measured on one core: level 4 about 150 MB/s, 7 about 80, 9 about 60, 12 about 25; so zstd costs
// between 0.7 and 2 ns per byte of text.
int LevelFor(uint64_t total, uint64_t text_bytes) {
  constexpr uint64_t kLittleText = uint64_t{2} << 20;
  if (text_bytes < kLittleText) return 15;  // milliseconds, whatever is left
  if (total * 40 < text_bytes) return 12;
  if (total * 24 < text_bytes) return 9;
  if (total * 6 < text_bytes) return 7;
  if (total * 3 < text_bytes) return 5;
  return 3;
}

}  // namespace

void FramePacker::Add(BlobKind kind, std::string bytes) {
  std::vector<Frame>& stream = streams_[static_cast<size_t>(kind)];
  if (bytes.empty()) return;
  if (stream.empty() || stream.back().bytes.size() + bytes.size() > kFrameTarget) {
    Frame& frame = stream.emplace_back();
    frame.kind = static_cast<uint8_t>(kind);
    frame.bytes = std::move(bytes);
  } else {
    stream.back().bytes.append(bytes);
  }
}

Status FramePacker::Finish(uint64_t text_bytes, int level, bool max_effort, const ParallelFor& parallel_for,
                           std::string* file, std::vector<FrameInfo>* frames) {
  std::vector<Frame*> all;
  size_t total = 0;
  for (std::vector<Frame>& stream : streams_) {
    for (Frame& frame : stream) {
      all.push_back(&frame);
      frame.raw_size = frame.bytes.size();
      total += frame.raw_size;
    }
  }
  if (level == 0) level = max_effort ? 22 : LevelFor(total, text_bytes);
  const auto compress = [&](Compressor* compressor, Frame* frame) {
    Result<std::string> stored = compressor->Compress(frame->bytes, level);
    if (!stored.ok()) {
      frame->status = stored.status();
    } else if (stored->size() < frame->raw_size) {
      frame->method = 1;
      frame->bytes = std::move(*stored);
    }
  };
  // The largest first, so that no thread begins a long one when the others are done.
  std::vector<Frame*> by_size = all;
  std::stable_sort(by_size.begin(), by_size.end(),
                   [](const Frame* a, const Frame* b) { return a->raw_size > b->raw_size; });
  if (parallel_for) {
    parallel_for(by_size.size(), [&](size_t i) {
      Compressor compressor(max_effort);
      compress(&compressor, by_size[i]);
    });
  } else {
    Compressor compressor(max_effort);
    for (Frame* frame : by_size) compress(&compressor, frame);
  }
  for (Frame* frame : all) {
    WHITTLE_RETURN_IF_ERROR(frame->status);
    FrameInfo info;
    info.kind = frame->kind;
    info.method = frame->method;
    info.offset = file->size();
    info.raw_size = frame->raw_size;
    info.stored_size = frame->bytes.size();
    info.checksum = Hash64(frame->bytes);
    frames->push_back(info);
    file->append(frame->bytes);
    frame->bytes = {};
  }
  return Status::Ok();
}

}  // namespace whittle
