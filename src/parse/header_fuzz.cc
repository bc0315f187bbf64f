// Any line: ranges stay inside, the answer depends on the line alone, and times that are reported parse.
#include <cstdlib>
#include <string_view>

#include "parse/header.h"
#include "scan/time_layout.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto mode : {whittle::HeaderMode::kAny, whittle::HeaderMode::kInEnvelope}) {
    whittle::LineAnalysis analysis, again;
    const bool found = whittle::ParseHeader(text, mode, &analysis);
    if (found != whittle::ParseHeader(text, mode, &again) || analysis.body_begin != again.body_begin) std::abort();
    if (analysis.body_begin > size || (!found && !analysis.fields.empty())) std::abort();
    for (const auto& field : analysis.fields) {
      if (field.begin >= field.end || field.end > size) std::abort();
      whittle::ParsedTime time;
      if (field.time_layout != 0 &&
          !whittle::ParseTime(field.time_layout, text.substr(field.begin, field.end - field.begin), &time))
        std::abort();
    }
  }
  return 0;
}
