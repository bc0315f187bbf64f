#include "expr/severity_range.h"

#include "event/severity.h"

namespace whittle {

std::optional<SeverityRange> ParseSeverityRange(std::string_view text) {
  if (text.empty() || text.size() > 16) return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string_view::npos) {
    int number = 0;
    for (const char c : text.substr(0, 3)) number = number * 10 + (c - '0');
    if (number < 1 || number > 24) return std::nullopt;
    return SeverityRange{number, number};
  }
  if (const char last = text.back(); last >= '2' && last <= '4') {
    const int number = SeverityNumber(text.substr(0, text.size() - 1));
    if (number % 4 != 1) return std::nullopt;
    return SeverityRange{number + (last - '1'), number + (last - '1')};
  }
  const int number = SeverityNumber(text);
  if (number == 0) return std::nullopt;
  // The data model names every fourth number; the name stands for its finer grades too.
  return SeverityRange{number, number % 4 == 1 ? number + 3 : number};
}

}  // namespace whittle
