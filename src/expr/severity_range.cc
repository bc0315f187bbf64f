#include "expr/severity_range.h"

#include <string>

namespace whittle {
namespace {

struct NamedSeverity {
  std::string_view name;
  int number;
};

// The six names of the OpenTelemetry log data model stand for four numbers each.
constexpr NamedSeverity kRanges[] = {{"trace", 1}, {"debug", 5}, {"info", 9}, {"warn", 13}, {"error", 17}, {"fatal", 21}};
constexpr NamedSeverity kSynonyms[] = {{"information", 9}, {"warning", 13}, {"err", 17}};
// Names between the ranges: one number each (data model, appendix B: syslog and others).
constexpr NamedSeverity kExact[] = {{"notice", 10}, {"critical", 18}, {"crit", 18}, {"alert", 19}, {"emergency", 21},
                                    {"emerg", 21},  {"panic", 21}};

}  // namespace

std::optional<SeverityRange> ParseSeverityRange(std::string_view text) {
  if (text.empty() || text.size() > 16) return std::nullopt;
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (lower.find_first_not_of("0123456789") == std::string::npos) {
    const int number = lower.size() <= 2 ? std::stoi(lower) : 0;
    if (number < 1 || number > 24) return std::nullopt;
    return SeverityRange{number, number};
  }
  for (const NamedSeverity& known : kRanges) {
    if (lower == known.name) return SeverityRange{known.number, known.number + 3};
    if (lower.size() == known.name.size() + 1 && lower.starts_with(known.name) && lower.back() >= '2' && lower.back() <= '4') {
      const int number = known.number + (lower.back() - '1');
      return SeverityRange{number, number};
    }
  }
  for (const NamedSeverity& known : kSynonyms) {
    if (lower == known.name) return SeverityRange{known.number, known.number + 3};
  }
  for (const NamedSeverity& known : kExact) {
    if (lower == known.name) return SeverityRange{known.number, known.number};
  }
  return std::nullopt;
}

}  // namespace whittle
