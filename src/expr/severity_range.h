// Severities as people write them in queries. Pure functions.
#pragma once

#include <optional>
#include <string_view>

namespace whittle {

// OpenTelemetry SeverityNumbers [first, last]: "error" is 17..20, while "error2" and "18" are one number.
struct SeverityRange {
  int first = 0;
  int last = 0;
  bool operator==(const SeverityRange&) const = default;
};
std::optional<SeverityRange> ParseSeverityRange(std::string_view text);

}  // namespace whittle
