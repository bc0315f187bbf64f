// Significance: whether two shares differ by more than chance, for comparing two groups of events. Pure functions.
#pragma once

#include <cstddef>
#include <vector>

namespace whittle {

// `hits` of `total` events, both already effective sizes where events are weighted (Kish: (Σw)²/Σw²).
struct ShareOf {
  double hits = 0;
  double total = 0;
  double share() const { return total > 0 ? hits / total : 0; }
};

// The probability of a difference at least this great when there is none: the G-test of the 2×2 table, and Fisher's
// exact test where an expected count is below 10 and G is no longer trustworthy (Sokal and Rohlf, Biometry, 17).
double DifferenceP(const ShareOf& a, const ShareOf& b);

// 95% interval of one share (Wilson, 1927), and of the difference a - b of two (Newcombe, 1998, method 10).
struct ShareInterval {
  double low = 0, high = 0;
};
ShareInterval WilsonInterval(const ShareOf& a);
ShareInterval DifferenceInterval(const ShareOf& a, const ShareOf& b);

// Which of `p` are significant when at most a share `rate` of those named may be false (Benjamini and Hochberg, 1995).
std::vector<bool> ControlFalseDiscoveries(const std::vector<double>& p, double rate);

}  // namespace whittle
