#include "templates/merge.h"

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <unordered_set>

#include "templates/sequence_hash.h"
#include "templates/union_find.h"

namespace whittle {
namespace {

using Id = WordTable::Id;

// A signature or an accepted generalisation of some.
struct Pattern {
  std::vector<Id> words;
  uint32_t depth = 0;  // words blanked on the way here
};

// `pattern` with the words at `first` (and `second`, for pairs) blanked hashes to `blanked`. Entries with one `key`
// differ in those words only.
struct Entry {
  uint64_t key = 0;
  uint64_t blanked = 0;
  uint32_t pattern = 0;
  uint16_t first = 0;
  uint16_t second = 0;  // 0: no second position (a pair's second is never 0)
};

// Patterns made by generalising, beyond the signatures themselves. Reached only by hostile input; then the ones with
// the smallest hashes are made, whatever the order of arrival.
size_t MaxDerived(size_t signatures) { return signatures + 1024; }

std::vector<Id> Blank(const std::vector<Id>& words, size_t first, size_t second) {
  std::vector<Id> out;
  for (size_t i = 0; i < words.size(); ++i) {
    const Id word = i == first || (second != 0 && i == second) ? WordTable::kBlank : words[i];
    if (word != WordTable::kBlank || out.empty() || out.back() != WordTable::kBlank) out.push_back(word);
  }
  return out;
}

class Merger {
 public:
  Merger(const WordTable& words, std::span<const Signature> signatures) : words_(words), vocabulary_(words.size()) {
    known_.assign(words.size(), false);
    LearnAccounts();
    for (const Signature& signature : signatures) AddPattern(signature, 0);
    signature_count_ = patterns_.size();
    JoinSameWords();
  }

  std::vector<uint32_t> Run() {
    JudgeVerbs();
    do {
      changed_ = false;
      for (; entered_ < patterns_.size(); ++entered_) Enter(static_cast<uint32_t>(entered_));
      SortNew(&entries_, &sorted_entries_);
      SortNew(&pairs_, &sorted_pairs_);
      EachRun(entries_, [this](std::span<const Entry> run) { JudgePosition(run); });
      EachRun(pairs_, [this](std::span<const Entry> run) { JudgePair(run); });
      JudgeTails();
      JudgeFreeTexts();
      ReplaceNames();
      MakeCandidates();
    } while (changed_);
    std::vector<uint32_t> groups(signature_count_);
    for (uint32_t i = 0; i < signature_count_; ++i) groups[i] = sets_.Find(i);
    return groups;
  }

 private:
  uint32_t AddPattern(std::vector<Id> words, uint32_t depth) {
    const auto index = static_cast<uint32_t>(patterns_.size());
    by_hash_.emplace(SequenceHash(words_, words).Whole(), index);
    patterns_.push_back({std::move(words), depth});
    sets_.Grow(patterns_.size());
    changed_ = true;
    return index;
  }

  // Optional values and lists: the same words, other values between them.
  void JoinSameWords() {
    std::unordered_map<uint64_t, uint32_t> by_words;
    for (uint32_t i = 0; i < signature_count_; ++i) {
      std::vector<Id> only_words;
      for (const Id word : patterns_[i].words) {
        if (word != WordTable::kBlank) only_words.push_back(word);
      }
      sets_.Join(by_words.try_emplace(SequenceHash(words_, only_words).Whole(), i).first->second, i);
    }
  }

  // Files a pattern under everything it would be with one word (or two states) blanked.
  void Enter(uint32_t index) {
    const Pattern& pattern = patterns_[index];
    const std::vector<Id>& words = pattern.words;
    const auto constants =
        words.size() - static_cast<size_t>(std::count(words.begin(), words.end(), WordTable::kBlank));
    if (constants < kMinConstantsBesideValue + 1 || pattern.depth >= kMaxBlanks) return;
    const SequenceHash hash(words_, words);
    const size_t positions = std::min(words.size(), kMaxPositions);
    size_t ordinal = 0;  // of the word, blanks not counted
    for (size_t i = 0; i < positions; ++i) {
      if (words[i] == WordTable::kBlank) continue;
      const uint64_t place = (ordinal << 2) | (hash.BlankBefore(i) ? 1u : 0u) | (hash.BlankAfter(i) ? 2u : 0u);
      entries_.push_back({Scramble(hash.Blanked(i) + place), hash.Blanked(i), index, static_cast<uint16_t>(i), 0});
      if (ordinal++ > 0 && constants >= kMinConstants + 2) EnterPairs(index, hash, i, positions);
    }
  }

