// One expression of one pattern, as PatternSet keeps it: what it takes to confirm a candidate, and nothing of the file
// it came from. Used by pattern_set*.cc only. Immutable after loading, but for the compiled forms of the expression,
// which are made when they are first needed: a run meets few of the formats in the library. Any thread may call Match.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "parse/capture_matcher.h"
#include "parse/pattern_set.h"

namespace whittle {

struct PatternSet::Rule {
  size_t pattern = 0;  // index into infos_
  size_t expression_index = 0;
  int line = 0;  // of the expression, in its file
  size_t constant_bytes = 0;
  size_t constrained_bytes = 0;
  std::string re2_text;
  std::vector<GrokField> fields;  // group i + 1 is field i

  // Fills the fields; false with a reason when the text is not of this form.
  bool Match(std::string_view text, uint32_t base, PatternMatch* match, std::string* reason) const;

 private:
  using Captures = std::vector<CaptureMatcher::Capture>;
  // Where the fields are in the text; false when it does not have this form.
  bool Capture(std::string_view text, Captures* captures) const;
  bool CaptureByRe2(std::string_view text, Captures* captures) const;

  mutable std::once_flag matcher_once;
  mutable std::unique_ptr<const CaptureMatcher> matcher;  // null when the expression has none
  mutable std::once_flag regex_once;
  mutable std::unique_ptr<RE2> regex;  // for what the matcher gives up on
};

}  // namespace whittle
