#include "format/column_groups.h"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <utility>

#include "base/free_memory.h"
#include "base/same_bytes.h"
#include "format/number_text.h"
#include "format/text_prefetch.h"
#include "format/value_dictionary.h"

namespace whittle {
namespace {

constexpr size_t kMinValues = 16;    // of a column worth a look
constexpr size_t kMinDistinct = 8;   // fewer, and a column's own dictionary costs next to nothing
constexpr size_t kMinIdLength = 3;   // mean bytes of an id; short texts are words and small numbers
constexpr double kSharedPart = 0.2;  // of a column's distinct values seen in another: they hold the same ids
// How much cheaper a column must look on its own to leave its group: the estimate knows runs and gaps, while zstd also
// finds repeated sequences in the group's references. Found by trying 0.9 to 1.6 on real logs.
constexpr uint64_t kOwnAdvantage = 6;               // in fifths
constexpr size_t kExpectedTexts = size_t{1} << 17;  // room for so many from the start; 2 MiB
constexpr size_t kMaxProbes = 32;                   // of a table of hashes; random ones probe two to nine times

class Joiner {
 public:
  explicit Joiner(size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0u); }
  uint32_t Root(uint32_t x) {
    while (parent_[x] != x) x = parent_[x] = parent_[parent_[x]];
    return x;
  }
  void Join(uint32_t a, uint32_t b) {
    a = Root(a);
    b = Root(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<uint32_t> parent_;
};

// The values of all candidate columns, numbered twice. A column's own numbers are found on a thread each; which columns
// share many values is seen from the hashes of their distinct ones, and only those of columns that do go through the
// dictionary of their group.
struct Overlap {
  std::vector<ValueNumbers> own;              // per column; empty: no candidate
  std::vector<std::vector<uint32_t>> hashes;  // per column and own number: ValueDictionary::HashOf
  std::vector<std::vector<uint32_t>> common;  // per column and own number: the number among the values of its group
  std::vector<uint32_t> first_group;          // per column: the group it was in at first
  std::vector<std::vector<std::string_view>> group_texts;  // per such group, by number
  std::vector<uint64_t> own_cost;                          // per column: OwnCost
};

// Which column had a text of a hash first. Of n texts each shares its hash with another by a chance of n in 2^32, far
// less than what decides; one that finds no place within its probes, fewer still, is shared with nobody.
class FirstColumns {
 public:
  explicit FirstColumns(size_t texts) : slots_(std::bit_ceil(std::max<size_t>(texts + texts / 3, 64))) {}

  // That column; it is `column` when none had it before.
  uint32_t Add(uint32_t hash, uint32_t column) {
    const size_t mask = slots_.size() - 1;
    size_t at = hash & mask;
    for (size_t probe = 0; probe < kMaxProbes; ++probe, at = (at + 1) & mask) {
      Slot& slot = slots_[at];
      if (slot.column_plus_one == 0) slot = {hash, column + 1};
      if (slot.hash == hash) return slot.column_plus_one - 1;
    }
    return column;
  }

 private:
  struct Slot {
    uint32_t hash = 0;
    uint32_t column_plus_one = 0;
  };
  std::vector<Slot> slots_;
};

ValueNumbers NumberColumn(const ColumnInput& column, std::vector<uint32_t>* hashes) {
  ValueNumbers result;
  ValueDictionary dictionary(size_t{1} << 8);
  result.numbers.reserve(column.values.size());
  std::string_view previous;
  for (size_t i = 0; i < column.values.size(); ++i) {
    const std::string_view value = column.values[i];
    PrefetchText(column.values, i);
    // Runs are common, and comparing with the last value costs less than hashing.
    const bool run = !result.numbers.empty() && SameText(value, previous);
    result.numbers.push_back(run ? result.numbers.back() : dictionary.Add(value));
    previous = value;
  }
  *hashes = dictionary.Hashes();
  result.words = dictionary.TakeTexts();
  result.words.shrink_to_fit();
  return result;
}

// Joins columns that share enough values.
void FindOverlap(const SegmentInput& input, const Overlap& overlap, Joiner* joiner) {
  const size_t columns = input.columns.size();
  size_t words_of_all = 0;
  for (const ValueNumbers& own : overlap.own) words_of_all += own.words.size();
  FirstColumns first_columns(words_of_all);
  std::vector<uint32_t> shared_with(columns);
  std::vector<uint32_t> others;
  for (uint32_t c = 0; c < columns; ++c) {
    const std::vector<uint32_t>& hashes = overlap.hashes[c];
    others.clear();
    for (const uint32_t hash : hashes) {
      const uint32_t other = first_columns.Add(hash, c);
      if (other != c && shared_with[other]++ == 0) others.push_back(other);
    }
    for (const uint32_t other : others) {
      const uint32_t shared = std::exchange(shared_with[other], 0);
      if (input.columns[c].time_layout != 0 || input.columns[other].time_layout != 0) continue;
      if (hashes.size() >= kMinDistinct && shared >= kMinDistinct / 2 &&
          static_cast<double>(shared) >= kSharedPart * static_cast<double>(hashes.size())) {
        joiner->Join(c, other);
      }
    }
  }
}

// Costs are estimates, in quarters of a bit.
constexpr uint64_t kRepeatCost = 1;  // a run is nearly free
constexpr uint64_t kBitCost = 4;
constexpr uint64_t kNewTextCost = 2 * kBitCost;  // to say that there is one

uint64_t NumberCost(int64_t number, int64_t last_number) {
  const auto difference = static_cast<uint64_t>(number) - static_cast<uint64_t>(last_number);
  return kBitCost * (1 + static_cast<uint64_t>(std::bit_width((difference << 1) ^ (0 - (difference >> 63)))));
}

// A text that was not seen before: numbers are stored as differences, other text compresses to about half.
uint64_t NewTextCost(std::string_view text, int64_t* last_number) {
  int64_t number;
  if (!ParseInteger(text, &number)) return kNewTextCost + 4 * kBitCost * text.size();
  return kNewTextCost + NumberCost(number, std::exchange(*last_number, number));
}

// A reference `gap` values after the last one to the same text.
uint64_t GapCost(uint32_t gap) {
  return gap == 1 ? kRepeatCost : kBitCost * (1 + static_cast<uint64_t>(std::bit_width(gap)));
}

// What a column would cost on its own: as numbers or by its own dictionary, whichever is less.
uint64_t OwnCost(const ValueNumbers& column) {
  std::vector<int64_t> parsed(column.words.size());
  bool numeric = true;
  for (size_t w = 0; w < parsed.size() && numeric; ++w) numeric = ParseInteger(column.words[w], &parsed[w]);
  uint64_t as_numbers = 0, as_references = 0;
  int64_t last_number = 0, last_new = 0;
  std::vector<uint32_t> last_seen(column.words.size());
  uint32_t seen = 0;  // words so far, as they are numbered by first appearance
  for (uint32_t i = 0; i < column.numbers.size(); ++i) {
    const uint32_t number = column.numbers[i];
    if (number == seen) {
      as_references += NewTextCost(column.words[number], &last_new);
      ++seen;
    } else {
      as_references += GapCost(i - last_seen[number]);
    }
    last_seen[number] = i;
    if (!numeric) continue;
    as_numbers += i > 0 && number == column.numbers[i - 1]
                      ? kRepeatCost
                      : NumberCost(parsed[number], std::exchange(last_number, parsed[number]));
  }
  return numeric ? std::min(as_numbers, as_references) : as_references;
}

// Numbers the texts of each group on their own: two groups may hold the same text.
void NumberWithinGroups(const GroupPlan& plan, const ParallelFor& parallel_for, Overlap* overlap) {
  overlap->first_group.resize(overlap->own.size());
  overlap->group_texts.resize(plan.groups.size());
  const auto number = [&](size_t g) {
    size_t texts = 0;
    for (const uint32_t c : plan.groups[g].columns) texts += overlap->own[c].words.size();
    ValueDictionary dictionary(std::min(texts, kExpectedTexts));
    for (const uint32_t c : plan.groups[g].columns) {
      const std::vector<std::string_view>& words = overlap->own[c].words;
      std::vector<uint32_t>& numbers = overlap->common[c];
      numbers.reserve(words.size());
      for (size_t w = 0; w < words.size(); ++w) numbers.push_back(dictionary.Add(words[w], overlap->hashes[c][w]));
      overlap->first_group[c] = static_cast<uint32_t>(g);
    }
    overlap->group_texts[g] = dictionary.TakeTexts();
  };
  ForEach(parallel_for, plan.groups.size(), number);
  FreeMemory(&overlap->hashes);
}

// Groups are walked in a few sets, on a thread each. Each set is the `group_of` of its columns.
constexpr size_t kWalkers = 2;

void ForWalkers(const SegmentInput& input, const GroupPlan& plan, const ParallelFor& parallel_for,
                const std::function<void(const std::vector<int32_t>&)>& walk) {
  std::vector<size_t> values(plan.groups.size());
  for (size_t c = 0; c < plan.group_of.size(); ++c) {
    if (plan.group_of[c] >= 0) values[static_cast<size_t>(plan.group_of[c])] += input.columns[c].values.size();
  }
  std::vector<uint32_t> by_size(plan.groups.size());
  std::iota(by_size.begin(), by_size.end(), 0u);
  std::stable_sort(by_size.begin(), by_size.end(), [&](uint32_t a, uint32_t b) { return values[a] > values[b]; });
  std::vector<size_t> load(kWalkers);
  std::vector<size_t> walker_of(plan.groups.size());
  for (const uint32_t g : by_size) {
    walker_of[g] = static_cast<size_t>(std::min_element(load.begin(), load.end()) - load.begin());
    load[walker_of[g]] += values[g];
  }
  const auto run = [&](size_t walker) {
    if (load[walker] == 0) return;
    std::vector<int32_t> mine = plan.group_of;
    for (int32_t& group : mine) {
      if (group >= 0 && walker_of[static_cast<size_t>(group)] != walker) group = -1;
    }
    walk(mine);
  };
  ForEach(parallel_for, kWalkers, run);
}

// Where a walk stands in a column: its next value's own number, and what those numbers are in the group.
struct ColumnWalk {
  const uint32_t* next = nullptr;
  const uint32_t* common = nullptr;
  uint64_t cost = 0;

  uint32_t Next() { return common[*next++]; }
};

std::vector<ColumnWalk> WalksOf(const Overlap& overlap) {
  std::vector<ColumnWalk> walks(overlap.own.size());
  for (size_t c = 0; c < walks.size(); ++c) walks[c] = {overlap.own[c].numbers.data(), overlap.common[c].data(), 0};
  return walks;
}

// What a walk knows of a group.
struct GroupWalk {
  const std::vector<std::string_view>* texts = nullptr;
  std::vector<uint32_t> seen;  // per text: one more than where it was seen last, or than its number; 0: not yet
  uint32_t position = 0;
  int64_t last_new = 0;
};

// Of the groups of which `group_of` has a column.
std::vector<GroupWalk> GroupWalksOf(const GroupPlan& plan, const Overlap& overlap,
                                    const std::vector<int32_t>& group_of) {
  std::vector<GroupWalk> walks(plan.groups.size());
  for (size_t c = 0; c < group_of.size(); ++c) {
    if (group_of[c] < 0) continue;
    GroupWalk& walk = walks[static_cast<size_t>(group_of[c])];
    walk.texts = &overlap.group_texts[overlap.first_group[c]];
    walk.seen.resize(walk.texts->size());
  }
  return walks;
}

// Takes columns out of their groups that would cost less on their own: small numbers that are equal by accident.
void DropLosers(const SegmentInput& input, const Overlap& overlap, const ParallelFor& parallel_for, GroupPlan* plan) {
  const size_t columns = input.columns.size();
  std::vector<uint64_t> grouped(columns);
  ForWalkers(input, *plan, parallel_for, [&](const std::vector<int32_t>& group_of) {
    std::vector<GroupWalk> group_walks = GroupWalksOf(*plan, overlap, group_of);
    std::vector<ColumnWalk> walks = WalksOf(overlap);
    WalkGroups(input.shapes, input.row_shape, group_of, [&](uint32_t g, uint32_t c) {
      GroupWalk& group = group_walks[g];
      const uint32_t number = walks[c].Next();
      const uint32_t now = ++group.position;
      const uint32_t seen = std::exchange(group.seen[number], now);
      walks[c].cost += seen != 0 ? GapCost(now - seen) : NewTextCost((*group.texts)[number], &group.last_new);
    });
    for (size_t c = 0; c < columns; ++c) {
      if (group_of[c] >= 0) grouped[c] = walks[c].cost;
    }
  });
  for (size_t c = 0; c < columns; ++c) {
    const bool clock = input.columns[c].time_layout != 0;  // the estimate does not know how times are stored
    if (plan->group_of[c] >= 0 && !clock && overlap.own_cost[c] * kOwnAdvantage < grouped[c] * 5)
      plan->group_of[c] = -1;
  }
}

// Numbers the groups that still have two columns or more.
void ListGroups(GroupPlan* plan) {
  std::vector<std::vector<uint32_t>> members(plan->groups.size());
  for (uint32_t c = 0; c < plan->group_of.size(); ++c) {
    if (plan->group_of[c] >= 0) members[static_cast<size_t>(plan->group_of[c])].push_back(c);
  }
  plan->groups.clear();
  for (std::vector<uint32_t>& columns : members) {
    const int32_t number = columns.size() < 2 ? -1 : static_cast<int32_t>(plan->groups.size());
    for (const uint32_t c : columns) plan->group_of[c] = number;
    if (number < 0) continue;
    ColumnGroup& group = plan->groups.emplace_back();
    group.columns = std::move(columns);
  }
}

// Fills numbers and words, numbered by first appearance in row order.
void FillGroups(const SegmentInput& input, const Overlap& overlap, const ParallelFor& parallel_for, GroupPlan* plan) {
  for (ColumnGroup& group : plan->groups) {
    size_t values = 0;
    for (const uint32_t c : group.columns) values += input.columns[c].values.size();
    group.numbers.resize(values);
  }
  ForWalkers(input, *plan, parallel_for, [&](const std::vector<int32_t>& group_of) {
    std::vector<GroupWalk> group_walks = GroupWalksOf(*plan, overlap, group_of);
    std::vector<ColumnWalk> walks = WalksOf(overlap);
    WalkGroups(input.shapes, input.row_shape, group_of, [&](uint32_t g, uint32_t column) {
      GroupWalk& walk = group_walks[g];
      ColumnGroup& group = plan->groups[g];
      const uint32_t text = walks[column].Next();
      uint32_t& listed = walk.seen[text];
      if (listed == 0) {
        group.words.push_back((*walk.texts)[text]);
        listed = static_cast<uint32_t>(group.words.size());
      }
      group.numbers[walk.position++] = listed - 1;
    });
  });
}

// The columns worth a look, with those whose times follow one clock already joined.
//
// Times of one layout in several columns that together stand in most rows follow one clock: always a group. Unless one
// column has most of them, as the time of a header has: it compresses better on its own, as differences instead of
// references. Times that stand in few rows are of other clocks.
std::vector<uint32_t> Candidates(const SegmentInput& input, Joiner* joiner) {
  struct Clock {
    size_t values = 0;
    size_t largest = 0;
    uint32_t first = 0;
  };
  std::vector<uint32_t> looked_at;
  std::map<uint16_t, Clock> clocks;
  for (uint32_t c = 0; c < input.columns.size(); ++c) {
    const ColumnInput& column = input.columns[c];
    if (!MayBeGrouped(column)) continue;
    looked_at.push_back(c);
    if (column.time_layout == 0) continue;
    Clock& clock = clocks[column.time_layout];
    clock.values += column.values.size();
    clock.largest = std::max(clock.largest, column.values.size());
  }
  std::erase_if(looked_at, [&](uint32_t c) {
    const ColumnInput& column = input.columns[c];
    if (column.time_layout == 0) return false;
    Clock& clock = clocks[column.time_layout];
    if (clock.largest * 2 > clock.values || clock.values * 2 < input.row_shape.size()) return true;
    if (clock.first == 0) clock.first = c + 1;
    joiner->Join(c, clock.first - 1);
    return false;
  });
  return looked_at;
}

// Numbers each candidate's values, the largest first, so that no thread begins a long one when the others are done.
void NumberColumns(const SegmentInput& input, std::vector<uint32_t> candidates, const ParallelFor& parallel_for,
                   Overlap* overlap) {
  std::stable_sort(candidates.begin(), candidates.end(), [&](uint32_t a, uint32_t b) {
    return input.columns[a].values.size() > input.columns[b].values.size();
  });
  const auto number = [&](size_t i) {
    const uint32_t c = candidates[i];
    overlap->own[c] = NumberColumn(input.columns[c], &overlap->hashes[c]);
    overlap->own_cost[c] = OwnCost(overlap->own[c]);
  };
  ForEach(parallel_for, candidates.size(), number);
}

}  // namespace

bool MayBeGrouped(const ColumnInput& column) {
  constexpr size_t kLook = 16;
  const size_t n = column.values.size();
  if (n < kMinValues || column.is_free_text) return false;
  size_t bytes = 0, numbers = 0;
  bool constant = true;
  for (size_t i = 0; i < kLook; ++i) {
    const std::string_view value = column.values[i * n / kLook];
    int64_t number;
    bytes += value.size();
    numbers += ParseInteger(value, &number) ? 1 : 0;
    constant = constant && value == column.values[0];
  }
  if (constant) return false;
  return bytes >= (numbers * 2 > kLook ? kMinIdLength + 1 : kMinIdLength) * kLook;
}

GroupPlan PlanGroups(const SegmentInput& input, const ParallelFor& parallel_for,
                     const std::function<void(const std::function<void()>& second_half)>& beside) {
  GroupPlan plan;
  const size_t columns = input.columns.size();
  plan.group_of.assign(columns, -1);
  Overlap overlap;
  overlap.own.resize(columns);
  overlap.common.resize(columns);
  overlap.hashes.resize(columns);
  overlap.own_cost.resize(columns);
  Joiner joiner(columns);
  const std::vector<uint32_t> candidates = Candidates(input, &joiner);
  NumberColumns(input, candidates, parallel_for, &overlap);
  const auto second_half = [&] {
    FindOverlap(input, overlap, &joiner);
    std::vector<int32_t> group_of_root(columns, -1);
    for (const uint32_t c : candidates) {
      int32_t& group = group_of_root[joiner.Root(c)];
      if (group < 0) {
        group = static_cast<int32_t>(plan.groups.size());
        plan.groups.emplace_back();
      }
      plan.group_of[c] = group;
    }
    ListGroups(&plan);
    NumberWithinGroups(plan, parallel_for, &overlap);
    DropLosers(input, overlap, parallel_for, &plan);
    ListGroups(&plan);
    for (ColumnGroup& group : plan.groups) group.time_layout = input.columns[group.columns[0]].time_layout;
    FillGroups(input, overlap, parallel_for, &plan);
  };
  if (beside) {
    beside(second_half);
  } else {
    second_half();
  }
  for (uint32_t c = 0; c < columns; ++c) {
    if (plan.group_of[c] >= 0) FreeMemory(&overlap.own[c].numbers);
  }
  plan.numbers_of = std::move(overlap.own);
  return plan;
}

}  // namespace whittle
