// PatternSplit: composite texts as a few patterns of literals and parts. "blk_-160" and "/10.0.0.7:50010" become
// <*>_-<*> and /<*>.<*>.<*>.<*>:<*> with a column per <*>. Two ways to cut: at punctuation, and (texts without any)
// between letters and digits. Cutting is a pure function of each text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace whittle {

enum class CutKind : uint8_t { kPunctuation, kLetterDigit };

// One way to cut and the texts that are cut so. Takes four bytes for each of them and four more for each part.
struct SplitPattern {
  struct Piece {
    uint16_t begin = 0, size = 0;  // within its text
  };
  // literals[0] part literals[1] part ... literals[parts()]; literals may be empty.
  std::vector<std::string> literals;
  std::vector<uint32_t> texts;  // which these are, ascending
  std::vector<Piece> pieces;    // parts() of each text, one text after the other
  size_t parts() const { return literals.size() - 1; }
};

struct PatternSplit {
  std::vector<SplitPattern> patterns;  // most frequent first is not promised
  std::vector<uint8_t> pattern_of;     // per text; kRest: fits no pattern
  static constexpr uint8_t kRest = 255;
};

// Splits all texts. Patterns are admitted in order of appearance up to `max_patterns` (at most 254); later ones are
// rest, and so is what is longer than a Piece can say.
PatternSplit SplitByPattern(std::span<const std::string_view> texts, CutKind cut, size_t max_patterns);

// The part `k` of all texts of one pattern, of the texts that were split. Replaces `parts`.
void TakePart(std::span<const std::string_view> texts, const SplitPattern& pattern, size_t k,
              std::vector<std::string_view>* parts);

// The texts that fit no pattern, in order.
std::vector<std::string_view> RestOf(std::span<const std::string_view> texts, const PatternSplit& split);

// How well a sample would split: the share of texts in the `max_patterns` most frequent patterns, and whether any of
// those has more than one part or a literal.
struct SplitOutlook {
  double coverage = 0;
  size_t patterns = 0;
  bool composite = false;
};
SplitOutlook JudgeSplit(std::span<const std::string_view> sample, CutKind cut, size_t max_patterns);

}  // namespace whittle
