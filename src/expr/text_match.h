// Finding words, phrases and wildcards in text: linear time whatever the text and the pattern, bytes not characters
// (only ASCII letters fold). Immutable after construction, safe from any thread; owns its pattern.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace whittle {

// A byte string to find, with or without regard to ASCII case. Knuth-Morris-Pratt behind a skip to the first byte.
class LiteralFinder {
 public:
  LiteralFinder(std::string_view needle, bool ignore_case);
  // Offset of the first occurrence at or after `from`, or npos.
  size_t Find(std::string_view text, size_t from = 0) const;
  // ... that `accept(offset)` agrees to. Linear in the text however often it does not.
  template <typename Accept>
  size_t FindIf(std::string_view text, size_t from, const Accept& accept) const;
  size_t size() const { return needle_.size(); }
  const std::string& needle() const { return needle_; }

 private:
  size_t SkipToFirst(std::string_view text, size_t from) const;

  std::string needle_;  // folded if ignore_case_
  std::vector<uint32_t> fallback_;
  bool ignore_case_;
};

// Bytes that continue a word: letters, digits, underscores, and all beyond ASCII.
bool IsWordByte(char c);

// Splits a bare word at its unescaped stars: "a*b\*" → {"a", "b*"}. One piece means no wildcard.
std::vector<std::string> SplitWildcard(std::string_view word);

// A word or phrase in a message, without regard to case, standing on its own: a letter, digit or underscore at its edge
// may not continue in the text. A star stands for any bytes, and at an edge lifts that edge's rule: time* *out *imeou*.
class PhrasePattern {
 public:
  explicit PhrasePattern(const std::vector<std::string>& pieces);
  bool Matches(std::string_view text) const;
  bool matches_all() const { return pieces_.empty(); }
  // One whole word of letters, digits and underscores without a star: what it matches cannot reach over anything else.
  bool IsOneWord() const;
  const std::string& first_piece() const { return pieces_[0].needle(); }  // folded; unless matches_all()

 private:
  std::vector<LiteralFinder> pieces_;  // none empty
  bool open_begin_ = false;            // star in front
  bool open_end_ = false;
};

// A whole value against stars, case-sensitively: web-* matches all of "web-17".
class WildcardPattern {
 public:
  explicit WildcardPattern(std::vector<std::string> pieces);
  bool Matches(std::string_view text) const;

 private:
  std::string prefix_, suffix_;
  bool exact_ = false;  // no star at all: prefix_ is everything
  std::vector<LiteralFinder> middle_;
};

}  // namespace whittle
