// EventClock: which window of event time the events of one source are in, as they come. An event without a time has
// that of the one before; sources without any have windows of kMaxStepEvents events. Events of a window before the
// newest are late. A plain value, not thread-safe.
#pragma once

#include <cstdint>

#include "base/varint.h"

namespace whittle {

class EventClock {
 public:
  static constexpr int64_t kNone = INT64_MIN;
  enum class Step : uint8_t { kSame, kNewer, kLate };

  explicit EventClock(int64_t window_ns) : window_ns_(window_ns) {}

  // The next event. `time_ns`: its own; kNone: that of the event before.
  Step Advance(int64_t time_ns) {
    if (time_ns != kNone) time_ns_ = time_ns;
    ++events_;
    if (time_ns_ >= begin_ns_ && time_ns_ < end_ns_) return Step::kSame;
    return FindWindow();
  }

  int64_t time_ns() const { return time_ns_; }  // of the last event; kNone: no event had any
  int64_t window() const { return window_; }    // the newest; kNone: no event came

  void Encode(ByteWriter* out) const;
  void Decode(ByteReader* in);

 private:
  Step FindWindow();

  int64_t window_ns_;
  int64_t window_ = kNone;
  int64_t begin_ns_ = 0, end_ns_ = 0;  // of it, once it is known; not part of the state
  int64_t time_ns_ = kNone;
  uint64_t events_ = 0;
};

}  // namespace whittle
