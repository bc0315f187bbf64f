// The row groups of a segment: rows that follow each other, and when their records happened, so that a reader that
// looks for a time passes over what cannot have it. Plain data, and the one who makes them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace whittle {

// Of event times, which are UTC nanoseconds: there is none.
inline constexpr int64_t kNoTime = INT64_MIN;

// Its times are those of the records that have a row in it.
struct RowGroupInfo {
  uint64_t rows = 0;
  int64_t min_time_ns = kNoTime;  // kNoTime when none of them has a time
  int64_t max_time_ns = kNoTime;

  void See(int64_t time_ns) {
    if (time_ns == kNoTime) return;
    if (min_time_ns == kNoTime || time_ns < min_time_ns) min_time_ns = time_ns;
    if (max_time_ns == kNoTime || time_ns > max_time_ns) max_time_ns = time_ns;
  }
};

// All of them as one.
RowGroupInfo Sum(const std::vector<RowGroupInfo>& groups);

// Gets the rows one by one. A group ends when it is large, or where the time jumps, as where another file begins: a
// group of both would be found for every time between them.
class RowGrouper {
 public:
  static constexpr uint64_t kMaxRows = 8192;
  static constexpr uint64_t kMinRows = 256;  // a group takes some ten bytes of the file
  static constexpr uint64_t kJumpNs = 3'600'000'000'000;

  // `time_ns`: of the record that the row begins or goes on; kNoTime when it has none.
  void Add(int64_t time_ns) {
    RowGroupInfo& group = groups_.back();
    if (group.rows == kMaxRows || (group.rows >= kMinRows && Jumps(group, time_ns))) {
      groups_.push_back({1, time_ns, time_ns});
      return;
    }
    ++group.rows;
    group.See(time_ns);
  }
  std::vector<RowGroupInfo> Take() { return std::exchange(groups_, {{}}); }

 private:
  // A group without times has room for all of them.
  static bool Jumps(const RowGroupInfo& group, int64_t time_ns) {
    if (time_ns == kNoTime || group.min_time_ns == kNoTime) return false;
    // As unsigned: times may lie further apart than a signed difference can say.
    const auto distance = [](int64_t from, int64_t to) {
      return static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
    };
    return (time_ns > group.max_time_ns && distance(group.max_time_ns, time_ns) > kJumpNs) ||
           (time_ns < group.min_time_ns && distance(time_ns, group.min_time_ns) > kJumpNs);
  }

  std::vector<RowGroupInfo> groups_{{}};
};

}  // namespace whittle
