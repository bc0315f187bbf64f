#include "render/json_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace whittle {
namespace {

constexpr char kHex[] = "0123456789abcdef";

uint8_t Byte(std::string_view text, size_t i) { return static_cast<uint8_t>(text[i]); }

// The length of the well-formed UTF-8 sequence at `i`, or 0 (Unicode 15, table 3-7).
size_t SequenceLength(std::string_view text, size_t i) {
  const uint8_t lead = Byte(text, i);
  if (lead < 0x80) return 1;
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() - i < size) return 0;
  const uint8_t second = Byte(text, i + 1);
  const uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (size_t k = 2; k < size; ++k) {
    if ((Byte(text, i + k) & 0xc0) != 0x80) return 0;
  }
  return size;
}

constexpr std::array<bool, 256> MakePlainTable() {
  std::array<bool, 256> plain{};
  for (size_t i = 0x20; i < 0x7f; ++i) plain[i] = i != '"' && i != '\\';
  return plain;
}
constexpr std::array<bool, 256> kPlain = MakePlainTable();

void AppendControl(uint8_t code, std::string* out) {
  switch (code) {
    case '"':
      out->append("\\\"");
      return;
    case '\\':
      out->append("\\\\");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    case '\b':
      out->append("\\b");
      return;
    case '\f':
      out->append("\\f");
      return;
    default:
      out->append("\\u00");
      out->push_back(kHex[code >> 4]);
      out->push_back(kHex[code & 15]);
  }
}

template <typename AppendBad>
void AppendEscaped(std::string_view text, std::string* out, const AppendBad& append_bad) {
  out->push_back('"');
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && kPlain[Byte(text, end)]) ++end;
    out->append(text.substr(i, end - i));
    i = end;
    if (i == text.size()) break;
    const uint8_t byte = Byte(text, i);
    if (byte < 0x80) {
      AppendControl(byte, out);
      ++i;
      continue;
    }
    const size_t size = SequenceLength(text, i);
    if (size == 0) {
      append_bad(byte);
      ++i;
    } else if (byte == 0xc2 && Byte(text, i + 1) < 0xa0) {
      AppendControl(Byte(text, i + 1), out);
      i += 2;
    } else {
      out->append(text.substr(i, size));
      i += size;
    }
  }
  out->push_back('"');
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t size = SequenceLength(text, i);
    if (size == 0) return false;
    i += size;
  }
  return true;
}

bool AppendJsonString(std::string_view text, std::string* out) {
  bool exact = true;
  AppendEscaped(text, out, [&](uint8_t) {
    exact = false;
    out->append("\xEF\xBF\xBD");
  });
  return exact;
}

void AppendJsonKey(std::string_view key, std::string* out) {
  AppendEscaped(key, out, [&](uint8_t byte) {
    out->push_back('%');
    out->push_back(kHex[byte >> 4]);
    out->push_back(kHex[byte & 15]);
  });
}

void AppendJsonDouble(double value, std::string* out) {
  if (!std::isfinite(value)) {
    out->append("null");
    return;
  }
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  (void)error;  // 32 bytes hold every double
  const std::string_view text(digits.data(), static_cast<size_t>(end - digits.data()));
  out->append(text);
  if (text.find_first_of(".e") == std::string_view::npos) out->append(".0");
}

bool IsJsonNumber(std::string_view text) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t begin = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - begin;
  };
  if (i < text.size() && text[i] == '-') ++i;
  const size_t whole = i;
  const size_t whole_digits = digits();
  if (whole_digits == 0 || (whole_digits > 1 && text[whole] == '0')) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

void AppendBase64(std::string_view bytes, std::string* out) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = bytes.size() - i;
    uint32_t group = static_cast<uint32_t>(Byte(bytes, i)) << 16;
    if (left > 1) group |= static_cast<uint32_t>(Byte(bytes, i + 1)) << 8;
    if (left > 2) group |= Byte(bytes, i + 2);
    out->push_back(kAlphabet[group >> 18]);
    out->push_back(kAlphabet[group >> 12 & 63]);
    out->push_back(left > 1 ? kAlphabet[group >> 6 & 63] : '=');
    out->push_back(left > 2 ? kAlphabet[group & 63] : '=');
  }
}

}  // namespace whittle
