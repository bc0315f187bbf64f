#include "format/segment_filter.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/hash.h"
#include "base/varint.h"
#include "format/number_text.h"
#include "format/shape_words.h"
#include "format/text_prefetch.h"

namespace whittle {
namespace {

constexpr uint8_t kVersion = 1;
// Numbers that lie so close together are kept as a range: counters and addresses in sequence.
constexpr uint64_t kDenseGap = 4096;
constexpr size_t kFewNumbers = 64;
// Texts around a column that are tried on each of its values; with more, rows are walked instead.
constexpr size_t kMaxContexts = 4;
constexpr size_t kMaxRanges = 4096;

// Classes of word bytes; part of the format.
uint8_t ClassOf(char c) {
  if (IsDigit(c)) return 1;
  if (c == '_') return 2;
  const char lower = static_cast<char>(c | 0x20);
  return lower <= 'f' ? 4 : 8;
}
uint8_t ClassesOf(std::string_view word) {
  uint8_t classes = 0;
  for (const char c : word) classes |= ClassOf(c);
  return classes;
}

bool IsNumber(std::string_view word) {
  return word.size() <= kMaxDigits && word[0] != '0' && std::all_of(word.begin(), word.end(), IsDigit);
}
uint64_t NumberOf(std::string_view word) {
  uint64_t value = 0;
  for (const char c : word) value = value * 10 + static_cast<uint64_t>(c - '0');
  return value;
}

// Made of nothing but what times are made of.
bool LooksLikeTimeWord(std::string_view word) {
  return std::all_of(word.begin(), word.end(),
                     [](char c) { return IsDigit(c) || c == 'T' || c == 't' || c == 'Z' || c == 'z'; });
}

uint64_t KeyOf(std::string_view word) {
  char folded[256];
  std::string large;
  char* out = folded;
  if (word.size() > sizeof(folded)) {
    large.resize(word.size());
    out = large.data();
  }
  for (size_t i = 0; i < word.size(); ++i)
    out[i] = word[i] >= 'A' && word[i] <= 'Z' ? static_cast<char>(word[i] | 0x20) : word[i];
  return Hash64({out, word.size()});
}

// The byte that four hex digits of an escape stand for; 0 when it is none of ASCII.
char CodeOf(std::string_view digits) {
  int code = 0;
  for (const char c : digits.substr(0, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    const int value = IsDigit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 256;
    code = code * 16 + value;
    if (code > 127) return 0;
  }
  return static_cast<char>(code);
}

struct Context {
  std::string before, after;
  bool after_backslash = false;
  bool unescapes = false;
  auto operator<=>(const Context&) const = default;
};

class Collector {
 public:
  Collector(const SegmentInput& input, size_t max_words, const std::vector<ValueNumbers>& distinct)
      : input_(input),
        max_words_(max_words),
        distinct_(distinct),
        classes_(input.columns.size()),
        longest_(input.columns.size()) {}

  std::string Run() {
    Chains();
    for (uint32_t c = 0; c < input_.columns.size() && !gave_up_; ++c) Column(c);
    if (!by_row_.empty() && !gave_up_) Rows();
    const auto filter = gave_up_ ? std::nullopt : WordFilter::Build(std::move(keys_));
    return filter ? Encode(*filter) : std::string();
  }

 private:
  struct RowChain {
    const WordChain* chain = nullptr;
    bool unescapes = false;
  };

  void Chains() {
    contexts_.resize(input_.columns.size());
    std::vector<bool> used(input_.shapes.size());
    for (const uint32_t shape : input_.row_shape) used[shape] = true;
    chains_.resize(input_.shapes.size());
    for (uint32_t s = 0; s < input_.shapes.size(); ++s) {
      if (!used[s]) continue;
      const StoredShape& stored = input_.shapes[s];
      const bool unescapes = Unescapes(*stored.shape);
      chains_[s] = ChainsOf(*stored.shape);
      for (const WordChain& chain : chains_[s]) {
        if (chain.slots.empty()) {
          Words(chain.literals[0], chain.after_backslash, unescapes, nullptr);
        } else if (chain.slots.size() == 1) {
          auto& contexts = contexts_[stored.columns[chain.slots[0]]];
          if (contexts.size() <= kMaxContexts)
            contexts.insert({chain.literals[0], chain.literals[1], chain.after_backslash, unescapes});
        }
      }
      // Constant text is done with; of shapes that are all different there would be much.
      std::erase_if(chains_[s], [](const WordChain& chain) { return chain.slots.empty(); });
      chains_[s].shrink_to_fit();
    }
    for (uint32_t s = 0; s < input_.shapes.size(); ++s) {
      for (const WordChain& chain : chains_[s]) {
        const auto columns = [&](size_t k) { return input_.shapes[s].columns[chain.slots[k]]; };
        if (chain.slots.size() > 1 || (chain.slots.size() == 1 && contexts_[columns(0)].size() > kMaxContexts))
          by_row_[s].push_back({&chain, Unescapes(*input_.shapes[s].shape)});
      }
    }
  }

  struct Seen {
    uint8_t* classes;
    uint32_t* longest;
    bool is_time;
    std::vector<uint64_t>* numbers;
  };

  // Every long word of `text`, told to the column it stands in.
  void Words(std::string_view text, bool after_backslash, bool unescapes, Seen* seen) {
    VisitWords(text, kMinFilterWord, after_backslash, [&](std::string_view word, bool escaped) {
      Word(word, seen);
      if (!unescapes || !escaped) return;
      // \nabc is abc in the event, \u003cabc too.
      const bool code = word[0] == 'u' && word.size() >= 5;
      if (code && IsWordByte(CodeOf(word.substr(1, 4)))) gave_up_ = true;
      Word(word.substr(1), seen);
      if (code) Word(word.substr(5), seen);
    });
    // Words may be too short to be visited and yet grow with what is escaped beside them.
    for (size_t at = unescapes ? text.find("\\u") : std::string_view::npos; at != std::string_view::npos;
         at = text.find("\\u", at + 2)) {
      if (IsWordByte(CodeOf(text.substr(at + 2, 4)))) gave_up_ = true;
    }
  }

  void Word(std::string_view word, Seen* seen) {
    if (word.size() < kMinFilterWord || std::none_of(word.begin(), word.end(), IsDigit)) return;
    if (seen != nullptr) {
      *seen->classes |= ClassesOf(word);
      *seen->longest = std::max(*seen->longest, static_cast<uint32_t>(std::min<size_t>(word.size(), UINT32_MAX)));
      if (seen->is_time && LooksLikeTimeWord(word)) {
        longest_time_ = std::max(longest_time_, static_cast<uint32_t>(word.size()));
        return;
      }
      if (seen->numbers != nullptr && IsNumber(word)) {
        seen->numbers->push_back(NumberOf(word));
        return;
      }
    }
    Key(KeyOf(word));
  }

  void Key(uint64_t key) {
    keys_.push_back(key);
    if (keys_.size() < 2 * limit_) return;
    std::sort(keys_.begin(), keys_.end());
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
    if (keys_.size() > max_words_) gave_up_ = true;
    limit_ = std::max(limit_, keys_.size());
  }

  void Column(uint32_t c) {
    const ColumnInput& column = input_.columns[c];
    if (contexts_[c].empty() || contexts_[c].size() > kMaxContexts) return;
    // What is collected is a set, so every value once is enough.
    const bool known = c < distinct_.size() && !distinct_[c].words.empty();
    const std::vector<std::string_view>& values = known ? distinct_[c].words : column.values;
    std::vector<uint64_t> numbers;
    Seen seen{&classes_[c], &longest_[c], column.time_layout != 0, &numbers};
    std::string joined;
    for (const Context& context : contexts_[c]) {
      std::string_view last;
      const size_t around = context.before.size() + context.after.size();
      for (size_t i = 0; i < values.size(); ++i) {
        PrefetchText(values, i);
        const std::string_view value = values[i];
        if (value.size() + around < kMinFilterWord || value == last) continue;
        last = value;
        if (around == 0) {
          Words(value, context.after_backslash, context.unescapes, &seen);
          continue;
        }
        joined.assign(context.before).append(value).append(context.after);
        Words(joined, context.after_backslash, context.unescapes, &seen);
      }
    }
    Numbers(std::move(numbers));
  }

  // As a range when they are dense, else as words.
  void Numbers(std::vector<uint64_t> numbers) {
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    if (numbers.size() >= kFewNumbers && ranges_.size() < kMaxRanges &&
        (numbers.back() - numbers.front()) / numbers.size() < kDenseGap) {
      ranges_.emplace_back(numbers.front(), numbers.back());
      return;
    }
    for (const uint64_t number : numbers) Key(KeyOf(std::to_string(number)));
  }

  // Chains over several slots, and columns with many different texts around them.
  void Rows() {
    std::vector<size_t> next(input_.columns.size());
    std::vector<std::string_view> slots;
    std::string joined;
    for (const uint32_t s : input_.row_shape) {
      const StoredShape& stored = input_.shapes[s];
      const auto chains = by_row_.find(s);
      slots.clear();
      for (const uint32_t column : stored.columns) slots.push_back(input_.columns[column].values[next[column]++]);
      if (chains == by_row_.end()) continue;
      for (const RowChain& row_chain : chains->second) {
        const WordChain& chain = *row_chain.chain;
        joined = chain.literals[0];
        for (size_t k = 0; k < chain.slots.size(); ++k)
          joined.append(slots[chain.slots[k]]).append(chain.literals[k + 1]);
        if (joined.size() < kMinFilterWord) continue;
        uint8_t classes = 0;
        uint32_t longest = 0;
        Seen seen{&classes, &longest, false, nullptr};
        Words(joined, chain.after_backslash, row_chain.unescapes, &seen);
        if (longest == 0) continue;
        for (const uint32_t slot : chain.slots) {
          classes_[stored.columns[slot]] |= classes;
          longest_[stored.columns[slot]] = std::max(longest_[stored.columns[slot]], longest);
        }
        if (gave_up_) return;
      }
    }
  }

  std::string Encode(const WordFilter& filter) const {
    std::string bytes;
    ByteWriter out(&bytes);
    out.U8(kVersion);
    out.Varint(longest_time_);
    out.Varint(ranges_.size());
    for (const auto& [low, high] : ranges_) {
      out.Varint(low);
      out.Varint(high - low);
    }
    for (const uint8_t classes : classes_) out.U8(classes);
    for (size_t c = 0; c < longest_.size(); ++c) {
      if (classes_[c] != 0) out.Varint(longest_[c]);
    }
    filter.Encode(&bytes);
    return bytes;
  }

  const SegmentInput& input_;
  const size_t max_words_;
  const std::vector<ValueNumbers>& distinct_;
  std::vector<std::set<Context>> contexts_;
  std::vector<std::vector<WordChain>> chains_;        // per shape
  std::map<uint32_t, std::vector<RowChain>> by_row_;  // per shape
  std::vector<uint8_t> classes_;
  std::vector<uint32_t> longest_;
  std::vector<std::pair<uint64_t, uint64_t>> ranges_;
  uint32_t longest_time_ = 0;
  std::vector<uint64_t> keys_;
  size_t limit_ = 4096;
  bool gave_up_ = false;
};

}  // namespace

bool IsFilterWord(std::string_view word) {
  return word.size() >= kMinFilterWord && std::all_of(word.begin(), word.end(), IsWordByte) &&
         std::any_of(word.begin(), word.end(), IsDigit);
}

size_t MaxFilterWords(uint64_t text_bytes) {
  constexpr uint64_t kTextPerWord = 48;
  constexpr uint64_t kFewest = uint64_t{1} << 18;
  constexpr uint64_t kMost = uint64_t{1} << 21;
  return static_cast<size_t>(std::clamp(text_bytes / kTextPerWord, kFewest, kMost));
}

std::string SegmentFilter::Build(const SegmentInput& input, size_t max_words,
                                 const std::vector<ValueNumbers>& distinct) {
  return Collector(input, max_words, distinct).Run();
}

std::optional<SegmentFilter> SegmentFilter::Decode(std::string_view bytes, size_t columns) {
  SegmentFilter filter;
  ByteReader in(bytes);
  if (in.U8() != kVersion) return std::nullopt;
  filter.longest_time_ = static_cast<uint32_t>(std::min<uint64_t>(in.Varint(), UINT32_MAX));
  const uint64_t ranges = in.Varint();
  if (!in.ok() || ranges > kMaxRanges || columns > in.remaining()) return std::nullopt;
  for (uint64_t i = 0; i < ranges; ++i) {
    const uint64_t low = in.Varint();
    filter.ranges_.emplace_back(low, low + in.Varint());
  }
  filter.columns_.resize(columns);
  for (ColumnWords& column : filter.columns_) column.classes = in.U8();
  for (ColumnWords& column : filter.columns_) {
    if (column.classes != 0) column.longest = static_cast<uint32_t>(std::min<uint64_t>(in.Varint(), UINT32_MAX));
  }
  if (!in.ok() || !filter.words_.Decode(&in) || in.remaining() != 0) return std::nullopt;
  return filter;
}

bool SegmentFilter::MayBeTime(std::string_view word) const {
  return word.size() <= longest_time_ && LooksLikeTimeWord(word);
}

bool SegmentFilter::MayContain(std::string_view word) const {
  if (words_.Contains(KeyOf(word)) || MayBeTime(word)) return true;
  if (!IsNumber(word)) return false;
  const uint64_t number = NumberOf(word);
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&](const auto& range) { return range.first <= number && number <= range.second; });
}

bool SegmentFilter::MayContain(const RequiredWordLists& words) const {
  return words.empty() || std::any_of(words.begin(), words.end(), [&](const std::vector<std::string>& all) {
           return std::all_of(all.begin(), all.end(),
                              [&](const std::string& word) { return !IsFilterWord(word) || MayContain(word); });
         });
}

bool SegmentFilter::ColumnMayContain(uint32_t column, std::string_view word) const {
  const ColumnWords& words = columns_[column];
  const uint8_t classes = ClassesOf(word);
  return (words.classes & classes) == classes && word.size() <= words.longest;
}

}  // namespace whittle
