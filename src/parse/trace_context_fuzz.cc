// Any line: the findings lie inside it and do not depend on what stands behind it.
#include <cstdlib>
#include <string_view>

#include "event/trace_id.h"
#include "parse/trace_context.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  whittle::LineAnalysis analysis;
  whittle::FindTraceContext(line, &analysis);
  for (const whittle::FieldSpan& field : analysis.fields) {
    if (field.begin >= field.end || field.end > size) std::abort();
    std::string hex;
    const std::string_view text = line.substr(field.begin, field.end - field.begin);
    const auto kind = whittle::TraceIdKindOf(field.type);
    if (whittle::NormalizeTraceId(text, kind, &hex) && (hex.size() != 32 || whittle::TraceJoinKey(hex) == 0) &&
        hex.substr(16) != "0000000000000000") {
      std::abort();
    }
    if (whittle::NormalizeSpanId(text, kind, &hex) && hex.size() != 16) std::abort();
    whittle::ClassifyCorrelationId(text);
  }
  return 0;
}
