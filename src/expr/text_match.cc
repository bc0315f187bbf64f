#include "expr/text_match.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace whittle {
namespace {

constexpr std::array<char, 256> MakeFoldTable() {
  std::array<char, 256> table{};
  for (int i = 0; i < 256; ++i)
    table[static_cast<size_t>(i)] = static_cast<char>(i >= 'A' && i <= 'Z' ? i - 'A' + 'a' : i);
  return table;
}
constexpr std::array<char, 256> kFold = MakeFoldTable();
char Fold(char c) { return kFold[static_cast<unsigned char>(c)]; }

// A word edge lies between two bytes unless both continue a word.
bool IsEdge(std::string_view text, size_t position) {
  return position == 0 || position == text.size() || !IsWordByte(text[position - 1]) || !IsWordByte(text[position]);
}

}  // namespace

bool IsWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool PhrasePattern::IsOneWord() const {
  if (pieces_.size() != 1 || open_begin_ || open_end_) return false;
  const std::string& word = pieces_[0].needle();
  return std::all_of(word.begin(), word.end(), IsWordByte);
}

LiteralFinder::LiteralFinder(std::string_view needle, bool ignore_case) : needle_(needle), ignore_case_(ignore_case) {
  if (ignore_case_) {
    for (char& c : needle_) c = Fold(c);
  }
  fallback_.assign(needle_.size() + 1, 0);
  for (size_t i = 1, matched = 0; i < needle_.size(); ++i) {
    while (matched > 0 && needle_[i] != needle_[matched]) matched = fallback_[matched];
    if (needle_[i] == needle_[matched]) ++matched;
    fallback_[i + 1] = static_cast<uint32_t>(matched);
  }
}

size_t LiteralFinder::SkipToFirst(std::string_view text, size_t from) const {
  const char first = needle_[0];
  if (!ignore_case_ || first < 'a' || first > 'z') {
    const void* found = memchr(text.data() + from, first, text.size() - from);
    return found == nullptr ? text.size() : static_cast<size_t>(static_cast<const char*>(found) - text.data());
  }
  while (from < text.size() && Fold(text[from]) != first) ++from;
  return from;
}

template <typename Accept>
size_t LiteralFinder::FindIf(std::string_view text, size_t from, const Accept& accept) const {
  if (needle_.empty()) return from <= text.size() && accept(from) ? from : std::string_view::npos;
  size_t matched = 0;
  for (size_t i = from; i < text.size(); ++i) {
    if (matched == 0) {
      i = SkipToFirst(text, i);
      if (i == text.size()) break;
      matched = 1;
    } else {
      const char c = ignore_case_ ? Fold(text[i]) : text[i];
      while (matched > 0 && c != needle_[matched]) matched = fallback_[matched];
      if (c == needle_[matched]) ++matched;
    }
    if (matched < needle_.size()) continue;
    if (accept(i + 1 - matched)) return i + 1 - matched;
    matched = fallback_[matched];
  }
  return std::string_view::npos;
}

size_t LiteralFinder::Find(std::string_view text, size_t from) const {
  return FindIf(text, from, [](size_t) { return true; });
}

std::vector<std::string> SplitWildcard(std::string_view word) {
  std::vector<std::string> pieces(1);
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] == '*') {
      pieces.emplace_back();
      continue;
    }
    constexpr std::string_view kEscapable = "*\\\"'`() |,=!<>~:/";
    if (word[i] == '\\' && i + 1 < word.size() && kEscapable.find(word[i + 1]) != std::string_view::npos) ++i;
    pieces.back().push_back(word[i]);
  }
  return pieces;
}

PhrasePattern::PhrasePattern(const std::vector<std::string>& pieces)
    : open_begin_(pieces.front().empty()), open_end_(pieces.back().empty()) {
  for (const std::string& piece : pieces) {
    if (!piece.empty()) pieces_.emplace_back(piece, true);
  }
}

bool PhrasePattern::Matches(std::string_view text) const {
  size_t from = 0;
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const LiteralFinder& piece = pieces_[i];
    const bool edge_before = i == 0 && !open_begin_;
    const bool edge_after = i + 1 == pieces_.size() && !open_end_;
    const size_t at = piece.FindIf(text, from, [&](size_t begin) {
      return (!edge_before || IsEdge(text, begin)) && (!edge_after || IsEdge(text, begin + piece.size()));
    });
    if (at == std::string_view::npos) return false;
    from = at + piece.size();
  }
  return true;
}

WildcardPattern::WildcardPattern(std::vector<std::string> pieces) : exact_(pieces.size() == 1) {
  prefix_ = std::move(pieces.front());
  if (exact_) return;
  suffix_ = std::move(pieces.back());
  for (size_t i = 1; i + 1 < pieces.size(); ++i) {
    if (!pieces[i].empty()) middle_.emplace_back(pieces[i], false);
  }
}

bool WildcardPattern::Matches(std::string_view text) const {
  if (exact_) return text == prefix_;
  if (text.size() < prefix_.size() + suffix_.size() || !text.starts_with(prefix_) || !text.ends_with(suffix_))
    return false;
  text = text.substr(prefix_.size(), text.size() - prefix_.size() - suffix_.size());
  size_t from = 0;
  for (const LiteralFinder& piece : middle_) {
    const size_t at = piece.Find(text, from);
    if (at == std::string_view::npos) return false;
    from = at + piece.size();
  }
  return true;
}

}  // namespace whittle
