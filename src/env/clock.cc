#include "env/clock.h"

#include <chrono>
#include <thread>

namespace whittle {
namespace {

class RealClock : public Clock {
 public:
  int64_t WallNs() override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  int64_t SteadyNs() override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
  void SleepNs(int64_t duration_ns) override {
    if (duration_ns > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(duration_ns));
  }
};

}  // namespace

Clock* SystemClock() {
  static RealClock* const clock = new RealClock;  // never destroyed: threads may outlive main's statics
  return clock;
}

}  // namespace whittle
