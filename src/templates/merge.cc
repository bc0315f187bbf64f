#include "templates/merge.h"

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "templates/union_find.h"

namespace whittle {
namespace {

using Id = WordTable::Id;

uint64_t Scramble(uint64_t x) {  // splitmix64's finaliser
  x ^= x >> 30;
  x *= 0xBF58476D1CE4E5B9ULL;
  x ^= x >> 27;
  x *= 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

// A signature or an accepted generalisation of some.
struct Pattern {
  std::vector<Id> words;
  uint64_t hash = 0;  // a sum over positions, so that blanking a word is one subtraction and one addition
  uint64_t after_context_noun = 0;
  uint32_t blanks = 0;
};

// Pattern `pattern` with the words at `first` (and `second`, for pairs) blanked hashes to `key`.
struct Entry {
  uint64_t key = 0;
  uint32_t pattern = 0;
  uint16_t first = 0;
  uint16_t second = 0;  // 0: no second position (a pair's second is never 0)
};

// Patterns made by generalising, beyond the signatures themselves. Reached only by hostile input; then the ones with the
// smallest hashes are made, whatever the order of arrival.
size_t MaxDerived(size_t signatures) { return signatures + 1024; }

class Merger {
 public:
  Merger(const WordTable& words, std::span<const Signature> signatures) : words_(words), vocabulary_(words.size()) {
    known_.assign(words.size(), false);
    for (const Signature& signature : signatures) AddPattern(signature.words, signature.after_context_noun);
    signature_count_ = patterns_.size();
  }

  std::vector<uint32_t> Run() {
    size_t entered = 0;
    do {
      changed_ = false;
      for (; entered < patterns_.size(); ++entered) Enter(static_cast<uint32_t>(entered));
      SortNew(&entries_, &sorted_entries_);
      SortNew(&pairs_, &sorted_pairs_);
      EachRun(entries_, [this](std::span<const Entry> run) { JudgePosition(run); });
      EachRun(pairs_, [this](std::span<const Entry> run) { JudgePair(run); });
      JudgeTails();
      MakeCandidates();
    } while (changed_);
    std::vector<uint32_t> groups(signature_count_);
    for (uint32_t i = 0; i < signature_count_; ++i) groups[i] = sets_.Find(i);
    return groups;
  }

 private:
  uint64_t Term(Id word, size_t position) const {
    return Scramble(words_.info(word).hash + 0x9E3779B97F4A7C15ULL * (position + 1));
  }

  uint64_t BlankedHash(const Pattern& pattern, size_t position) const {
    return pattern.hash - Term(pattern.words[position], position) + Term(WordTable::kBlank, position);
  }

  uint32_t AddPattern(std::vector<Id> words, uint64_t after_context_noun) {
    Pattern pattern;
    pattern.hash = Scramble(words.size());
    for (size_t i = 0; i < words.size(); ++i) {
      pattern.hash += Term(words[i], i);
      pattern.blanks += words[i] == WordTable::kBlank ? 1 : 0;
    }
    pattern.words = std::move(words);
    pattern.after_context_noun = after_context_noun;
    const auto index = static_cast<uint32_t>(patterns_.size());
    by_hash_.emplace(pattern.hash, index);
    patterns_.push_back(std::move(pattern));
    sets_.Grow(patterns_.size());
    changed_ = true;
    return index;
  }

  // Files a pattern under everything it would be with one word (or two states) blanked.
  void Enter(uint32_t index) {
    const Pattern& pattern = patterns_[index];
    const size_t constants = pattern.words.size() - pattern.blanks;
    if (constants < kMinConstants + 1 || pattern.blanks >= kMaxBlanks) return;
    const size_t positions = std::min(pattern.words.size(), kMaxPositions);
    for (size_t i = 0; i < positions; ++i) {
      if (pattern.words[i] == WordTable::kBlank) continue;
      const uint64_t blanked = BlankedHash(pattern, i);
      entries_.push_back({Scramble(blanked + i), index, static_cast<uint16_t>(i), 0});
      if (i == 0 || constants < kMinConstants + 2 || !words_.info(pattern.words[i]).state_name) continue;
      for (size_t j = i + 1; j < positions && j <= i + kMaxPairDistance; ++j) {
        if (pattern.words[j] == WordTable::kBlank || !words_.info(pattern.words[j]).state_name) continue;
        const uint64_t both = blanked - Term(pattern.words[j], j) + Term(WordTable::kBlank, j);
        pairs_.push_back({Scramble(both + i * kMaxPositions + j), index, static_cast<uint16_t>(i), static_cast<uint16_t>(j)});
      }
    }
  }

  static void SortNew(std::vector<Entry>* entries, size_t* sorted) {
    const auto less = [](const Entry& a, const Entry& b) { return a.key != b.key ? a.key < b.key : a.pattern < b.pattern; };
    const auto middle = entries->begin() + static_cast<std::ptrdiff_t>(*sorted);
    std::sort(middle, entries->end(), less);
    std::inplace_merge(entries->begin(), middle, entries->end(), less);
    *sorted = entries->size();
  }

  static void EachRun(const std::vector<Entry>& entries, const std::function<void(std::span<const Entry>)>& visit) {
    for (size_t begin = 0; begin < entries.size();) {
      size_t end = begin + 1;
      while (end < entries.size() && entries[end].key == entries[begin].key) ++end;
      if (end - begin > 1) visit({entries.data() + begin, end - begin});
      begin = end;
    }
  }

  Id Filler(const Entry& entry) const { return patterns_[entry.pattern].words[entry.first]; }

  // Patterns that differ in one word: are the fillers evidence enough?
  void JudgePosition(std::span<const Entry> run) {
    const size_t position = run[0].first;
    size_t identifiers = 0;
    bool context = false;
    for (const Entry& entry : run) {
      identifiers += words_.info(Filler(entry)).identifier_like ? 1 : 0;
      context = context || (patterns_[entry.pattern].after_context_noun >> position & 1) != 0;
    }
    const bool named = position > 0 && (context || identifiers >= kMinIdentifierFillers);
    const size_t needed = position == 0 ? kMinFirstFillers : context ? kMinContextFillers : kMinFillers;
    if (run.size() >= needed || (position > 0 && identifiers >= kMinIdentifierFillers)) {
      Accept(run);
      if (named) Learn(run);
    } else if (position > 0) {
      JudgeVocabulary(run);
    }
  }

  void JudgeVocabulary(std::span<const Entry> run) {
    classes_.clear();
    for (const Entry& entry : run) {
      if (known_[Filler(entry)]) classes_.push_back({vocabulary_.Find(Filler(entry)), entry});
    }
    std::sort(classes_.begin(), classes_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t begin = 0; begin < classes_.size();) {
      std::vector<Entry> same;
      size_t end = begin;
      for (; end < classes_.size() && classes_[end].first == classes_[begin].first; ++end) same.push_back(classes_[end].second);
      if (same.size() >= kMinVocabularyFillers) Accept(same);
      begin = end;
    }
  }

  void JudgePair(std::span<const Entry> run) {
    if (run.size() < kMinPairs) return;
    std::vector<Id> left, right;
    for (const Entry& entry : run) {
      left.push_back(patterns_[entry.pattern].words[entry.first]);
      right.push_back(patterns_[entry.pattern].words[entry.second]);
    }
    for (std::vector<Id>* side : {&left, &right}) {
      std::sort(side->begin(), side->end());
      if (std::unique(side->begin(), side->end()) - side->begin() < static_cast<std::ptrdiff_t>(kMinPairSide)) return;
    }
    Accept(run);
  }

  // One template from here on, and the pattern with the blank is a member that counts.
  void Accept(std::span<const Entry> run) {
    uint64_t context = 0;
    for (const Entry& entry : run) {
      changed_ |= sets_.Join(entry.pattern, run[0].pattern);
      context |= patterns_[entry.pattern].after_context_noun;
    }
    const Entry& any = run[0];
    const Pattern& pattern = patterns_[any.pattern];
    uint64_t hash = BlankedHash(pattern, any.first);
    if (any.second != 0) hash += Term(WordTable::kBlank, any.second) - Term(pattern.words[any.second], any.second);
    const auto found = by_hash_.find(hash);
    if (found == by_hash_.end()) {
      candidates_.push_back({hash, any, context});
      return;
    }
    Pattern& general = patterns_[found->second];
    changed_ |= sets_.Join(found->second, any.pattern);
    changed_ |= (context & ~general.after_context_noun) != 0;
    general.after_context_noun |= context;
  }

  // New patterns of this round, smallest hashes first should the limit be reached.
  void MakeCandidates() {
    std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) { return a.hash < b.hash; });
    for (const Candidate& candidate : candidates_) {
      const auto found = by_hash_.find(candidate.hash);
      uint32_t index = 0;
      if (found != by_hash_.end()) {
        index = found->second;
        patterns_[index].after_context_noun |= candidate.context;
      } else {
        if (patterns_.size() - signature_count_ >= MaxDerived(signature_count_)) break;
        std::vector<Id> words = patterns_[candidate.source.pattern].words;
        words[candidate.source.first] = WordTable::kBlank;
        if (candidate.source.second != 0) words[candidate.source.second] = WordTable::kBlank;
        index = AddPattern(std::move(words), candidate.context);
      }
      sets_.Join(index, candidate.source.pattern);
    }
    candidates_.clear();
  }