  void EnterPairs(uint32_t index, const SequenceHash& hash, size_t i, size_t positions) {
    const std::vector<Id>& words = patterns_[index].words;
    if (!words_.info(words[i]).state_name) return;
    for (size_t j = i + 1; j < positions && j <= i + kMaxPairDistance; ++j) {
      if (words[j] == WordTable::kBlank || !words_.info(words[j]).state_name) continue;
      const uint64_t blanked = hash.Blanked(i, j);
      pairs_.push_back({Scramble(blanked + i * kMaxPositions + j), blanked, index, static_cast<uint16_t>(i),
                        static_cast<uint16_t>(j)});
    }
  }

  bool IsFirstWord(const Entry& entry) const {
    return entry.first == 0 || (entry.first == 1 && patterns_[entry.pattern].words[0] == WordTable::kBlank);
  }

  static void SortNew(std::vector<Entry>* entries, size_t* sorted) {
    const auto less = [](const Entry& a, const Entry& b) {
      return a.key != b.key ? a.key < b.key : a.pattern < b.pattern;
    };
    const auto middle = entries->begin() + static_cast<std::ptrdiff_t>(*sorted);
    std::sort(middle, entries->end(), less);
    std::inplace_merge(entries->begin(), middle, entries->end(), less);
    *sorted = entries->size();
  }

  static void EachRun(const std::vector<Entry>& entries, const std::function<void(std::span<const Entry>)>& visit) {
    for (size_t begin = 0; begin < entries.size();) {
      size_t end = begin + 1;
      while (end < entries.size() && entries[end].key == entries[begin].key) ++end;
      visit({entries.data() + begin, end - begin});
      begin = end;
    }
  }

  Id Filler(const Entry& entry) const { return patterns_[entry.pattern].words[entry.first]; }

  // All entries of a run have the same neighbours.
  bool FollowsContextNoun(const Entry& entry) const {
    return entry.first > 0 && words_.info(patterns_[entry.pattern].words[entry.first - 1u]).context_noun;
  }

  // "from table orders": the name of a thing.
  bool FollowsNamedThing(const Entry& entry) const {
    const std::vector<Id>& words = patterns_[entry.pattern].words;
    return entry.first > 1 && words_.info(words[entry.first - 1u]).named_thing &&
           words_.info(words[entry.first - 2u]).preposition;
  }

  // Elsewhere a value stands in this place, and nothing else differs.
  bool StandsForValue(const Entry& entry) const {
    return ValueStandsBeside(entry) &&
           patterns_[by_hash_.find(entry.blanked)->second].words.size() == patterns_[entry.pattern].words.size();
  }

  // Elsewhere there are values around this place, and nothing else differs: perhaps the word is just missing there.
  bool ValueStandsBeside(const Entry& entry) const {
    const auto found = by_hash_.find(entry.blanked);
    return found != by_hash_.end() && found->second < signature_count_;
  }

  size_t Constants(uint32_t pattern) const {
    const std::vector<Id>& words = patterns_[pattern].words;
    return words.size() - static_cast<size_t>(std::count(words.begin(), words.end(), WordTable::kBlank));
  }

  // Little would be left: only names that programs make up, where elsewhere a value stands or many of them do.
  void JudgeShort(std::span<const Entry> run) {
    std::vector<Entry> names;
    for (const Entry& entry : run) {
      const WordTable::Info& info = words_.info(Filler(entry));
      if (info.identifier_like || info.parts.size() > 1) names.push_back(entry);
    }
    const size_t needed = ValueStandsBeside(run[0]) ? 1 : IsFirstWord(run[0]) ? kMinFirstFillers : kMinFillers;
    if (names.size() >= needed) Accept(names);
  }

  // Patterns that differ in one word: are the fillers evidence enough?
  void JudgePosition(std::span<const Entry> run) {
    if (Constants(run[0].pattern) <= kMinConstants) {
      JudgeShort(run);
      return;
    }
    const bool first = IsFirstWord(run[0]);
    size_t identifiers = 0;
    const bool context = FollowsContextNoun(run[0]);
    for (const Entry& entry : run) {
      identifiers += words_.info(Filler(entry)).identifier_like ? 1 : 0;
    }
    const bool named = !first && (context || identifiers >= kMinIdentifierFillers);
    const size_t needed = first                       ? kMinFirstFillers
                          : context                   ? kMinContextFillers
                          : FollowsNamedThing(run[0]) ? kMinNamedFillers
                                                      : kMinFillers;
    // "user bob 10.0.0.1" beside "user b0b 10.0.0.1": two values in a row look like one.
    const bool beside = context && ValueStandsBeside(run[0]);
    if (run.size() >= needed || (!first && identifiers >= kMinIdentifierFillers) || StandsForValue(run[0]) || beside) {
      Accept(run);
      if (named) Learn(run);
      if (!first && run.size() >= kMinFillers) LearnPlace(run);
    } else if (!first) {
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
      for (; end < classes_.size() && classes_[end].first == classes_[begin].first; ++end)
        same.push_back(classes_[end].second);
      if (same.size() >= kMinVocabularyFillers) Accept(same);
      begin = end;
    }
  }

