#include "query/significance.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace whittle {
namespace {

constexpr double kNormal95 = 1.959963984540054;
// Below this expected count the chi-squared approximation of G is left for the exact test.
constexpr double kMinExpected = 10;

double LogChoose(double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

// Two-sided: all tables with these margins that are no likelier than this one. The loop is over one cell, whose count
// is bounded by the smaller margin and leaves off where probabilities no longer add anything.
double FisherP(double a_hits, double a_total, double b_hits, double b_total) {
  const double hits = a_hits + b_hits, total = a_total + b_total;
  const double least = std::max(0.0, hits - b_total), most = std::min(hits, a_total);
  const auto log_probability = [&](double k) {
    return LogChoose(a_total, k) + LogChoose(b_total, hits - k) - LogChoose(total, hits);
  };
  const double observed = log_probability(a_hits);
  constexpr double kTie = 1e-7;
  double p = 0;
  const double mode = std::clamp(std::floor((hits + 1) * (a_total + 1) / (total + 2)), least, most);
  for (const int direction : {-1, 1}) {
    for (double k = direction < 0 ? mode : mode + 1; k >= least && k <= most; k += direction) {
      const double one = log_probability(k);
      if (one <= observed + kTie) p += std::exp(one);
      if (one < observed - 40) break;
    }
  }
  return std::min(p, 1.0);
}

}  // namespace

double DifferenceP(const ShareOf& a, const ShareOf& b) {
  if (a.total < 1 || b.total < 1) return 1;
  const double hits = a.hits + b.hits, total = a.total + b.total;
  if (hits <= 0 || hits >= total) return 1;
  const double cells[] = {a.hits, a.total - a.hits, b.hits, b.total - b.hits};
  const double expected[] = {a.total * hits / total, a.total * (1 - hits / total), b.total * hits / total,
                             b.total * (1 - hits / total)};
  if (*std::min_element(std::begin(expected), std::end(expected)) < kMinExpected) {
    return FisherP(std::round(a.hits), std::round(a.total), std::round(b.hits), std::round(b.total));
  }
  double g = 0;
  for (size_t i = 0; i < 4; ++i) {
    if (cells[i] > 0) g += 2 * cells[i] * std::log(cells[i] / expected[i]);
  }
  return std::erfc(std::sqrt(std::max(g, 0.0) / 2));
}

ShareInterval WilsonInterval(const ShareOf& a) {
  if (a.total <= 0) return {0, 1};
  constexpr double kSquare = kNormal95 * kNormal95;
  const double p = a.share(), n = a.total;
  const double middle = (p + kSquare / (2 * n)) / (1 + kSquare / n);
  const double half = kNormal95 * std::sqrt(p * (1 - p) / n + kSquare / (4 * n * n)) / (1 + kSquare / n);
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

ShareInterval DifferenceInterval(const ShareOf& a, const ShareOf& b) {
  const ShareInterval one = WilsonInterval(a), other = WilsonInterval(b);
  const double p = a.share(), q = b.share();
  return {p - q - std::hypot(p - one.low, other.high - q), p - q + std::hypot(one.high - p, q - other.low)};
}

std::vector<bool> ControlFalseDiscoveries(const std::vector<double>& p, double rate) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  size_t significant = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    if (p[order[i]] <= rate * static_cast<double>(i + 1) / static_cast<double>(p.size())) significant = i + 1;
  }
  std::vector<bool> result(p.size(), false);
  for (size_t i = 0; i < significant; ++i) result[order[i]] = true;
  return result;
}

}  // namespace whittle
