#include "format/column_groups.h"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>

#include "format/number_text.h"
#include "format/value_dictionary.h"

namespace whittle {
namespace {

constexpr size_t kMinValues = 16;    // of a column worth a look
constexpr size_t kMinDistinct = 8;   // fewer, and a column's own dictionary costs next to nothing
constexpr size_t kMinIdLength = 3;   // mean bytes of an id; short texts are words and small numbers
constexpr double kSharedPart = 0.2;  // of a column's distinct values seen in another: they hold the same ids
// How much cheaper a column must look on its own to leave its group: the estimate knows runs and gaps, while zstd also
// finds repeated sequences in the group's references. Found by trying 1, 1.25, 1.5 and 2 on real logs.
constexpr double kOwnAdvantage = 1.25;
constexpr uint32_t kNone = UINT32_MAX;

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

// Numbers of all values of all candidate columns in one dictionary, and which columns share many of them.
struct Overlap {
  ValueDictionary dictionary{size_t{1} << 12};
  std::vector<std::vector<uint32_t>> numbers;  // per column; empty: no candidate
  std::vector<uint32_t> first_column;          // per number
  std::vector<bool> is_time;                   // per column
};

void AddColumn(uint32_t c, const ColumnInput& column, Overlap* overlap, std::vector<uint32_t>* last_column,
               std::vector<uint32_t>* shared_with, Joiner* joiner) {
  std::vector<uint32_t>& numbers = overlap->numbers[c];
  numbers.reserve(column.values.size());
  size_t distinct = 0;
  std::vector<uint32_t> others;
  std::string_view previous;
  for (const std::string_view value : column.values) {
    // Runs are common, and comparing with the last value costs less than hashing.
    if (!numbers.empty() && value == previous) {
      numbers.push_back(numbers.back());
      continue;
    }
    previous = value;
    const uint32_t number = overlap->dictionary.Add(value);
    numbers.push_back(number);
    if (number == overlap->first_column.size()) {
      overlap->first_column.push_back(c);
      last_column->push_back(c);
      ++distinct;
    } else if ((*last_column)[number] != c) {
      (*last_column)[number] = c;
      ++distinct;
      const uint32_t other = overlap->first_column[number];
      if ((*shared_with)[other]++ == 0) others.push_back(other);
    }
  }
  for (const uint32_t other : others) {
    const uint32_t shared = (*shared_with)[other];
    (*shared_with)[other] = 0;
    if (column.time_layout != 0 || overlap->is_time[other]) continue;
    if (distinct >= kMinDistinct && shared >= kMinDistinct / 2 &&
        static_cast<double>(shared) >= kSharedPart * static_cast<double>(distinct)) {
      joiner->Join(c, other);
    }
  }
}

// Rough bits of a text that was not seen before: numbers are stored as differences, other text compresses to about
// half.
double NewTextBits(std::string_view text, int64_t* last_number) {
  int64_t number;
  if (!ParseInteger(text, &number)) return 4.0 * static_cast<double>(text.size());
  const auto difference = static_cast<uint64_t>(number) - static_cast<uint64_t>(*last_number);
  *last_number = number;
  return 1.0 + std::bit_width((difference << 1) ^ (0 - (difference >> 63)));
}

// Rough bits of a reference `gap` values after the last one to the same text: a run is nearly free.
double GapBits(uint32_t gap) { return gap == 1 ? 0.25 : 1.0 + std::bit_width(gap); }

// What a column would cost on its own: as numbers or by its own dictionary, whichever is less.
double OwnBits(uint32_t column, const Overlap& overlap, std::vector<std::pair<uint32_t, uint32_t>>* last_seen) {
  double as_numbers = 0, as_references = 0;
  bool numeric = true;
  int64_t last_number = 0, last_new = 0, number;
  const std::vector<uint32_t>& numbers = overlap.numbers[column];
  for (uint32_t i = 0; i < numbers.size(); ++i) {
    const std::string_view text = overlap.dictionary.texts()[numbers[i]];
    auto& [seen_in, seen_at] = (*last_seen)[numbers[i]];
    as_references += seen_in == column + 1 ? GapBits(i - seen_at) : 2.0 + NewTextBits(text, &last_new);
    seen_in = column + 1;
    seen_at = i;
    numeric = numeric && ParseInteger(text, &number);
    if (numeric) as_numbers += i > 0 && numbers[i] == numbers[i - 1] ? 0.25 : NewTextBits(text, &last_number);
  }
  return numeric ? std::min(as_numbers, as_references) : as_references;
}

// Takes columns out of their groups that would cost less on their own: small numbers that are equal by accident.
void DropLosers(const SegmentInput& input, const Overlap& overlap, GroupPlan* plan) {
  const size_t columns = input.columns.size();
  std::vector<double> own(columns), grouped(columns);
  std::vector<std::pair<uint32_t, uint32_t>> last_seen(overlap.dictionary.size());
  for (uint32_t c = 0; c < columns; ++c) {
    if (plan->group_of[c] >= 0) own[c] = OwnBits(c, overlap, &last_seen);
  }
  std::fill(last_seen.begin(), last_seen.end(), std::pair<uint32_t, uint32_t>());
  std::vector<uint32_t> position(plan->groups.size());
  std::vector<int64_t> last_new(plan->groups.size());
  std::vector<size_t> next(columns);
  WalkGroups(input.shapes, input.row_shape, plan->group_of, [&](uint32_t g, uint32_t c) {
    const uint32_t number = overlap.numbers[c][next[c]++];
    auto& [seen_in, seen_at] = last_seen[number];
    const uint32_t now = position[g]++;
    grouped[c] +=
        seen_in == g + 1 ? GapBits(now - seen_at) : 2.0 + NewTextBits(overlap.dictionary.texts()[number], &last_new[g]);
    seen_in = g + 1;
    seen_at = now;
  });
  for (size_t c = 0; c < columns; ++c) {
    const bool clock = input.columns[c].time_layout != 0;  // the estimate does not know how times are stored
    if (plan->group_of[c] >= 0 && !clock && own[c] * kOwnAdvantage < grouped[c]) plan->group_of[c] = -1;
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
void FillGroups(const SegmentInput& input, const Overlap& overlap, GroupPlan* plan) {
  const std::vector<std::string_view>& texts = overlap.dictionary.texts();
  std::vector<uint32_t> renumber(texts.size(), kNone);
  std::vector<size_t> next(input.columns.size());
  WalkGroups(input.shapes, input.row_shape, plan->group_of, [&](uint32_t g, uint32_t column) {
    ColumnGroup& group = plan->groups[g];
    const uint32_t number = overlap.numbers[column][next[column]++];
    uint32_t& mine = renumber[number];
    // A text that two groups hold keeps the number it got last: the other group lists it again when it comes back.
    // Such texts are few, or the groups would have been joined.
    if (mine >= group.words.size() || group.words[mine].data() != texts[number].data()) {
      mine = static_cast<uint32_t>(group.words.size());
      group.words.push_back(texts[number]);
    }
    group.numbers.push_back(mine);
  });
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

GroupPlan PlanGroups(const SegmentInput& input) {
  GroupPlan plan;
  const size_t columns = input.columns.size();
  plan.group_of.assign(columns, -1);
  Overlap overlap;
  overlap.numbers.resize(columns);
  for (const ColumnInput& column : input.columns) overlap.is_time.push_back(column.time_layout != 0);
  std::vector<uint32_t> last_column;
  std::vector<uint32_t> shared_with(columns);
  Joiner joiner(columns);
  // Times of one layout in several columns that together stand in most rows follow one clock: always a group. Unless
  // one column has most of them, as the time of a header has: it compresses better on its own, as differences instead
  // of references. Times that stand in few rows are of other clocks.
  struct Clock {
    size_t values = 0;
    size_t largest = 0;
    uint32_t first = 0;
  };
  std::map<uint16_t, Clock> clocks;
  for (const ColumnInput& column : input.columns) {
    if (column.time_layout == 0 || !MayBeGrouped(column)) continue;
    Clock& clock = clocks[column.time_layout];
    clock.values += column.values.size();
    clock.largest = std::max(clock.largest, column.values.size());
  }
  for (uint32_t c = 0; c < columns; ++c) {
    const ColumnInput& column = input.columns[c];
    if (!MayBeGrouped(column)) continue;
    if (column.time_layout != 0) {
      Clock& clock = clocks[column.time_layout];
      if (clock.largest * 2 > clock.values || clock.values * 2 < input.row_shape.size()) continue;
      if (clock.first == 0) clock.first = c + 1;
      joiner.Join(c, clock.first - 1);
    }
    AddColumn(c, column, &overlap, &last_column, &shared_with, &joiner);
  }
  std::vector<int32_t> group_of_root(columns, -1);
  for (uint32_t c = 0; c < columns; ++c) {
    if (overlap.numbers[c].empty()) continue;
    int32_t& group = group_of_root[joiner.Root(c)];
    if (group < 0) {
      group = static_cast<int32_t>(plan.groups.size());
      plan.groups.emplace_back();
    }
    plan.group_of[c] = group;
  }
  ListGroups(&plan);
  DropLosers(input, overlap, &plan);
  ListGroups(&plan);
  for (ColumnGroup& group : plan.groups) group.time_layout = input.columns[group.columns[0]].time_layout;
  FillGroups(input, overlap, &plan);
  for (uint32_t c = 0; c < columns; ++c) {
    if (plan.group_of[c] >= 0) overlap.numbers[c] = {};
  }
  plan.numbers_of = std::move(overlap.numbers);
  plan.texts = overlap.dictionary.texts();
  return plan;
}

}  // namespace whittle
