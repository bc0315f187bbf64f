#include "format/column_groups.h"

#include <algorithm>
#include <numeric>

#include "format/number_text.h"
#include "format/value_dictionary.h"

namespace whittle {
namespace {

constexpr size_t kMinValues = 16;       // of a column worth a look
constexpr size_t kMinDistinct = 8;      // fewer, and a column's own dictionary costs next to nothing
constexpr size_t kMinIdLength = 5;      // mean bytes of an id; short texts are words and small numbers
constexpr double kSharedPart = 0.2;     // of a column's distinct values seen in another: they hold the same ids
constexpr uint32_t kNone = UINT32_MAX;

bool LooksLikeIds(const ColumnInput& column) {
  constexpr size_t kLook = 16;
  const size_t n = column.values.size();
  if (n < kMinValues || column.time_layout != 0) return false;
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
};

void AddColumn(uint32_t c, const ColumnInput& column, Overlap* overlap, std::vector<uint32_t>* last_column,
               std::vector<uint32_t>* shared_with, Joiner* joiner) {
  std::vector<uint32_t>& numbers = overlap->numbers[c];
  numbers.reserve(column.values.size());
  size_t distinct = 0;
  std::vector<uint32_t> others;
  for (const std::string_view value : column.values) {
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
    if (distinct >= kMinDistinct && shared >= kMinDistinct / 2 &&
        static_cast<double>(shared) >= kSharedPart * static_cast<double>(distinct)) {
      joiner->Join(c, other);
    }
  }
}

}  // namespace

void WalkGroups(const std::vector<StoredShape>& shapes, const std::vector<uint32_t>& row_shape,
                const std::vector<int32_t>& group_of,
                const std::function<void(uint32_t group, uint32_t column)>& visit) {
  std::vector<std::vector<uint32_t>> grouped(shapes.size());
  for (size_t s = 0; s < shapes.size(); ++s) {
    for (const uint32_t column : shapes[s].columns) {
      if (group_of[column] >= 0) grouped[s].push_back(column);
    }
  }
  for (const uint32_t shape : row_shape) {
    for (const uint32_t column : grouped[shape]) visit(static_cast<uint32_t>(group_of[column]), column);
  }
}

GroupPlan PlanGroups(const SegmentInput& input) {
  GroupPlan plan;
  const size_t columns = input.columns.size();
  plan.group_of.assign(columns, -1);
  Overlap overlap;
  overlap.numbers.resize(columns);
  std::vector<uint32_t> last_column;
  std::vector<uint32_t> shared_with(columns);
  Joiner joiner(columns);
  for (uint32_t c = 0; c < columns; ++c) {
    if (LooksLikeIds(input.columns[c])) AddColumn(c, input.columns[c], &overlap, &last_column, &shared_with, &joiner);
  }
  std::vector<uint32_t> members(columns);
  for (uint32_t c = 0; c < columns; ++c) ++members[joiner.Root(c)];
  for (uint32_t c = 0; c < columns; ++c) {
    const uint32_t root = joiner.Root(c);
    if (members[root] < 2) continue;
    if (c == root) {
      plan.group_of[c] = static_cast<int32_t>(plan.groups.size());
      plan.groups.emplace_back();
    }
    plan.group_of[c] = plan.group_of[root];
    plan.groups[static_cast<size_t>(plan.group_of[c])].columns.push_back(c);
  }
  if (plan.groups.empty()) return plan;
  // Renumber by first appearance in row order.
  std::vector<uint32_t> renumber(overlap.dictionary.size(), kNone);
  std::vector<size_t> next(columns);
  WalkGroups(input.shapes, input.row_shape, plan.group_of, [&](uint32_t g, uint32_t column) {
    ColumnGroup& group = plan.groups[g];
    const uint32_t number = overlap.numbers[column][next[column]++];
    // A value that stands in two groups keeps one number in each: groups with common values were joined or are rare,
    // so the second group takes the text again.
    if (renumber[number] == kNone || renumber[number] >= group.words.size() ||
        group.words[renumber[number]].data() != overlap.dictionary.texts()[number].data()) {
      renumber[number] = static_cast<uint32_t>(group.words.size());
      group.words.push_back(overlap.dictionary.texts()[number]);
    }
    group.numbers.push_back(renumber[number]);
  });
  return plan;
}

}  // namespace whittle
