#include <algorithm>
#include <array>

#include "parse/scrub_bytes.h"
#include "parse/scrub_detectors.h"

namespace whittle {
namespace {

using scrub::Is;
using scrub::kAlnum;
using scrub::kDigit;

size_t DigitsEnd(std::string_view line, size_t at) {
  while (at < line.size() && Is(line[at], kDigit)) ++at;
  return at;
}

struct DigitGroup {
  size_t begin = 0, end = 0;
  size_t size() const { return end - begin; }
};

constexpr size_t kMinCardDigits = 13, kMaxCardDigits = 19;
constexpr size_t kMaxCardGroups = 5;  // 4-4-4-4-3

bool IsIssuer(std::string_view digits) {
  const auto prefix = [&](size_t size) {
    int value = 0;
    for (size_t i = 0; i < size; ++i) value = value * 10 + (digits[i] - '0');
    return value;
  };
  const int two = prefix(2), three = prefix(3), four = prefix(4);
  switch (digits[0]) {
    case '2':
      return four >= 2200 && four <= 2720;  // Mir, Mastercard
    case '3':
      return two == 34 || two == 37 || two == 36 || two == 38 || two == 39 ||   // Amex, Diners
             (three >= 300 && three <= 305) || (four >= 3528 && four <= 3589);  // Diners, JCB
    case '4':
      return true;  // Visa
    case '5':
      return two != 59;  // Mastercard, Maestro
    case '6':
      return true;  // Discover, UnionPay, RuPay, Maestro
    default:
      return false;
  }
}

bool PassesLuhn(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (size_t i = digits.size(); i-- > 0; twice = !twice) {
    const int digit = digits[i] - '0';
    sum += !twice ? digit : digit < 5 ? 2 * digit : 2 * digit - 9;
  }
  return sum % 10 == 0;
}

// The number in front of it is a decimal's or an id's, or the digits go on behind: not a card.
bool StandsAlone(std::string_view line, size_t begin, size_t end) {
  if (begin > 0) {
    const char before = line[begin - 1];
    if (scrub::InsideWord(line, begin) || before == '_') return false;
    if (before == '.' && begin > 1 && Is(line[begin - 2], kDigit)) return false;
    if (before == '-' && begin > 1 && line[begin - 2] == '_') return false;  // a negative number in an id: blk_-4…
  }
  if (end < line.size()) {
    const char after = line[end];
    if (Is(after, kAlnum) || after == '_' || (after == '.' && end + 1 < line.size() && Is(line[end + 1], kDigit)))
      return false;
  }
  return true;
}

// Digit groups that follow each other with one space or dash between, from the run of digits at `at`. Looks at every
// start among them; returns where to go on.
size_t FindCardsFrom(std::string_view line, size_t at, std::vector<ScrubFinding>* findings) {
  std::array<DigitGroup, kMaxCardGroups> window;
  size_t count = 0;
  while (true) {
    const DigitGroup group{at, DigitsEnd(line, at)};
    if (count == kMaxCardGroups) std::move(window.begin() + 1, window.end(), window.begin()), --count;
    window[count++] = group;
    // Every sequence that ends with this group: 4111111111111111, 4111-1111-1111-1111, 3782 822463 10005.
    for (size_t first = count; first-- > 0;) {
      std::array<char, kMaxCardDigits> digits;
      size_t size = 0;
      bool fits = true;
      for (size_t i = first; i < count && fits; ++i) {
        const bool grouped = first + 1 < count;
        const size_t least = i == first ? 4 : 3, most = i == first ? 4 : 6;
        fits = size + window[i].size() <= kMaxCardDigits &&
               (!grouped || (window[i].size() >= least && window[i].size() <= most));
        if (fits) size += line.copy(digits.data() + size, window[i].size(), window[i].begin);
      }
      if (!fits || size < kMinCardDigits) continue;
      const std::string_view number(digits.data(), size);
      if (IsIssuer(number) && PassesLuhn(number) && StandsAlone(line, window[first].begin, group.end)) {
        findings->push_back(
            {static_cast<uint32_t>(window[first].begin), static_cast<uint32_t>(group.end), ScrubKind::kCard, 0});
      }
    }
    const size_t next = group.end + 1;
    if (next >= line.size() || !Is(line[next], kDigit) || (line[group.end] != ' ' && line[group.end] != '-'))
      return group.end;
    at = next;
  }
}

}  // namespace

void FindCards(std::string_view line, std::vector<ScrubFinding>* findings) {
  // A card has a group of four digits at least, so every fourth byte is enough to notice one.
  constexpr size_t kStride = 4;
  for (size_t at = kStride - 1; at < line.size();) {
    if (!Is(line[at], kDigit)) {
      at += kStride;
      continue;
    }
    size_t begin = at;
    while (begin > 0 && at - begin < kMaxCardDigits && Is(line[begin - 1], kDigit)) --begin;
    size_t end = DigitsEnd(line, at);
    // A card begins with a group of four or is one group.
    const size_t size = end - begin;
    if (size == 4 || (size >= kMinCardDigits && size <= kMaxCardDigits)) end = FindCardsFrom(line, begin, findings);
    at = std::max(end, at) + kStride;
  }
}

}  // namespace whittle
