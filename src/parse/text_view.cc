#include "parse/text_view.h"

#include <algorithm>

#include "event/shape.h"
#include "scan/colour_sequence.h"
#include "scan/tokenizer.h"

namespace whittle {
namespace {

// Length of the escape at text[at] == '\\', 1 when it is none. The same escapes as Unescape of event/shape.h knows: a
// test holds the two against each other.
size_t EscapeSize(std::string_view text, size_t at) {
  if (at + 1 >= text.size()) return 1;
  const char c = text[at + 1];
  if (std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos) return 2;
  if (c != 'u' || at + 6 > text.size()) return 1;
  const auto hex4 = [&](size_t from) {
    int value = 0;
    for (size_t i = from; i < from + 4; ++i) {
      if (i >= text.size()) return -1;
      const char h = text[i];
      const int digit = h >= '0' && h <= '9'                     ? h - '0'
                        : (h | 0x20) >= 'a' && (h | 0x20) <= 'f' ? (h | 0x20) - 'a' + 10
                                                                 : -1;
      if (digit < 0) return -1;
      value = value * 16 + digit;
    }
    return value;
  };
  const int first = hex4(at + 2);
  if (first < 0 || (first >= 0xDC00 && first < 0xE000)) return 1;
  if (first < 0xD800 || first >= 0xE000) return 6;
  if (text.substr(at + 6, 2) != "\\u") return 1;
  const int second = hex4(at + 8);
  return second >= 0xDC00 && second < 0xE000 ? 12 : 1;
}

bool JoinsNumber(char before, char after) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return (is_digit(before) || is_digit(after)) && !IsDelimiter(static_cast<unsigned char>(before)) &&
         !IsDelimiter(static_cast<unsigned char>(after));
}

}  // namespace

bool TextView::HasColours() const {
  if (plain_) return false;
  const std::string_view whole = text();
  for (size_t at = whole.find('\x1b'); at != std::string_view::npos; at = whole.find('\x1b', at + 1)) {
    if (ColourSequenceSize(whole, at) > 0) return true;
  }
  return false;
}

TextView TextView::Plain() const {
  TextView plain;
  plain.plain_ = true;
  plain.level_ = level_;
  plain.owned_ = true;
  const std::string_view whole = text();
  uint32_t end = Raw(0);
  for (size_t i = 0; i < whole.size();) {
    const size_t colour = whole[i] == '\x1b' ? ColourSequenceSize(whole, i) : 0;
    if (colour == 0) {
      if (!plain.storage_.empty() && end != Raw(i) && JoinsNumber(plain.storage_.back(), whole[i]))
        plain.joins_numbers_ = true;
      plain.storage_.push_back(whole[i]);
      plain.map_.push_back(Raw(i));
      plain.ends_.push_back(end);
      end = RawEnd(i + 1);
    }
    i += std::max<size_t>(colour, 1);
  }
  plain.map_.push_back(Raw(whole.size()));
  plain.ends_.push_back(end);
  return plain;
}

TextView TextView::Sub(size_t begin, size_t end, bool unescape) const {
  TextView sub;
  sub.level_ = level_;
  sub.plain_ = plain_ && !unescape;
  const std::string_view part = text().substr(begin, end - begin);
  const bool escaped = unescape && part.find('\\') != std::string_view::npos;
  if (unescape) ++sub.level_;
  if (!escaped && map_.empty()) {
    sub.base_ = base_ + static_cast<uint32_t>(begin);
    sub.owned_ = owned_;
    if (owned_) {
      sub.storage_ = std::string(part);
    } else {
      sub.text_ = part;
    }
    return sub;
  }
  sub.owned_ = true;
  sub.storage_.reserve(part.size());
  sub.map_.reserve(part.size() + 1);
  for (size_t i = 0; i < part.size();) {
    const size_t size = escaped && part[i] == '\\' ? EscapeSize(part, i) : 1;
    if (size == 1) {
      sub.storage_.push_back(part[i]);
    } else {
      sub.storage_ += Unescape(part.substr(i, size), 1);
    }
    // Every byte of one escape maps to its beginning, so that a range never cuts an escape.
    sub.map_.resize(sub.storage_.size(), Raw(begin + i));
    if (!ends_.empty()) sub.ends_.resize(sub.storage_.size(), RawEnd(begin + i));
    i += size;
  }
  sub.map_.push_back(Raw(end));
  if (!ends_.empty()) sub.ends_.push_back(RawEnd(end));
  return sub;
}

}  // namespace whittle
