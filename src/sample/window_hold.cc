#include "sample/window_hold.h"

#include <algorithm>
#include <map>

#include "sample/trace_hold.h"

namespace whittle {
namespace {

// A part of a window that goes on never gets more than this of what is left.
constexpr double kMostOfPart = 0.5;
// ... nor less than this, as long as there is any: fewer would be none (BottomK).
constexpr uint64_t kFewestPlaces = 2;

constexpr uint8_t kDroppedFlag = 1, kLateFlag = 2, kFirstSeenFlag = 4;

}  // namespace

WindowHold::WindowHold(const SamplingPolicy* policy, double share)
    : policy_(*policy), share_(share), arrived_(policy->window_ns) {}

uint64_t WindowHold::Limit() const { return static_cast<uint64_t>(policy_.budget.amount * share_); }

void WindowHold::Open(int64_t window) {
  window_ = window;
  left_ = Limit();
  expected_bytes_ = seen_bytes_;
  seen_bytes_ = 0;
  parts_beyond_ = 0;
}

bool WindowHold::Arrive(int64_t time_ns, uint64_t bytes) {
  arrived_.Advance(time_ns);
  over_ = arrived_.window() > window_;
  if (waiting_ == 0) {
    if (over_) Open(arrived_.window());
    return false;
  }
  return over_ || waiting_ >= kMaxHeldRecords || waiting_bytes_ + bytes > policy_.hold_bytes;
}

void WindowHold::Wait(uint64_t bytes) {
  ++waiting_;
  waiting_bytes_ += bytes;
}

// What a part of a window gets that goes on: its share of what is still to come, if the window is as long as the one
// before. Beyond that a half of what is left, then a third of the rest and so on, so that it lasts.
uint64_t WindowHold::PlacesOfPart() {
  const uint64_t to_come = expected_bytes_ - std::min(expected_bytes_, seen_bytes_);
  double part = static_cast<double>(waiting_bytes_) / static_cast<double>(std::max<uint64_t>(to_come, 1));
  if (to_come <= waiting_bytes_) part = 1 / static_cast<double>(parts_beyond_++ + 2);
  const auto places = static_cast<uint64_t>(static_cast<double>(left_) * std::min(part, kMostOfPart));
  return std::max(places, std::min(left_, kFewestPlaces));
}

uint64_t WindowHold::Close(bool released) {
  uint64_t places = left_;
  if (!released && !over_) places = PlacesOfPart();
  left_ -= places;
  seen_bytes_ += waiting_bytes_;
  waiting_ = 0;
  waiting_bytes_ = 0;
  if (released) {
    Open(window_ + 1);
  } else if (over_) {
    Open(arrived_.window());
  }
  over_ = false;
  return places;
}

WindowHold::Decision WindowHold::Take() {
  const Decision decision = decided_.front();
  decided_.pop_front();
  return decision;
}

void WindowHold::Encode(ByteWriter* out) const {
  out->Signed(window_);
  out->Varint(left_);
  out->Varint(seen_bytes_);
  out->Varint(expected_bytes_);
  out->Varint(parts_beyond_);
  // Thresholds are few, decisions many.
  std::map<uint64_t, uint64_t> numbers;
  for (const Decision& d : decided_) numbers.try_emplace(d.threshold, 0);
  out->Varint(numbers.size());
  uint64_t count = 0;
  for (auto& [threshold, number] : numbers) {
    out->Varint(threshold);
    number = count++;
  }
  out->Varint(decided_.size());
  int64_t time_ns = 0;
  for (const Decision& d : decided_) {
    out->U8(static_cast<uint8_t>((d.dropped ? kDroppedFlag : 0) | (d.late ? kLateFlag : 0) |
                                 (d.first_seen_ns ? kFirstSeenFlag : 0)));
    out->U64(d.key);
    out->Varint(numbers.at(d.threshold));
    out->Varint(d.decided_by);
    // Wraps, and back when added.
    out->Signed(static_cast<int64_t>(static_cast<uint64_t>(d.time_ns) - static_cast<uint64_t>(time_ns)));
    time_ns = d.time_ns;
    if (d.first_seen_ns) out->Signed(*d.first_seen_ns);
  }
}

bool WindowHold::Decode(ByteReader* in, const EventClock& clock) {
  arrived_ = clock;
  window_ = in->Signed();
  left_ = in->Varint();
  seen_bytes_ = in->Varint();
  expected_bytes_ = in->Varint();
  parts_beyond_ = in->Varint();
  std::vector<uint64_t> thresholds;
  for (uint64_t count = in->Varint(); count > 0 && in->ok(); --count) thresholds.push_back(in->Varint());
  uint64_t time_ns = 0;
  for (uint64_t count = in->Varint(); count > 0 && in->ok(); --count) {
    Decision d;
    const uint8_t flags = in->U8();
    d.dropped = (flags & kDroppedFlag) != 0;
    d.late = (flags & kLateFlag) != 0;
    d.key = in->U64();
    const uint64_t number = in->Varint();
    if (number >= thresholds.size()) return false;
    d.threshold = thresholds[number];
    d.decided_by = static_cast<uint32_t>(in->Varint());
    time_ns += static_cast<uint64_t>(in->Signed());
    d.time_ns = static_cast<int64_t>(time_ns);
    if ((flags & kFirstSeenFlag) != 0) d.first_seen_ns = in->Signed();
    decided_.push_back(d);
  }
  known_ = decided_.size();
  return in->ok();
}

}  // namespace whittle
