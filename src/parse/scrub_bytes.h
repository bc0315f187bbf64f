// Classes of bytes that the scrub detectors share. Constant tables.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace whittle::scrub {

inline constexpr uint16_t kDigit = 1;
inline constexpr uint16_t kAlnum = 2;
inline constexpr uint16_t kIdentifier = 4;  // of a setting's key: letters, digits, _ - .
inline constexpr uint16_t kEmailLocal = 8;  // before the at sign; bytes of UTF-8 included
inline constexpr uint16_t kEmailDomain = 16;
inline constexpr uint16_t kToken = 32;     // RFC 7235 token68
inline constexpr uint16_t kUrlSafe = 64;   // base64url
inline constexpr uint16_t kTrigger = 128;  // one of these stands in everything the detectors look for

constexpr std::array<uint16_t, 256> MakeClasses() {
  std::array<uint16_t, 256> classes{};
  const auto add = [&](std::string_view bytes, uint16_t flags) {
    for (const char c : bytes) classes[static_cast<unsigned char>(c)] |= flags;
  };
  add("0123456789", kDigit);
  add("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
      kAlnum | kIdentifier | kEmailLocal | kEmailDomain | kToken | kUrlSafe);
  add("_-.", kIdentifier);
  add("._%+-", kEmailLocal);
  add(".-", kEmailDomain);
  add("-._~+/=", kToken);
  add("-_", kUrlSafe);
  add("@%\\=:>'-BbJA", kTrigger);
  for (size_t byte = 0x80; byte < 256; ++byte) classes[byte] |= kEmailLocal | kEmailDomain;
  return classes;
}
inline constexpr std::array<uint16_t, 256> kClasses = MakeClasses();

inline bool Is(char c, uint16_t flags) { return (kClasses[static_cast<unsigned char>(c)] & flags) != 0; }

inline char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) { return Lower(a) == b; });
}

// An odd number of backslashes ends right before `at`, so the byte there is escaped.
inline bool IsEscaped(std::string_view line, size_t at) {
  size_t run = 0;
  while (run < at && run < 64 && line[at - 1 - run] == '\\') ++run;
  return run % 2 == 1;
}

// A letter or digit stands before `at`, so a token there is only part of a word. The n of "\n" in escaped text is none.
inline bool InsideWord(std::string_view line, size_t at) {
  if (at == 0 || !Is(line[at - 1], kAlnum)) return false;
  const char c = line[at - 1];
  return !((c == 'n' || c == 't' || c == 'r') && IsEscaped(line, at - 1));
}

}  // namespace whittle::scrub
