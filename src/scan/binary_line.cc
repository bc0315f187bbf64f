#include "scan/binary_line.h"

#include <cstddef>

namespace whittle {
namespace {

constexpr size_t kFewestBytes = 16;
constexpr size_t kTextPerControl = 16;

constexpr bool IsControl(unsigned char c) {
  return (c < 0x20 && c != '\t' && c != 0x01 && c != 0x1b && c != '\r') || c == 0x7f;
}

}  // namespace

bool IsBinaryLine(std::string_view line) {
  if (line.size() < kFewestBytes) return false;
  size_t controls = 0;
  for (const char c : line) controls += IsControl(static_cast<unsigned char>(c)) ? 1 : 0;
  return controls * kTextPerControl > line.size();
}

}  // namespace whittle
