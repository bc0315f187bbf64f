#include "format/pattern_split.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <unordered_map>

#include "base/hash.h"
#include "format/limits.h"

namespace whittle {
namespace {

enum ByteClass : uint8_t { kPunct = 0, kLetter = 1, kDigitByte = 2 };

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
    classes[static_cast<size_t>(c)] = c >= '0' && c <= '9' ? kDigitByte : letter ? kLetter : kPunct;
  }
  return classes;
}
constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

constexpr size_t kMaxSignature = 3 * kMaxParts;
constexpr char kPartMark = '\0';  // literal NUL bytes are told apart by the following byte: see Cut
constexpr char kLetterMark = '\1';

// Where a text is cut, and the pattern's signature. A part of letters and one of digits have different marks when
// cutting between them, so that the columns are pure.
struct CutText {
  std::array<char, kMaxSignature> signature;
  size_t signature_size = 0;
  std::array<SplitPattern::Piece, kMaxParts> parts;
  size_t part_count = 0;
  uint64_t hash = 0;
};

bool Cut(std::string_view text, CutKind kind, CutText* out) {
  out->signature_size = 0;
  out->part_count = 0;
  if (text.size() > std::numeric_limits<uint16_t>::max()) return false;
  uint64_t hash = 0x9E3779B97F4A7C15ull;
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    const uint8_t cls = kClasses[static_cast<uint8_t>(*p)];
    char mark = *p;
    if (cls == kPunct) {
      if (mark == kPartMark || mark == kLetterMark) return false;  // would look like a mark
      ++p;
    } else {
      const char* begin = p++;
      if (kind == CutKind::kPunctuation) {
        while (p < end && kClasses[static_cast<uint8_t>(*p)] != kPunct) ++p;
        mark = kPartMark;
      } else {
        while (p < end && kClasses[static_cast<uint8_t>(*p)] == cls) ++p;
        mark = cls == kLetter ? kLetterMark : kPartMark;
      }
      if (out->part_count == kMaxParts) return false;
      out->parts[out->part_count++] = {static_cast<uint16_t>(begin - text.data()), static_cast<uint16_t>(p - begin)};
    }
    if (out->signature_size == kMaxSignature) return false;
    out->signature[out->signature_size++] = mark;
    hash = (hash ^ static_cast<uint8_t>(mark)) * 0x100000001B3ull;
    hash ^= hash >> 29;
  }
  out->hash = hash;
  return out->part_count > 0;
}

std::vector<std::string> LiteralsOf(std::string_view signature) {
  std::vector<std::string> literals(1);
  for (const char c : signature) {
    if (c == kPartMark || c == kLetterMark) {
      literals.emplace_back();
    } else {
      literals.back().push_back(c);
    }
  }
  return literals;
}

// Patterns by signature: a small open-addressed table, because there are at most 254.
class PatternTable {
 public:
  static constexpr size_t kSlots = 1024;
  // The pattern's number, or -1 when it is new and there is no room.
  int Find(const CutText& cut, size_t max_patterns, bool* added) {
    *added = false;
    const std::string_view signature(cut.signature.data(), cut.signature_size);
    for (size_t at = cut.hash % kSlots;; at = (at + 1) % kSlots) {
      Slot& slot = slots_[at];
      if (slot.number < 0) {
        if (signatures_.size() >= max_patterns) return -1;
        slot = {cut.hash, static_cast<int>(signatures_.size())};
        signatures_.emplace_back(signature);
        *added = true;
        return slot.number;
      }
      if (slot.hash == cut.hash && signatures_[static_cast<size_t>(slot.number)] == signature) return slot.number;
    }
  }
  const std::string& signature(size_t number) const { return signatures_[number]; }

 private:
  struct Slot {
    uint64_t hash = 0;
    int number = -1;
  };
  std::array<Slot, kSlots> slots_{};
  std::vector<std::string> signatures_;
};

}  // namespace

PatternSplit SplitByPattern(std::span<const std::string_view> texts, CutKind cut_kind, size_t max_patterns) {
  max_patterns = std::min<size_t>(max_patterns, PatternSplit::kRest - 1);
  PatternSplit split;
  split.pattern_of.resize(texts.size());
  PatternTable table;
  CutText cut;
  for (size_t i = 0; i < texts.size(); ++i) {
    bool added = false;
    const int number = Cut(texts[i], cut_kind, &cut) ? table.Find(cut, max_patterns, &added) : -1;
    if (number < 0) {
      split.pattern_of[i] = PatternSplit::kRest;
      continue;
    }
    if (added) split.patterns.emplace_back().literals = LiteralsOf(table.signature(static_cast<size_t>(number)));
    SplitPattern& pattern = split.patterns[static_cast<size_t>(number)];
    pattern.texts.push_back(static_cast<uint32_t>(i));
    pattern.pieces.insert(pattern.pieces.end(), cut.parts.begin(), cut.parts.begin() + cut.part_count);
    split.pattern_of[i] = static_cast<uint8_t>(number);
  }
  return split;
}

void TakePart(std::span<const std::string_view> texts, const SplitPattern& pattern, size_t k,
              std::vector<std::string_view>* parts) {
  parts->resize(pattern.texts.size());
  const size_t step = pattern.parts();
  for (size_t i = 0; i < pattern.texts.size(); ++i) {
    const SplitPattern::Piece piece = pattern.pieces[i * step + k];
    (*parts)[i] = std::string_view(texts[pattern.texts[i]].data() + piece.begin, piece.size);
  }
}

std::vector<std::string_view> RestOf(std::span<const std::string_view> texts, const PatternSplit& split) {
  std::vector<std::string_view> rest;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (split.pattern_of[i] == PatternSplit::kRest) rest.push_back(texts[i]);
  }
  return rest;
}

SplitOutlook JudgeSplit(std::span<const std::string_view> sample, CutKind cut_kind, size_t max_patterns) {
  struct Seen {
    size_t count = 0;
    bool composite = false;
  };
  std::unordered_map<uint64_t, Seen> seen;
  CutText cut;
  for (const std::string_view text : sample) {
    if (!Cut(text, cut_kind, &cut)) continue;
    Seen& entry = seen[cut.hash];
    ++entry.count;
    entry.composite = cut.signature_size > 1;
  }
  std::vector<Seen> patterns;
  for (const auto& [hash, entry] : seen) patterns.push_back(entry);
  std::sort(patterns.begin(), patterns.end(), [](const Seen& a, const Seen& b) { return a.count > b.count; });
  SplitOutlook outlook;
  outlook.patterns = patterns.size();
  size_t covered = 0;
  for (size_t i = 0; i < patterns.size() && i < max_patterns; ++i) {
    covered += patterns[i].count;
    outlook.composite |= patterns[i].composite;
  }
  if (!sample.empty()) outlook.coverage = static_cast<double>(covered) / static_cast<double>(sample.size());
  return outlook;
}

}  // namespace whittle
