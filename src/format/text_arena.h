// TextArena: memory for decoded text that lives as long as the arena. Not thread-safe. Views into it stay valid when
// the arena is moved, and die with it. It refuses to grow past its budget, which bounds what a hostile segment can ask
// for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace whittle {

class TextArena {
 public:
  explicit TextArena(uint64_t budget_bytes) : budget_(budget_bytes) {}
  TextArena(TextArena&&) = default;
  TextArena& operator=(TextArena&&) = default;

  // nullptr when the budget is spent. The memory is not initialised.
  char* Allocate(size_t size) {
    if (size > static_cast<size_t>(end_ - next_) || next_ == nullptr) {
      if (!Grow(size)) return nullptr;
    }
    char* p = next_;
    next_ += size;
    return p;
  }
  uint64_t remaining() const { return budget_; }
  // Gives back the last `unused` bytes of the latest allocation.
  void Shrink(size_t unused) { next_ -= unused; }
  // Keeps an owner of other bytes (a decompressed frame) alive as long as the arena.
  void KeepAlive(std::shared_ptr<const void> owner) {
    if (owners_.empty() || owners_.back() != owner) owners_.push_back(std::move(owner));
  }

 private:
  // Chunks double from small to large: a thousand tiny columns must not cost a thousand large chunks.
  bool Grow(size_t size) {
    constexpr size_t kLargestChunk = size_t{256} << 10;
    if (size > budget_) return false;
    const size_t chunk = size > next_chunk_ ? size : next_chunk_;
    next_chunk_ = next_chunk_ < kLargestChunk ? next_chunk_ * 2 : kLargestChunk;
    budget_ -= chunk < budget_ ? chunk : budget_;
    chunks_.push_back(std::unique_ptr<char[]>(new char[chunk]));
    next_ = chunks_.back().get();
    end_ = next_ + chunk;
    return true;
  }

  uint64_t budget_;
  size_t next_chunk_ = 512;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::vector<std::shared_ptr<const void>> owners_;
  char* next_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace whittle
