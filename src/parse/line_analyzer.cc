#include "parse/line_analyzer.h"

#include <algorithm>

#include "parse/header.h"

namespace whittle {

LineAnalysis LineAnalyzer::Analyze(std::string_view line, bool continuation) const {
  LineAnalysis analysis;
  analysis.body_end = static_cast<uint32_t>(line.size());
  analysis.body_format = "text";
  if (!continuation) ParseHeader(line, HeaderMode::kAny, &analysis);
  const std::string_view body = line.substr(analysis.body_begin, analysis.body_end - analysis.body_begin);
  if (!continuation && options_.match_pattern) options_.match_pattern(body, analysis.body_begin, &analysis);
  if (options_.find_trace) options_.find_trace(line, &analysis);
  std::stable_sort(analysis.fields.begin(), analysis.fields.end(), [](const FieldSpan& a, const FieldSpan& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  return analysis;
}

}  // namespace whittle
