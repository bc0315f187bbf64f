#include "sample/gamma_distribution.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace whittle {
namespace {

// Terms of series and fraction; both converge in about sqrt(shape) steps near the mean.
constexpr int kMaxTerms = 100'000;
constexpr double kPrecision = 1e-14;
// From here on the normal approximation of Wilson and Hilferty is exact to nine digits.
constexpr double kLargeShape = 1e8;

// lgamma writes a global on some systems; its arguments here are positive, so the sign it writes does not matter.
double LogGamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

double NormalQuantile(double probability) {
  // Newton on erfc from a rough start: a few steps, and no table of coefficients.
  double z = 0;
  for (int i = 0; i < 60; ++i) {
    const double error = 0.5 * std::erfc(-z / std::sqrt(2.0)) - probability;
    const double density = std::exp(-0.5 * z * z) / std::sqrt(2.0 * M_PI);
    const double step = std::clamp(error / std::max(density, 1e-300), -0.5, 0.5);
    z -= step;
    if (std::fabs(step) < 1e-15) break;
  }
  return z;
}

double WilsonHilferty(double shape, double probability) {
  const double z = NormalQuantile(probability);
  const double cube = 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * std::sqrt(shape));
  return shape * cube * cube * cube;
}

}  // namespace

double GammaProbability(double shape, double x) {
  if (!(x > 0)) return 0;
  const double front = std::exp(shape * std::log(x) - x - LogGamma(shape));
  if (x < shape + 1) {
    double term = 1 / shape, sum = term;
    for (int n = 1; n < kMaxTerms; ++n) {
      term *= x / (shape + n);
      sum += term;
      if (term < sum * kPrecision) break;
    }
    return std::min(1.0, front * sum);
  }
  constexpr double kTiny = std::numeric_limits<double>::min() / kPrecision;
  double b = x + 1 - shape, c = 1 / kTiny, d = 1 / b, h = d;
  for (int n = 1; n < kMaxTerms; ++n) {
    const double a = -n * (n - shape);
    b += 2;
    d = a * d + b;
    d = std::fabs(d) < kTiny ? kTiny : d;
    c = b + a / c;
    c = std::fabs(c) < kTiny ? kTiny : c;
    d = 1 / d;
    h *= d * c;
    if (std::fabs(d * c - 1) < kPrecision) break;
  }
  return std::max(0.0, 1 - front * h);
}

double GammaQuantile(double shape, double probability) {
  if (shape >= kLargeShape) return WilsonHilferty(shape, probability);
  double low = 0, high = std::max(2 * shape, 1.0);
  while (GammaProbability(shape, high) < probability) high *= 2;
  // So small that the quantile is the leading term of the series.
  const double leading = std::exp((std::log(probability) + LogGamma(shape + 1)) / shape);
  if (leading < 1e-9) return leading;
  double x = WilsonHilferty(shape, probability);
  // Below shape 1/2 nearly everything stands at zero, where the leading term of the series is all.
  if (!(x > low && x < high) || shape < 0.5) x = leading;
  if (!(x > low && x < high)) x = 0.5 * high;
  for (int i = 0; i < 200; ++i) {
    const double error = GammaProbability(shape, x) - probability;
    (error > 0 ? high : low) = x;
    const double density = std::exp((shape - 1) * std::log(x) - x - LogGamma(shape));
    double next = density > 0 ? x - error / density : 0;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (std::fabs(next - x) <= 1e-12 * x) return next;
    x = next;
  }
  return x;
}

}  // namespace whittle
