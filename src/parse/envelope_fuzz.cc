// Any line through envelopes, header and body: ranges stay inside, at most two levels of escaping, at most one time,
// and fields nest or are apart.
#include <cstdlib>
#include <string_view>
#include <vector>

#include "parse/line_analyzer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static const whittle::LineAnalyzer analyzer({});
  const std::string_view line(reinterpret_cast<const char*>(data) + 1, size - 1);
  const whittle::LineAnalysis analysis = analyzer.Analyze(line, (data[0] & 1) != 0);
  if (analysis.body_begin > analysis.body_end || analysis.body_end > line.size() || analysis.body_unescape > 2)
    std::abort();
  int times = 0;
  std::vector<uint32_t> open;
  uint32_t last = 0;
  for (const auto& field : analysis.fields) {
    if (field.begin >= field.end || field.end > line.size() || field.unescape > 2 || field.begin < last) std::abort();
    last = field.begin;
    while (!open.empty() && open.back() <= field.begin) open.pop_back();
    if (!open.empty() && field.end > open.back()) std::abort();
    open.push_back(field.end);
    times += field.role == whittle::FieldRole::kTimestamp ? 1 : 0;
  }
  if (times > 1) std::abort();
  return 0;
}
