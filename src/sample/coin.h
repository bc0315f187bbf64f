// The coin of sampling: 56 bits of randomness R for every event, and the threshold T it has to reach to be kept. R is a
// function of the seed and of *which* event it is (its trace, or its place in its source), never of what it says: the
// same event gets the same coin on every host, in every run, by every route. Since kept means R >= T, what a lower
// probability keeps is a part of what a higher one keeps. Pure functions, safe from any thread.
//
// 56 bits are what a random W3C trace id guarantees, and what OpenTelemetry's `th` and `rv` count in.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/varint.h"

namespace whittle {

inline constexpr uint64_t kCoinSides = uint64_t{1} << 56;
// Below this probability nothing is sampled: one event would stand for more than a million, which no interval survives.
inline constexpr double kLeastProbability = 1e-6;

// Lines of one trace share one coin. `trace` is its TraceJoinKey: the low 64 bits, in which all forms of an id agree.
inline uint64_t TraceCoin(uint64_t seed, uint64_t trace) {
  std::string bytes("t");
  ByteWriter(&bytes).U64(trace);
  return Hash64(bytes, seed) >> 8;
}

// A trace whose lines came with rate `incoming` from a stage of which the coin is not known: it may have been TraceCoin
// with this seed, so this one is another. The rate makes it another after every stage.
inline uint64_t TraceCoinAfter(uint64_t seed, uint64_t trace, double incoming) {
  std::string bytes("a");
  ByteWriter out(&bytes);
  out.U64(trace);
  out.U64(std::bit_cast<uint64_t>(incoming));
  return Hash64(bytes, seed) >> 8;
}

// OpenTelemetry's own randomness, to agree with other samplers: the trace id's low 56 bits as they are.
inline uint64_t W3cCoin(uint64_t trace) { return trace & (kCoinSides - 1); }

// A record without a trace: by source and position (bytes before it in the decompressed source).
inline uint64_t PositionCoin(uint64_t seed, const Hash128& source, uint64_t position) {
  // On the stack: every record of most logs comes by here.
  char bytes[25] = {'p'};
  char* out = bytes + 1;
  for (const uint64_t value : {source.high, source.low, position}) {
    for (int i = 0; i < 8; ++i) *out++ = static_cast<char>(value >> (8 * i));
  }
  return Hash64(std::string_view(bytes, sizeof(bytes)), seed) >> 8;
}

// Kept iff coin >= threshold. Probability 1 is threshold 0.
inline uint64_t ThresholdOf(double probability) {
  if (probability >= 1) return 0;
  const double p = std::clamp(probability, kLeastProbability, 1.0);
  return kCoinSides - static_cast<uint64_t>(std::llround(p * static_cast<double>(kCoinSides)));
}

// Exactly what ThresholdOf's threshold does; the rate is one over it.
inline double ProbabilityOf(uint64_t threshold) {
  return static_cast<double>(kCoinSides - std::min(threshold, kCoinSides - 1)) / static_cast<double>(kCoinSides);
}

// How many events one stands for: 1/p to twelve digits, so that a tenth is 10 and not 10.000000000000002.
double RateOf(uint64_t threshold);

// What a policy's recorded text says of its coins.
struct CoinRecipe {
  uint64_t seed = 1;
  bool w3c = false;          // the trace id's own low 56 bits
  bool independent = false;  // lines of a trace have coins of their own
};
// Nothing when the text is not that of one policy.
std::optional<CoinRecipe> ParseCoinRecipe(std::string_view policy);

}  // namespace whittle
