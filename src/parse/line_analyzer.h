// LineAnalyzer: what each byte of a line is for. Envelope (container, syslog, journald), then header (time, level,
// thread, logger), then body (JSON, key=value, a pattern, or plain text to be mined). The slow path: results are cached
// per skeleton by the caller. Const calls are thread-safe as long as the hooks are; nothing keeps a view of the line.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "event/shape.h"

namespace whittle {

struct AnalyzerOptions {
  // Recognises `text`, the body, which begins at byte `base` of the line; adds fields (in bytes of the line), sets
  // body_format and returns true. May shrink the body. Empty: no patterns.
  std::function<bool(std::string_view text, uint32_t base, LineAnalysis* analysis)> match_pattern;
  // Finds trace and span ids anywhere in the line and adds their fields. Empty: none are looked for.
  std::function<void(std::string_view line, LineAnalysis* analysis)> find_trace;
};

class LineAnalyzer {
 public:
  explicit LineAnalyzer(AnalyzerOptions options) : options_(std::move(options)) {}

  // `continuation`: a later line of a multi-line record. It has an envelope perhaps, but no header of its own.
  // Fields come sorted by begin, longer ones first; they nest or are apart, never overlap partly, and are not empty.
  LineAnalysis Analyze(std::string_view line, bool continuation) const;

 private:
  AnalyzerOptions options_;
};

}  // namespace whittle
