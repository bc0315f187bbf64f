// LEB128 varints and zigzag, as Protocol Buffers encode them, and a bounds-checked little-endian reader/writer pair.
// ByteReader never reads past its view and stays failed after the first error; the view must outlive the reader.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace whittle {

inline uint64_t ZigZag(int64_t v) { return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63); }
inline int64_t UnZigZag(uint64_t v) { return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1); }

// Appends at most 10 bytes.
inline void PutVarint(std::string* out, uint64_t v) {
  while (v >= 0x80) {
    out->push_back(static_cast<char>(v | 0x80));
    v >>= 7;
  }
  out->push_back(static_cast<char>(v));
}

class ByteWriter {
 public:
  explicit ByteWriter(std::string* out) : out_(out) {}
  void U8(uint8_t v) { out_->push_back(static_cast<char>(v)); }
  void U16(uint16_t v) { Fixed(v, 2); }
  void U32(uint32_t v) { Fixed(v, 4); }
  void U64(uint64_t v) { Fixed(v, 8); }
  void Varint(uint64_t v) { PutVarint(out_, v); }
  void Signed(int64_t v) { PutVarint(out_, ZigZag(v)); }
  void Raw(std::string_view bytes) { out_->append(bytes); }
  // Length-prefixed bytes.
  void Bytes(std::string_view bytes) {
    Varint(bytes.size());
    out_->append(bytes);
  }

 private:
  void Fixed(uint64_t v, int bytes) {
    for (int i = 0; i < bytes; ++i) out_->push_back(static_cast<char>(v >> (8 * i)));
  }
  std::string* out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : p_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  bool ok() const { return ok_; }
  size_t remaining() const { return static_cast<size_t>(end_ - p_); }

  uint8_t U8() { return static_cast<uint8_t>(Fixed(1)); }
  uint16_t U16() { return static_cast<uint16_t>(Fixed(2)); }
  uint32_t U32() { return static_cast<uint32_t>(Fixed(4)); }
  uint64_t U64() { return Fixed(8); }
  uint64_t Varint() {
    uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (p_ == end_) break;
      const auto byte = static_cast<uint8_t>(*p_++);
      if (shift == 63 && byte > 1) break;
      v |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return v;
    }
    return Fail();
  }
  int64_t Signed() { return UnZigZag(Varint()); }
  std::string_view Raw(uint64_t size) {
    if (size > remaining()) {
      Fail();
      return {};
    }
    std::string_view bytes(p_, size);
    p_ += size;
    return bytes;
  }
  std::string_view Bytes() { return Raw(Varint()); }
  // Up to the next zero byte, which is read as well.
  std::string_view Terminated() {
    const void* const end = remaining() == 0 ? nullptr : std::memchr(p_, 0, remaining());
    if (end == nullptr) {
      Fail();
      return {};
    }
    const std::string_view bytes = Raw(static_cast<size_t>(static_cast<const char*>(end) - p_));
    ++p_;
    return bytes;
  }

 private:
  uint64_t Fixed(size_t bytes) {
    if (remaining() < bytes) return Fail();
    uint64_t v = 0;
    for (size_t i = 0; i < bytes; ++i) v |= static_cast<uint64_t>(static_cast<uint8_t>(p_[i])) << (8 * i);
    p_ += bytes;
    return v;
  }
  uint64_t Fail() {
    ok_ = false;
    p_ = end_;
    return 0;
  }
  const char* p_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace whittle
