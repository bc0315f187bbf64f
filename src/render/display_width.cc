#include "render/display_width.h"

#include <algorithm>
#include <iterator>

#include "render/json_text.h"

namespace whittle {
namespace {

struct CodeRange {
  uint32_t first, last;
};

// Marks that stand on the character before them, and format characters.
constexpr CodeRange kZeroWidth[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a},   {0x064b, 0x065f}, {0x06d6, 0x06dc},
    {0x0900, 0x0902}, {0x093c, 0x093c}, {0x0941, 0x0948}, {0x0e31, 0x0e31},   {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
    {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x202a, 0x202e},   {0x2060, 0x2064}, {0x20d0, 0x20ff},
    {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef},
};

constexpr CodeRange kDoubleWidth[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x26bd, 0x26be},   {0x26d4, 0x26d4},   {0x2705, 0x2705},
    {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x274c},   {0x2753, 0x2755},   {0x2757, 0x2757},
    {0x2795, 0x2797},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2e80, 0x303e},   {0x3041, 0x33ff},
    {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

template <size_t N>
bool IsIn(const CodeRange (&ranges)[N], uint32_t code) {
  const auto after = std::upper_bound(std::begin(ranges), std::end(ranges), code,
                                      [](uint32_t value, const CodeRange& range) { return value < range.first; });
  return after != std::begin(ranges) && code <= std::prev(after)->last;
}

// Decodes the character at *i of well-formed text and moves past it.
uint32_t NextCode(std::string_view text, size_t* i) {
  const auto byte = [&](size_t k) {
    return k < text.size() ? static_cast<uint32_t>(static_cast<uint8_t>(text[k])) : 0;
  };
  const uint32_t lead = byte(*i);
  const size_t size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  uint32_t code = size == 1 ? lead : lead & (0xff >> (size + 1));
  for (size_t k = 1; k < size; ++k) code = code << 6 | (byte(*i + k) & 0x3f);
  *i = std::min(*i + size, text.size());
  return code;
}

size_t CodeWidth(uint32_t code) {
  if (code < 0x300) return 1;
  if (IsIn(kZeroWidth, code)) return 0;
  return IsIn(kDoubleWidth, code) ? 2 : 1;
}

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

std::string DisplayText(std::string_view text) {
  if (IsPlain(text)) return std::string(text);
  // JSON's escapes are the ones people know; only the quotes and backslashes need none here.
  std::string escaped;
  AppendJsonString(text, &escaped);
  std::string out;
  for (size_t i = 1; i + 1 < escaped.size(); ++i) {
    const char next = escaped[i + 1];
    if (escaped[i] != '\\') {
      out.push_back(escaped[i]);
    } else if (next == 'u') {
      out.append("\\x").append(escaped, i + 4, 2);
      i += 5;
    } else {
      if (next != '"' && next != '\\') out.push_back('\\');
      out.push_back(next);
      ++i;
    }
  }
  return out;
}

size_t DisplayWidth(std::string_view text) {
  if (IsPlain(text)) return text.size();
  size_t width = 0;
  for (size_t i = 0; i < text.size();) width += CodeWidth(NextCode(text, &i));
  return width;
}

std::string FitWidth(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width == 0) return {};
  size_t used = 0, end = 0;
  for (size_t i = 0; i < text.size();) {
    const size_t columns = CodeWidth(NextCode(text, &i));
    if (used + columns > width - 1) break;
    used += columns;
    end = i;
  }
  return std::string(text.substr(0, end)) + "\xE2\x80\xA6";
}

}  // namespace whittle
