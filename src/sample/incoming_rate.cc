#include "sample/incoming_rate.h"

#include <charconv>
#include <cmath>

#include "sample/coin.h"

namespace whittle {
namespace {

constexpr size_t kCoinDigits = 14;
// Rates are written with twelve digits (RateOf).
constexpr double kSameRate = 1e-9;

std::optional<uint64_t> ParseHex(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Calls `take` for each part of `text` between `separator`s, without the blanks around it.
template <typename Take>
void ForParts(std::string_view text, char separator, const Take& take) {
  while (!text.empty()) {
    const size_t at = std::min(text.find(separator), text.size());
    std::string_view part = text.substr(0, at);
    while (!part.empty() && (part.front() == ' ' || part.front() == '\t')) part.remove_prefix(1);
    while (!part.empty() && (part.back() == ' ' || part.back() == '\t')) part.remove_suffix(1);
    take(part);
    text.remove_prefix(std::min(at + 1, text.size()));
  }
}

constexpr std::string_view kOt = "ot=";

}  // namespace

std::optional<uint64_t> ParseThreshold(std::string_view text) {
  if (text.empty() || text.size() > kCoinDigits) return std::nullopt;
  const auto value = ParseHex(text);
  if (!value) return std::nullopt;
  return *value << 4 * (kCoinDigits - text.size());
}

std::optional<uint64_t> ParseRandomness(std::string_view text) {
  return text.size() == kCoinDigits ? ParseHex(text) : std::nullopt;
}

OtelSampling ParseTracestate(std::string_view text) {
  OtelSampling sampling;
  ForParts(text, ',', [&](std::string_view member) {
    if (!member.starts_with(kOt)) return;
    ForParts(member.substr(kOt.size()), ';', [&](std::string_view part) {
      if (part.starts_with("th:")) {
        sampling.threshold = ParseThreshold(part.substr(3));
        sampling.malformed = sampling.malformed || !sampling.threshold;
      } else if (part.starts_with("rv:")) {
        sampling.randomness = ParseRandomness(part.substr(3));
        sampling.malformed = sampling.malformed || !sampling.randomness;
      }
    });
  });
  return sampling;
}

std::string ReplaceOtel(std::string_view tracestate, std::string_view ot) {
  std::string text(ot);
  ForParts(tracestate, ',', [&](std::string_view member) {
    if (member.empty() || member.starts_with(kOt)) return;
    if (!text.empty()) text.push_back(',');
    text.append(member);
  });
  return text;
}

std::optional<double> ParseRate(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || !(value >= 1) || value > kMaxIncomingRate) return std::nullopt;
  return value;
}

IncomingSampling ReadIncoming(const IncomingTexts& texts) {
  IncomingSampling in;
  OtelSampling otel;
  if (texts.tracestate) otel = ParseTracestate(*texts.tracestate);
  in.refused = otel.malformed;
  if (otel.malformed) otel.threshold = std::nullopt;
  const bool from_attribute = !otel.threshold && texts.threshold.has_value();
  if (!otel.randomness && texts.randomness) otel.randomness = ParseRandomness(*texts.randomness);
  if (from_attribute) {
    otel.threshold = ParseThreshold(*texts.threshold);
    in.refused = in.refused || !otel.threshold;
  }
  if (!otel.randomness && texts.trace != 0) otel.randomness = W3cCoin(texts.trace);
  if (otel.threshold) {
    const bool reached = otel.randomness ? *otel.randomness >= *otel.threshold : !from_attribute;
    if (!reached || RateOf(*otel.threshold) > kMaxIncomingRate) {
      in.refused = true;
      otel.threshold = std::nullopt;
    }
  }
  if (otel.threshold) in.rate = RateOf(*otel.threshold);
  if (texts.rate) {
    const auto rate = ParseRate(*texts.rate);
    in.refused = in.refused || !rate;
    if (rate) {
      if (std::fabs(*rate - in.rate) > kSameRate * *rate) otel.threshold = std::nullopt;
      in.rate = *rate;
    }
  }
  if (otel.threshold && otel.randomness) {
    in.threshold = *otel.threshold;
    in.randomness = otel.randomness;
  }
  return in;
}

}  // namespace whittle
