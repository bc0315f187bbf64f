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

bool IsBinaryLine(std::string_view line, const std::vector<MaskedToken>& masked) {
  size_t controls = 0, bytes = 0, begin = 0;
  const auto count = [&](size_t end) {
    for (size_t i = begin; i < end; ++i) controls += IsControl(static_cast<unsigned char>(line[i])) ? 1 : 0;
    bytes += end - begin;
  };
  for (const MaskedToken& token : masked) {
    count(token.begin);
    begin = token.end;
  }
  count(line.size());
  return bytes >= kFewestBytes && controls * kTextPerControl > bytes;
}

}  // namespace whittle