  void JudgePair(std::span<const Entry> run) {
    if (std::any_of(run.begin(), run.end(), [this](const Entry& entry) { return StandsForValue(entry); })) {
      Accept(run);
      return;
    }
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

  uint32_t DepthBehind(const Entry& entry) const {
    return patterns_[entry.pattern].depth + (entry.second != 0 ? 2 : 1);
  }

  // One template from here on, and the pattern with the blank is a member that counts.
  void Accept(std::span<const Entry> run) {
    const Entry* shallowest = &run[0];
    for (const Entry& entry : run) {
      changed_ |= sets_.Join(entry.pattern, run[0].pattern);
      if (DepthBehind(entry) < DepthBehind(*shallowest)) shallowest = &entry;
    }
    const auto found = by_hash_.find(run[0].blanked);
    if (found != by_hash_.end()) changed_ |= sets_.Join(found->second, run[0].pattern);
    if (found == by_hash_.end() || DepthBehind(*shallowest) < patterns_[found->second].depth)
      candidates_.push_back(*shallowest);
  }

  // New patterns of this round, smallest hashes first should the limit be reached.
  void MakeCandidates() {
    std::sort(candidates_.begin(), candidates_.end(), [&](const Entry& a, const Entry& b) {
      return a.blanked != b.blanked ? a.blanked < b.blanked : DepthBehind(a) < DepthBehind(b);
    });
    for (const Entry& candidate : candidates_) {
      const auto found = by_hash_.find(candidate.blanked);
      if (found == by_hash_.end() && patterns_.size() - signature_count_ >= MaxDerived(signature_count_)) break;
      const uint32_t index = found != by_hash_.end() ? found->second : AddPattern(candidate);
      changed_ |= sets_.Join(index, candidate.pattern);
      if (DepthBehind(candidate) < patterns_[index].depth) {
        // A shorter way here than the one known: what was too deep may not be.
        const bool entered = patterns_[index].depth < kMaxBlanks;
        patterns_[index].depth = DepthBehind(candidate);
        changed_ = true;
        if (!entered && index < entered_) Enter(index);
      }
    }
    candidates_.clear();
  }

  uint32_t AddPattern(const Entry& source) {
    return AddPattern(Blank(patterns_[source.pattern].words, source.first, source.second), DepthBehind(source));
  }

  static uint64_t Place(Id before, Id filler) { return uint64_t{before} << 32 | filler; }

  // The fillers of a slot after some word are values wherever they follow that word.
  void LearnPlace(std::span<const Entry> run) {
    const Id before = patterns_[run[0].pattern].words[run[0].first - 1u];
    if (before == WordTable::kBlank) return;
    for (const Entry& entry : run) changed_ |= places_.insert(Place(before, Filler(entry))).second;
  }

  // A pattern with a known name blanked is a pattern too. One name at a time: what more evidence adds must never take
  // the place of what less evidence gave.
  void ReplaceNames() {
    if (places_.empty()) return;
    for (uint32_t index = 0; index < patterns_.size(); ++index) {
      const Pattern& pattern = patterns_[index];
      if (pattern.depth >= kMaxBlanks || Constants(index) <= kMinConstants) continue;
      const SequenceHash hash(words_, pattern.words);
      for (size_t i = 1; i < std::min(pattern.words.size(), kMaxPositions); ++i) {
        if (pattern.words[i] != WordTable::kBlank && places_.contains(Place(pattern.words[i - 1], pattern.words[i])))
          candidates_.push_back({0, hash.Blanked(i), index, static_cast<uint16_t>(i), 0});
      }
    }
  }

  // "Unhandled exception: " and then whatever somebody wrote.
  void JudgeFreeTexts() {
    struct Head {
      uint64_t hash = 0;
      uint32_t pattern = 0;
      Id next = 0;
    };
    std::vector<Head> heads;
    for (uint32_t index = 0; index < patterns_.size(); ++index) {
      const std::vector<Id>& words = patterns_[index].words;
      const SequenceHash hash(words_, words);
      size_t plain = 0;  // words that are not labels themselves
      for (size_t i = 0; i + 1 < words.size() && i < kMaxPositions; ++i) {
        if (words[i] == WordTable::kBlank) continue;
        const WordTable::Info& info = words_.info(words[i]);
        const bool opens = info.free_text_label || (info.label && plain >= kMinWordsBeforeLabel);
        if (opens && words[i + 1] != WordTable::kBlank) heads.push_back({hash.Head(i + 1), index, words[i + 1]});
        plain += info.label ? 0 : 1;
      }
    }
    std::sort(heads.begin(), heads.end(),
              [](const Head& a, const Head& b) { return a.hash != b.hash ? a.hash < b.hash : a.next < b.next; });
    for (size_t begin = 0; begin < heads.size();) {
      size_t end = begin;
      size_t beginnings = 0;
      for (; end < heads.size() && heads[end].hash == heads[begin].hash; ++end)
        beginnings += end == begin || heads[end].next != heads[end - 1].next ? 1 : 0;
      if (end - begin >= kMinFreeTexts && beginnings >= kMinFreeTextBeginnings) {
        for (size_t i = begin + 1; i < end; ++i) changed_ |= sets_.Join(heads[begin].pattern, heads[i].pattern);
      }
      begin = end;
    }
  }

  // "Started the web server", "Stopping the web server": what several first words say the same long endings of are
  // names of things.
  void JudgeVerbs() {
    struct Ending {
      uint64_t hash = 0;
      Id verb = 0;
      uint32_t pattern = 0;
    };
    std::vector<Ending> endings;
    for (uint32_t index = 0; index < signature_count_; ++index) {
      const std::vector<Id>& words = patterns_[index].words;
      if (words[0] == WordTable::kBlank || Constants(index) < 1 + kMinVerbEndingWords) continue;
      const std::vector<Id> ending(words.begin() + 1, words.end());
      endings.push_back({SequenceHash(words_, ending).Whole(), words[0], index});
    }
    std::sort(endings.begin(), endings.end(),
              [](const Ending& a, const Ending& b) { return a.hash != b.hash ? a.hash < b.hash : a.verb < b.verb; });
    const auto each_run = [&](const auto& visit) {
      for (size_t begin = 0; begin < endings.size();) {
        size_t end = begin + 1;
        while (end < endings.size() && endings[end].hash == endings[begin].hash) ++end;
        visit(begin, end);
        begin = end;
      }
    };
    std::unordered_map<Id, size_t> shared;  // verb → endings that enough other verbs have too
    each_run([&](size_t begin, size_t end) {
      if (end - begin < kMinVerbs) return;
      for (size_t i = begin; i < end; ++i) ++shared[endings[i].verb];
    });
    std::erase_if(shared, [](const auto& entry) { return entry.second < kMinVerbEndings; });
    if (shared.size() < kMinVerbs) return;
    std::unordered_map<Id, uint32_t> member;  // verb → one of its patterns
    each_run([&](size_t begin, size_t end) {
      const auto known = [&](const Ending& ending) { return shared.contains(ending.verb); };
      if (std::count_if(endings.begin() + static_cast<std::ptrdiff_t>(begin),
                        endings.begin() + static_cast<std::ptrdiff_t>(end), known) < 2)
        return;
      for (size_t i = begin; i < end; ++i) {
        if (known(endings[i]))
          changed_ |=
              sets_.Join(member.try_emplace(endings[i].verb, endings[i].pattern).first->second, endings[i].pattern);
      }
    });
  }

  // The fillers of a slot that holds names are names elsewhere too.
  void Learn(std::span<const Entry> run) {
    const Id first = Filler(run[0]);
    for (const Entry& entry : run) {
      LearnWord(Filler(entry), first);
      for (const Id part : words_.info(Filler(entry)).parts) LearnWord(part, first);
    }
  }

  // root and admin are names of users wherever they stand; behind "user" they are no words, so no slot teaches it.
  void LearnAccounts() {
    Id first = WordTable::kBlank;
    for (Id word = 1; word < words_.size(); ++word) {
      if (!words_.info(word).account) continue;
      if (first == WordTable::kBlank) first = word;
      LearnWord(word, first);
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
      while (head > kMinTailHead && words.size() - head < kMaxTail &&
             (words[head - 1] == WordTable::kBlank || IsKnown(words[head - 1])))
        --head;
      if (head == words.size()) continue;
      const SequenceHash hash(words_, words);
      for (; head < words.size(); ++head) heads.emplace_back(hash.Head(head), index);
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

  const WordTable& words_;
  std::vector<Pattern> patterns_;  // the signatures, then what was derived
  size_t signature_count_ = 0;
  std::unordered_map<uint64_t, uint32_t> by_hash_;
  UnionFind sets_;                       // over patterns
  UnionFind vocabulary_;                 // over words: same set = fillers of one slot
  std::vector<bool> known_;              // words that filled a slot of names
  std::unordered_set<uint64_t> places_;  // (word, filler that was a value after it)
  std::vector<Entry> entries_, pairs_;
  size_t entered_ = 0;  // patterns that were filed
  size_t sorted_entries_ = 0, sorted_pairs_ = 0;
  std::vector<Entry> candidates_;
  std::vector<std::pair<uint32_t, Entry>> classes_;
  bool changed_ = false;
};

}  // namespace

std::vector<uint32_t> GroupSignatures(const WordTable& words, std::span<const Signature> signatures) {
  return Merger(words, signatures).Run();
}

}  // namespace whittle
