// Estimates from sampled events: totals, means and quantiles of everything that came, with 95% intervals, from the
// events that were kept and the probabilities they were kept with. Plain values, not thread-safe; nothing refers to
// anything else. docs/sampling.md has the formulas and their sources.
//
// One TotalEstimator is one aggregate of one group: Add every kept event that belongs to it, Merge what other threads
// or segments added up, then ask. Order never matters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace whittle {

// A kept event as an estimator sees it.
struct Observation {
  double probability = 1;  // of being kept, in (0, 1]: one over its sample rate
  double value = 1;        // what a sum adds up; 1 where events are counted
  // Events with the same coin other than 0 were kept or dropped by one throw (the lines of one trace): pass any 64-bit
  // hash of the trace id. 0: a coin of its own.
  uint64_t coin = 0;
  // A stratum whose exact number of arrivals is known, for CellTotals; kNoCell: none.
  uint32_t cell = UINT32_MAX;
  // The part of 1/probability that a stage before the ledger is the cause of: what arrived stood for so many already.
  double incoming = 1;
};
inline constexpr uint32_t kNoCell = UINT32_MAX;

// What the ledger knows of one cell (a stratum over the time of the question): `arrived` is exact.
struct CellTotal {
  double arrived = 0;    // events that came or, if an earlier stage sampled them, the sum of the rates r they came with
  double kept = 0;       // of those, kept
  double estimated = 0;  // sum of r/p over the kept
  double variance = 0;   // sum of r^2 (1-p)/p^2 over the kept
  double before = 0;     // sum of r(r-1) over what came: the variance of `arrived`
};
using CellTotals = std::vector<CellTotal>;  // by Observation::cell

// A number and how sure it is. When `exact`, value == low == high.
struct Estimate {
  double value = 0;
  double low = 0;  // 95% interval; never below what was kept, where values cannot be negative
  double high = 0;
  bool exact = true;
  uint64_t kept = 0;  // events it was made from
};

// Traces that an estimator tells apart; each takes about 100 bytes. When there are more, those seen so far are settled
// and a trace that goes on later counts as another one: the interval may then be a little narrow.
inline constexpr size_t kMaxCoins = 1 << 18;
// Cells with fewer kept events than this are not post-stratified: a ratio of so few is no better than none.
inline constexpr double kMinCellKept = 10;

class TotalEstimator {
 public:
  // Returns the bytes of memory that were added.
  size_t Add(const Observation& observation);
  // Events that were certain to be kept, added up.
  void AddCertain(uint64_t count, double sum);
  void Merge(const TotalEstimator& other);

  uint64_t kept() const { return kept_; }
  // Every event so far stands for itself alone.
  bool all_certain() const { return uncertain_ == 0; }

  // Horvitz-Thompson; with `cells`, post-stratified where they allow.
  Estimate Count(const CellTotals* cells = nullptr) const;
  Estimate Sum(const CellTotals* cells = nullptr) const;
  // The ratio of the two; nothing added: 0, exact, kept 0.
  Estimate Mean() const;

  // Events of a simple random sample that would be as good for shares and quantiles; infinity when nothing is
  // uncertain.
  double EffectiveSize() const;

  // Estimated variances of Count and Sum, for tests and for `plan`.
  double CountVariance() const { return Spread().count; }
  double SumVariance() const { return Spread().sum; }

 private:
  friend Estimate CountWithVariance(double total, double variance, uint64_t kept);
  struct Level {  // events of one coin with one probability
    double probability = 1;
    double count = 0;  // sum of 1/p
    double sum = 0;    // sum of y/p
  };
  struct Moments {
    double count = 0, sum = 0, both = 0;        // variances of count and sum, and their covariance
    double largest_count = 0, largest_sum = 0;  // of one throw of a coin
    double largest_count_rest = 0;              // variance that one more such throw would add
    double largest_sum_rest = 0;
    void AddThrow(double count, double sum, double count_variance, double sum_variance);
  };
  struct Cell {
    double kept = 0, count = 0, sum = 0;                     // sums of 1, 1/p, y/p
    double count_square = 0, sum_square = 0, sum_cross = 0;  // of (1-p)/p^2 times 1, y^2, y
  };
  static void Settle(const std::vector<Level>& levels, Moments* moments);
  Moments Spread() const;
  double TailFactor() const;
  Estimate Interval(double total, double variance, double least, double largest, double rest, double tail_factor) const;
  Estimate PostStratified(bool sum, const CellTotals& cells) const;
  double NextThrow(const CellTotals& cells) const;

  uint64_t kept_ = 0;
  uint64_t uncertain_ = 0;      // events with p < 1
  double count_ = 0, sum_ = 0;  // of 1/p and y/p
  double kept_sum_ = 0;         // of y
  // Sums of (1-p)/p^2 times 1, ln y and its square, over uncertain values above 0: how heavy their tail is.
  double tail_weight_ = 0, tail_log_ = 0, tail_log_square_ = 0;
  double independent_count_ = 0, independent_sum_ = 0;  // variances as if every event had its own coin
  bool negative_ = false;                               // some value was below 0
  Moments settled_;                                     // of coins that are complete
  std::unordered_map<uint64_t, std::vector<Level>> coins_;
  std::unordered_map<uint32_t, Cell> cells_;
};

// A number of events that is itself an estimate: the total of a ledger whose events came with rates. `variance` as
// above, `kept`: what it can never be below.
Estimate CountWithVariance(double total, double variance, uint64_t kept);

// Where in a weighted sample the bounds of a quantile stand (Woodruff 1952, with Wilson's interval for the share):
// ranks as shares in [0, 1], to look up in the same weighted distribution. `effective` from EffectiveSize.
struct QuantileRanks {
  double low = 0;
  double high = 1;
};
QuantileRanks QuantileRanksOf(double quantile, double effective);

}  // namespace whittle
