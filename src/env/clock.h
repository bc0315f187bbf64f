// Clock: the time of day, a steady time to measure with, and sleeping. Safe to call from many threads.
// ManualClock is for tests: time stands still until the test moves it, and sleeping moves it.
#pragma once

#include <atomic>
#include <cstdint>

namespace whittle {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t WallNs() = 0;    // since the epoch, UTC; may jump
  virtual int64_t SteadyNs() = 0;  // since some start; never goes back
  virtual void SleepNs(int64_t duration_ns) = 0;
};

class ManualClock : public Clock {
 public:
  explicit ManualClock(int64_t wall_ns = 0) : wall_ns_(wall_ns) {}
  int64_t WallNs() override { return wall_ns_; }
  int64_t SteadyNs() override { return steady_ns_; }
  void SleepNs(int64_t duration_ns) override { Advance(duration_ns); }
  void Advance(int64_t duration_ns) {
    wall_ns_ += duration_ns;
    steady_ns_ += duration_ns;
  }

 private:
  std::atomic<int64_t> wall_ns_;
  std::atomic<int64_t> steady_ns_{0};
};

// The system's clock; lives as long as the process.
Clock* SystemClock();

}  // namespace whittle
