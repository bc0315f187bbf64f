#include "sample/event_clock.h"

#include "sample/rate_controller.h"

namespace whittle {
namespace {

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

EventClock::Step EventClock::FindWindow() {
  const int64_t window =
      time_ns_ == kNone ? static_cast<int64_t>((events_ - 1) / kMaxStepEvents) : FloorDivide(time_ns_, window_ns_);
  if (window <= window_) return window < window_ ? Step::kLate : Step::kSame;
  window_ = window;
  if (time_ns_ == kNone || window_ >= INT64_MAX / window_ns_ - 1) return Step::kNewer;
  begin_ns_ = window_ * window_ns_;
  end_ns_ = begin_ns_ + window_ns_;
  return Step::kNewer;
}

void EventClock::Encode(ByteWriter* out) const {
  out->Signed(window_);
  out->Signed(time_ns_);
  out->Varint(events_);
}

void EventClock::Decode(ByteReader* in) {
  window_ = in->Signed();
  time_ns_ = in->Signed();
  events_ = in->Varint();
}

}  // namespace whittle
