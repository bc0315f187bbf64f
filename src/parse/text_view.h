// TextView: a stretch of a line as the program wrote it, with the way back to the bytes of the line. Containers wrap
// lines in JSON strings, and programs put JSON into those; the parsers work on the unescaped text and their offsets are
// mapped back. Owns the unescaped text when there was something to unescape; otherwise the line must outlive it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace whittle {

class TextView {
 public:
  TextView() = default;
  explicit TextView(std::string_view line) : text_(line) {}

  // The view moves its own bytes along.
  TextView(TextView&&) = default;
  TextView& operator=(TextView&&) = default;

  std::string_view text() const { return owned_ ? std::string_view(storage_) : text_; }
  // How many times the bytes of the line must be unescaped to give text().
  uint8_t level() const { return level_; }
  // Byte of the line where byte `offset` of text() comes from; for text().size() one past the last byte.
  uint32_t Raw(size_t offset) const { return map_.empty() ? base_ + static_cast<uint32_t>(offset) : map_[offset]; }

  // [begin, end) of this text; `unescape`: as the content of a JSON string.
  TextView Sub(size_t begin, size_t end, bool unescape) const;

 private:
  std::string_view text_;
  std::string storage_;
  std::vector<uint32_t> map_;  // empty: byte i is byte base_ + i of the line
  uint32_t base_ = 0;
  uint8_t level_ = 0;
  bool owned_ = false;
};

}  // namespace whittle
