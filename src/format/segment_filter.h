// SegmentFilter: says of most words that no line of a segment has them, without reading a line. Section 12 of a segment
// (docs/segment-format.md, "filters"). It knows the words of at least eight letters, digits and underscores with a
// digit among them: ids, as people search for them. It never says no wrongly. Immutable; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/column_codec.h"
#include "format/segment.h"
#include "format/word_filter.h"

namespace whittle {

inline constexpr size_t kMinFilterWord = 8;
// More distinct words than this in a segment of so much text, and it goes without. A word takes ten bits, so a filter
// takes a fortieth of the text at most, or 320 KiB. Of a line with a few ids of its own, all are known; of lines that
// are nothing but ids, none.
size_t MaxFilterWords(uint64_t text_bytes);

// True for words the filter knows about; only those can be asked for.
bool IsFilterWord(std::string_view word);

// What a search has to find: one of the lists, with all its words. Empty: nothing is known.
using RequiredWordLists = std::vector<std::vector<std::string>>;

class SegmentFilter {
 public:
  // The section's bytes; empty when the input has nothing to say, or more words than `max_words`. `distinct`: per
  // column its distinct values, where somebody knows them; saves looking at each value.
  static std::string Build(const SegmentInput& input, size_t max_words, const std::vector<ValueNumbers>& distinct = {});
  // Nothing when the bytes are not of a filter this version knows: then every segment has to be read.
  static std::optional<SegmentFilter> Decode(std::string_view bytes, size_t columns);

  // `word` as IsFilterWord; case does not matter.
  bool MayContain(std::string_view word) const;
  bool MayContain(const RequiredWordLists& words) const;
  // False: a line that has `word` need not have it in this column, nor in words that go on in it.
  bool ColumnMayContain(uint32_t column, std::string_view word) const;
  // True when `word` may also stand where columns do not tell: in times.
  bool MayBeTime(std::string_view word) const;

 private:
  struct ColumnWords {
    uint8_t classes = 0;   // of the bytes of its long words
    uint32_t longest = 0;  // of them
  };
  std::vector<ColumnWords> columns_;
  std::vector<std::pair<uint64_t, uint64_t>> ranges_;  // of numbers that are not in words_
  uint32_t longest_time_ = 0;
  WordFilter words_;
};

}  // namespace whittle
