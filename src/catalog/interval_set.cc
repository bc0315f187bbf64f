#include "catalog/interval_set.h"

#include <algorithm>

namespace whittle {

void IntervalSet::Add(Interval interval) {
  if (interval.begin >= interval.end) return;
  auto it = intervals_.upper_bound(interval.begin);
  // The one before joins when it reaches us.
  if (it != intervals_.begin() && std::prev(it)->second >= interval.begin) --it;
  while (it != intervals_.end() && it->first <= interval.end) {
    interval.begin = std::min(interval.begin, it->first);
    interval.end = std::max(interval.end, it->second);
    it = intervals_.erase(it);
  }
  intervals_.emplace_hint(it, interval.begin, interval.end);
}

void IntervalSet::Add(const IntervalSet& other) {
  for (const auto& [begin, end] : other.intervals_) Add({begin, end});
}

bool IntervalSet::Contains(Interval interval) const {
  if (interval.begin >= interval.end) return true;
  const auto it = intervals_.upper_bound(interval.begin);
  return it != intervals_.begin() && std::prev(it)->second >= interval.end;
}

bool IntervalSet::Contains(const IntervalSet& other) const {
  return std::all_of(other.intervals_.begin(), other.intervals_.end(), [this](const auto& entry) {
    return Contains(Interval{entry.first, entry.second});
  });
}

bool IntervalSet::Intersects(Interval interval) const {
  if (interval.begin >= interval.end) return false;
  const auto it = intervals_.lower_bound(interval.begin);
  if (it != intervals_.end() && it->first < interval.end) return true;
  return it != intervals_.begin() && std::prev(it)->second > interval.begin;
}

bool IntervalSet::Intersects(const IntervalSet& other) const {
  return std::any_of(other.intervals_.begin(), other.intervals_.end(), [this](const auto& entry) {
    return Intersects(Interval{entry.first, entry.second});
  });
}

uint64_t IntervalSet::CoveredPrefix() const {
  const auto it = intervals_.begin();
  return it != intervals_.end() && it->first == 0 ? it->second : 0;
}

uint64_t IntervalSet::Total() const {
  uint64_t total = 0;
  for (const auto& [begin, end] : intervals_) total += end - begin;
  return total;
}

uint64_t IntervalSet::End() const { return intervals_.empty() ? 0 : intervals_.rbegin()->second; }

std::vector<Interval> IntervalSet::Gaps(uint64_t size) const {
  std::vector<Interval> gaps;
  uint64_t at = 0;
  for (const auto& [begin, end] : intervals_) {
    if (at >= size) break;
    if (begin > at) gaps.push_back({at, std::min(begin, size)});
    at = end;
  }
  if (at < size) gaps.push_back({at, size});
  return gaps;
}

std::vector<Interval> IntervalSet::ToVector() const {
  std::vector<Interval> intervals;
  for (const auto& [begin, end] : intervals_) intervals.push_back({begin, end});
  return intervals;
}

void IntervalSet::Encode(ByteWriter* out) const {
  out->Varint(intervals_.size());
  uint64_t at = 0;
  for (const auto& [begin, end] : intervals_) {
    out->Varint(begin - at);
    out->Varint(end - begin);
    at = end;
  }
}

bool IntervalSet::Decode(ByteReader* in, IntervalSet* set) {
  set->intervals_.clear();
  const uint64_t count = in->Varint();
  uint64_t at = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t skip = in->Varint(), length = in->Varint();
    // Touching intervals would have been written as one; the sums must not wrap.
    if (!in->ok() || length == 0 || (i > 0 && skip == 0)) return false;
    if (skip > UINT64_MAX - at || length > UINT64_MAX - at - skip) return false;
    set->intervals_.emplace_hint(set->intervals_.end(), at + skip, at + skip + length);
    at += skip + length;
  }
  return in->ok();
}

}  // namespace whittle
