#include "scan/recipe.h"

#include <array>

#include "base/same_bytes.h"
#include "scan/time_layout.h"

namespace whittle {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr size_t kNowhere = SIZE_MAX;

size_t FindInside(const Edge& edge, std::string_view line, const MaskedToken& token) {
  uint32_t seen = 0;
  for (size_t i = token.begin; i < token.end; ++i) {
    if (edge.base == Edge::Base::kTransition) {
      if (i > token.begin && IsDigit(line[i]) != IsDigit(line[i - 1]) && seen++ == edge.ordinal) return i;
    } else if (line[i] == edge.character && seen++ == edge.ordinal) {
      return edge.base == Edge::Base::kBeforeChar ? i : i + 1;
    }
  }
  return kNowhere;
}

size_t Resolve(const Edge& edge, std::string_view line, const std::vector<MaskedToken>& masked) {
  switch (edge.base) {
    case Edge::Base::kTokenBegin:
      return masked[edge.token].begin;
    case Edge::Base::kTokenEnd:
      return masked[edge.token].end + static_cast<size_t>(edge.delta);
    case Edge::Base::kLineBegin:
      return static_cast<size_t>(edge.delta);
    default:
      return FindInside(edge, line, masked[edge.token]);
  }
}

bool Exists(const Edge& edge, const std::vector<MaskedToken>& masked) {
  return edge.base == Edge::Base::kLineBegin || edge.token < masked.size();
}

bool GapMatches(std::string_view line, size_t begin, size_t end, const std::string& gap) {
  return end >= begin && end <= line.size() && end - begin == gap.size() &&
         SameBytes(line.data() + begin, gap.data(), gap.size());
}

}  // namespace

bool Recipe::Apply(std::string_view line, const std::vector<MaskedToken>& masked, TimeReader* times, Span* spans,
                   RowTime* time) const {
  size_t position = 0;
  for (size_t k = 0; k < slots.size(); ++k) {
    const SlotRule& rule = slots[k];
    if (!Exists(rule.begin, masked) || !Exists(rule.end, masked)) return false;
    const size_t begin = Resolve(rule.begin, line, masked);
    const size_t end = Resolve(rule.end, line, masked);
    if (begin == kNowhere || end == kNowhere || end < begin || end > line.size()) return false;
    if (!GapMatches(line, position, begin, gaps[k])) return false;
    spans[k] = {static_cast<uint32_t>(begin), static_cast<uint32_t>(end - begin)};
    position = end;
    const std::string_view text = line.substr(begin, end - begin);
    if (rule.time_layout != 0) {
      ParsedTime parsed;
      if (!times->ParseTime(rule.time_layout, text, &parsed)) return false;
      if (shape->timestamp_slot == static_cast<int32_t>(k)) {
        time->local_time_ns = parsed.nanos;
        time->flags =
            static_cast<uint8_t>(Row::kHasTime | (parsed.has_year ? Row::kHasYear : 0) |
                                 (parsed.has_zone ? Row::kHasZone : 0) | (parsed.has_date ? 0 : Row::kTimeOfDay));
      }
    } else if (rule.check_class && ClassifyToken(text) != rule.token_class) {
      return false;
    }
    if (rule.no_time) {
      const auto match = MatchTime(text);
      if (match && match->size == text.size()) return false;
    }
    if (rule.literal != 0 && text != literals[rule.literal - 1u]) return false;
  }
  return GapMatches(line, position, line.size(), gaps[slots.size()]);
}

RecipeCache::Entry* RecipeCache::FreeSlot(uint64_t skeleton_hash) {
  size_t i = skeleton_hash & (entries_.size() - 1);
  while (entries_[i].recipe != nullptr) i = (i + 1) & (entries_.size() - 1);
  return &entries_[i];
}

RecipeCache::Entry* RecipeCache::Insert(uint64_t skeleton_hash, std::shared_ptr<const Recipe> recipe) {
  std::array<Entry*, kMaxAlternatives> known{};
  uint32_t count = 0;
  for (Entry* entry = Find(skeleton_hash); entry != nullptr && count < kMaxAlternatives; entry = Next(entry)) {
    known[count++] = entry;
  }
  if (count == kMaxAlternatives) {
    Entry* const victim = known[next_victim_++ % kMaxAlternatives];
    bytes_ += recipe->MemoryBytes() - victim->recipe->MemoryBytes();
    *victim = Entry{skeleton_hash, std::move(recipe), UINT64_MAX, 0};
    return victim;
  }
  if (size_ >= kMaxRecipes || bytes_ >= kMaxBytes) {
    entries_.assign(kFirstCapacity, Entry());
    size_ = bytes_ = 0;
  } else if (size_ * 2 >= entries_.size()) {
    std::vector<Entry> old(entries_.size() * 2);
    old.swap(entries_);
    for (Entry& entry : old) {
      if (entry.recipe != nullptr) *FreeSlot(entry.skeleton_hash) = std::move(entry);
    }
  }
  Entry* const entry = FreeSlot(skeleton_hash);
  ++size_;
  bytes_ += recipe->MemoryBytes();
  *entry = Entry{skeleton_hash, std::move(recipe), UINT64_MAX, 0};
  return entry;
}

}  // namespace whittle
