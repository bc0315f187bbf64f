// LineAnalyzer: what each byte of a line is for. Envelope (container, syslog, journald), then header (time, level,
// thread, logger), then body (JSON, key=value, a pattern, or plain text to be mined). The slow path: results are cached
// per skeleton by the caller. Const calls are thread-safe as long as the hooks are; nothing keeps a view of the line.
//
// A transport's time has role kObservedTimestamp when the program wrote a time of its own, else it is the timestamp. Of
// several levels the program's own wins over a syslog priority. A field's text, unescaped `unescape` times, is its
// value.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "event/shape.h"

namespace whittle {

struct AnalyzerOptions {
  // Recognises all of `text`: a whole line as the program wrote it (whole_line) or a message behind a header. Adds
  // fields (offsets into `text` plus `base`), sets body_format, may narrow the body (also in bytes of `text` plus
  // `base`), and returns true. `text` is unescaped; the analyzer maps offsets back. Empty: no patterns.
  std::function<bool(std::string_view text, uint32_t base, bool whole_line, LineAnalysis* analysis)> match_pattern;
  // Finds trace and span ids anywhere in the line and adds their fields. Empty: none are looked for.
  std::function<void(std::string_view line, LineAnalysis* analysis)> find_trace;
  // What find_trace decides by more than the form of the line, as a number: lines of one form with different numbers
  // are analysed apart. Empty: nothing.
  std::function<uint64_t(std::string_view line)> trace_key;
};

class LineAnalyzer {
 public:
  explicit LineAnalyzer(AnalyzerOptions options) : options_(std::move(options)) {}

  // `continuation`: a later line of a multi-line record. It has an envelope perhaps, but no header of its own.
  // Fields come sorted by begin, longer ones first; they nest or are apart, never overlap partly, and are not empty.
  LineAnalysis Analyze(std::string_view line, bool continuation) const;

  // Two lines with the same skeleton and the same key have the same analysis, where that is cacheable.
  uint64_t Key(std::string_view line) const { return options_.trace_key ? options_.trace_key(line) : 0; }

 private:
  AnalyzerOptions options_;
};

// Sorts the fields and drops those that are empty, out of bounds or partly overlap an earlier one; settles which time
// and which level is the event's. Analyze ends with it; tests of the parsers use it too.
void SettleFields(std::string_view line, LineAnalysis* analysis);

}  // namespace whittle
