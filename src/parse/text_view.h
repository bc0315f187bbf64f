// TextView: a stretch of a line as the program wrote it, with the way back to the bytes of the line. Containers wrap
// lines in JSON strings, and programs put JSON into those; the parsers work on the unescaped text and their offsets are
// mapped back. Programs colour what they write for a terminal; the parsers work on the text without. Owns the unescaped
// text when there was something to unescape; otherwise the line must outlive it.
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

  // One past the byte of the line where the text before `offset` ends: Raw(offset), but for what Plain left out there.
  uint32_t RawEnd(size_t offset) const { return ends_.empty() ? Raw(offset) : ends_[offset]; }
  // Whether Plain left nothing out inside of [begin, end).
  bool IsWhole(size_t begin, size_t end) const {
    for (size_t i = begin + 1; i < end && !ends_.empty(); ++i) {
      if (ends_[i] != map_[i]) return false;
    }
    return true;
  }

  // Whether Plain would leave something out. False for what Plain gave: it takes what is there once.
  bool HasColours() const;
  // Whether what Plain left out stood beside a digit inside of a word: tokens of this text are none of the line then.
  bool JoinsNumbers() const { return joins_numbers_; }
  // This text without the sequences that colour it.
  TextView Plain() const;

  // [begin, end) of this text; `unescape`: as the content of a JSON string.
  TextView Sub(size_t begin, size_t end, bool unescape) const;

 private:
  std::string_view text_;
  std::string storage_;
  std::vector<uint32_t> map_;   // empty: byte i is byte base_ + i of the line
  std::vector<uint32_t> ends_;  // empty: RawEnd is Raw
  uint32_t base_ = 0;
  uint8_t level_ = 0;
  bool owned_ = false;
  bool plain_ = false;
  bool joins_numbers_ = false;
};

}  // namespace whittle
