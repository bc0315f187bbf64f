// The gamma distribution as interval estimates need it: its cumulative probability and quantiles. Pure functions.
// Regularised incomplete gamma function by series and continued fraction: Abramowitz and Stegun, 6.5.29 and 6.5.31.
#pragma once

namespace whittle {

// P(X <= x) for X ~ Gamma(shape, scale 1); shape > 0.
double GammaProbability(double shape, double x);

// The x with GammaProbability(shape, x) == probability, for 0 < probability < 1; relative error below 1e-9.
double GammaQuantile(double shape, double probability);

}  // namespace whittle
