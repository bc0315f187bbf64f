// Bottom-k: which events of one window are kept when never more than so many may be. Unlike the rates of
// rate_controller.h, thresholds here depend on coins: on those of the *other* events of the window. docs/sampling.md,
// "A hard limit", has the mathematics and its sources.
//
// The counts of the whole window are known, so the limit is divided among its strata by water-filling and every event
// gets a weight w = what its stratum shall keep / what of it came. Events whose whole stratum fits are certain. All
// others are ranked by u / w, where u = 2^56 - R is uniform: the k first stay. Let V be the rank of the first that does
// not. Given the coins of all others an event stays exactly when u / w < V, so that is the probability it was kept
// with, and what is recorded: kept means R >= T here too.
//
// A pure function of the set of events: their order changes nothing. Safe from any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "sample/allocation.h"

namespace whittle {

struct WindowEvent {
  uint64_t key = 0;   // its stratum, the rule that decided included
  uint64_t coin = 0;  // R, its own
  double wish = -1;   // the probability that a rule gives it; -1: none, its share of the limit decides
};

// The threshold of every event, in their order; at most `limit` of them have a coin that reaches theirs. What rules
// want is theirs while it is at most half of the limit, then it is divided like all else. A limit below 2 keeps nothing
// (thresholds of 2^56): an interval needs two.
std::vector<uint64_t> BottomK(const std::vector<WindowEvent>& events, uint64_t limit, const Curve& curve, double floor);

}  // namespace whittle
