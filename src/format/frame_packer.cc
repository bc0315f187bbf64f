#include "format/frame_packer.h"

#include <algorithm>

#include "base/free_memory.h"
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
  if (stream.empty() || stream.back().raw_size + bytes.size() > kFrameTarget) {
    stream.emplace_back().kind = static_cast<uint8_t>(kind);
  }
  stream.back().raw_size += bytes.size();
  stream.back().blobs.push_back(std::move(bytes));
}

size_t FramePacker::Seal(uint64_t text_bytes, int level, bool max_effort) {
  uint64_t total = 0;
  for (std::vector<Frame>& stream : streams_) {
    for (Frame& frame : stream) {
      by_size_.push_back(&frame);
      total += frame.raw_size;
    }
  }
  level_ = level;
  if (level_ == 0) level_ = max_effort ? 22 : LevelFor(total, text_bytes);
  // So that no thread begins a long one when the others are done.
  std::stable_sort(by_size_.begin(), by_size_.end(),
                   [](const Frame* a, const Frame* b) { return a->raw_size > b->raw_size; });
  return by_size_.size();
}

void FramePacker::Compress(size_t index, Compressor* compressor) {
  Frame& frame = *by_size_[index];
  std::string raw = std::move(frame.blobs.front());
  raw.reserve(frame.raw_size);
  for (size_t i = 1; i < frame.blobs.size(); ++i) {
    raw += frame.blobs[i];
    FreeMemory(&frame.blobs[i]);
  }
  FreeMemory(&frame.blobs);
  Result<std::string> stored = compressor->Compress(raw, level_);
  frame.status = stored.status();
  frame.method = stored.ok() && stored->size() < raw.size() ? 1 : 0;
  frame.stored = frame.method == 1 ? std::move(*stored) : std::move(raw);
}

Status FramePacker::Write(std::string* file, std::vector<FrameInfo>* frames) {
  for (std::vector<Frame>& stream : streams_) {
    for (Frame& frame : stream) {
      WHITTLE_RETURN_IF_ERROR(frame.status);
      FrameInfo info;
      info.kind = frame.kind;
      info.method = frame.method;
      info.offset = file->size();
      info.raw_size = frame.raw_size;
      info.stored_size = frame.stored.size();
      info.checksum = Hash64(frame.stored);
      frames->push_back(info);
      file->append(frame.stored);
      FreeMemory(&frame.stored);
    }
  }
  return Status::Ok();
}

}  // namespace whittle