  // The fillers of a slot that holds names are names elsewhere too.
  void Learn(std::span<const Entry> run) {
    const Id first = Filler(run[0]);
    for (const Entry& entry : run) {
      LearnWord(Filler(entry), first);
      for (const Id part : words_.info(Filler(entry)).parts) LearnWord(part, first);
    }
  }

  void LearnWord(Id word, Id companion) {
    changed_ |= !known_[word] || vocabulary_.Find(word) != vocabulary_.Find(companion);
    known_[word] = true;
    vocabulary_.Join(word, companion);
  }

  bool IsKnown(Id word) const {
    const std::vector<Id>& parts = words_.info(word).parts;
    if (parts.empty()) return known_[word];
    return std::all_of(parts.begin(), parts.end(), [this](Id part) { return known_[part]; });
  }

  void JudgeTails() {
    std::vector<std::pair<uint64_t, uint32_t>> heads;
    for (uint32_t index = 0; index < signature_count_; ++index) {
      const std::vector<Id>& words = patterns_[index].words;
      size_t head = words.size();
      while (head > kMinTailHead && words.size() - head < kMaxTail && IsKnown(words[head - 1])) --head;
      if (head == words.size()) continue;
      uint64_t hash = 0;
      for (size_t i = 0; i + 1 < words.size(); ++i) {
        hash += Term(words[i], i);
        if (i + 1 >= head) heads.emplace_back(Scramble(hash), index);
      }
    }
    std::sort(heads.begin(), heads.end());
    for (size_t begin = 0; begin < heads.size();) {
      size_t end = begin + 1;
      while (end < heads.size() && heads[end].first == heads[begin].first) ++end;
      for (size_t i = begin + 1; i < end && end - begin >= kMinTails; ++i) {
        changed_ |= sets_.Join(heads[begin].second, heads[i].second);
      }
      begin = end;
    }
  }

  struct Candidate {
    uint64_t hash = 0;
    Entry source;
    uint64_t context = 0;
  };

  const WordTable& words_;
  std::vector<Pattern> patterns_;  // the signatures, then what was derived
  size_t signature_count_ = 0;
  std::unordered_map<uint64_t, uint32_t> by_hash_;
  UnionFind sets_;                 // over patterns
  UnionFind vocabulary_;           // over words: same set = fillers of one slot
  std::vector<bool> known_;        // words that filled a slot of names
  std::vector<Entry> entries_, pairs_;
  size_t sorted_entries_ = 0, sorted_pairs_ = 0;
  std::vector<Candidate> candidates_;
  std::vector<std::pair<uint32_t, Entry>> classes_;
  bool changed_ = false;
};

}  // namespace

std::vector<uint32_t> GroupSignatures(const WordTable& words, std::span<const Signature> signatures) {
  return Merger(words, signatures).Run();
}

}  // namespace whittle
