// PatternSplit: composite texts as a few patterns of literals and parts. "blk_-160" and "/10.0.0.7:50010" become
// <*>_-<*> and /<*>.<*>.<*>.<*>:<*> with a column per <*>. Two ways to cut: at punctuation, and (texts without any)
// between letters and digits. Cutting is a pure function of each text. Views point into the caller's texts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace whittle {

enum class CutKind : uint8_t { kPunctuation, kLetterDigit };

struct SplitPattern {
  // literals[0] part literals[1] part ... literals[parts.size()]; literals may be empty.
  std::vector<std::string> literals;
  std::vector<std::vector<std::string_view>> parts;
  size_t count = 0;  // texts of this pattern
};

struct PatternSplit {
  std::vector<SplitPattern> patterns;  // most frequent first is not promised
  std::vector<uint8_t> pattern_of;     // per text; kRest: fits no pattern
  std::vector<std::string_view> rest;  // texts that fit none
  static constexpr uint8_t kRest = 255;
};

// Splits all texts. Patterns are admitted in order of appearance up to `max_patterns` (at most 254); later ones are
// rest.
PatternSplit SplitByPattern(std::span<const std::string_view> texts, CutKind cut, size_t max_patterns);

// How well a sample would split: the share of texts in the `max_patterns` most frequent patterns, and whether any of
// those has more than one part or a literal.
struct SplitOutlook {
  double coverage = 0;
  size_t patterns = 0;
  bool composite = false;
};
SplitOutlook JudgeSplit(std::span<const std::string_view> sample, CutKind cut, size_t max_patterns);

}  // namespace whittle
