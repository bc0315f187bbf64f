#include "sample/coin.h"

#include <charconv>

namespace whittle {

double RateOf(uint64_t threshold) {
  if (threshold == 0) return 1;
  const double rate = 1 / ProbabilityOf(threshold);
  const double unit = std::pow(10.0, 11 - std::floor(std::log10(rate)));
  return std::max(1.0, std::round(rate * unit) / unit);
}

std::optional<CoinRecipe> ParseCoinRecipe(std::string_view policy) {
  constexpr std::string_view kSeed = "seed ", kHash = "; coin hash;", kW3c = "; coin w3c;", kTraces = "; traces ";
  if (!policy.starts_with(kSeed) || policy.find('\n') != std::string_view::npos) return std::nullopt;
  CoinRecipe recipe;
  const char* begin = policy.data() + kSeed.size();
  const auto [end, error] = std::from_chars(begin, policy.data() + policy.size(), recipe.seed);
  if (error != std::errc()) return std::nullopt;
  const std::string_view rest = policy.substr(static_cast<size_t>(end - policy.data()));
  recipe.w3c = rest.starts_with(kW3c);
  const size_t traces = rest.find(kTraces);
  if ((!recipe.w3c && !rest.starts_with(kHash)) || traces == std::string_view::npos) return std::nullopt;
  recipe.independent = rest.substr(traces + kTraces.size()).starts_with("independent");
  return recipe;
}

}  // namespace whittle
