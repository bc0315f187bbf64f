// IntervalSet: which positions of a source are durably stored. Parallel work commits out of order, so a frontier is a
// set of half-open intervals, not a number. Intervals are kept sorted, never touching, never empty. A plain value.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/varint.h"

namespace whittle {

struct Interval {
  uint64_t begin = 0;
  uint64_t end = 0;  // one past the last
  bool operator==(const Interval&) const = default;
};

class IntervalSet {
 public:
  IntervalSet() = default;
  IntervalSet(std::initializer_list<Interval> intervals) {
    for (const Interval& interval : intervals) Add(interval);
  }

  // Empty or reversed intervals add nothing.
  void Add(Interval interval);
  void Add(const IntervalSet& other);

  bool empty() const { return intervals_.empty(); }
  bool Contains(Interval interval) const;  // every position of it; an empty one is contained
  bool Contains(const IntervalSet& other) const;
  bool Intersects(Interval interval) const;
  bool Intersects(const IntervalSet& other) const;
  // End of the interval that begins at 0; 0 when there is none: where reading goes on.
  uint64_t CoveredPrefix() const;
  uint64_t Total() const;  // number of positions
  uint64_t End() const;    // one past the last position, 0 when empty
  // What is missing in [0, size).
  std::vector<Interval> Gaps(uint64_t size) const;
  std::vector<Interval> ToVector() const;
  size_t size() const { return intervals_.size(); }

  bool operator==(const IntervalSet&) const = default;

  // Count, then per interval the distance from the end of the one before and the length, as varints.
  void Encode(ByteWriter* out) const;
  // False, and *set unspecified, when the bytes are not a set.
  static bool Decode(ByteReader* in, IntervalSet* set);

 private:
  std::map<uint64_t, uint64_t> intervals_;  // begin → end
};

}  // namespace whittle
