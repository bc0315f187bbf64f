// Any pattern file is taken or refused with a reason, any grok file too; a taken expression can be written for both
// engines, and its own text has the captures that RE2 finds.
#include <re2/re2.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "parse/capture_matcher.h"
#include "parse/grok.h"
#include "parse/pattern_file.h"

namespace {

using whittle::CaptureMatcher;

// What stands behind the first NUL is matched; all of the text without one.
void CompareCaptures(const whittle::GrokExpression& expression, std::string_view text) {
  const auto matcher = CaptureMatcher::Build(expression.tree);
  if (matcher == nullptr) return;
  std::vector<CaptureMatcher::Capture> found(expression.fields.size());
  const CaptureMatcher::Outcome outcome = matcher->Match(text, found);
  if (outcome == CaptureMatcher::Outcome::kGaveUp) return;
  std::vector<int> order;
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_dot_nl(true);
  options.set_log_errors(false);
  const RE2 regex(whittle::WriteRe2(expression.tree, &order), options);
  if (!regex.ok()) return;
  std::vector<re2::StringPiece> parts(order.size() + 1);
  const bool matches = regex.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), RE2::ANCHOR_BOTH,
                                   parts.data(), static_cast<int>(parts.size()));
  if (matches != (outcome == CaptureMatcher::Outcome::kMatch)) std::abort();
  for (size_t i = 0; matches && i < order.size(); ++i) {
    const CaptureMatcher::Capture& capture = found[static_cast<size_t>(order[i])];
    const re2::StringPiece& part = parts[i + 1];
    if (std::count(order.begin(), order.end(), order[i]) > 1) continue;  // stands in several alternatives
    if ((part.data() != nullptr) != capture.is_set()) std::abort();
    if (capture.is_set() && part != re2::StringPiece(text.data() + capture.begin, capture.end - capture.begin))
      std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto pattern = whittle::ParsePatternFile("fuzz.yaml", text, whittle::GrokLibrary::Standard());
  if (!pattern.ok() && pattern.status().message().empty()) std::abort();
  whittle::GrokLibrary library = whittle::GrokLibrary::Standard();
  std::vector<whittle::GrokRefusal> refusals;
  library.AddFile("fuzz.grok", text, &refusals);
  library.CheckDefinitions(&refusals);
  whittle::GrokExpression expression;
  whittle::RegexError error;
  const size_t cut = text.find('\0');
  if (library.Compile(text.substr(0, cut), &expression, &error)) {
    std::vector<int> order;
    if (whittle::WriteRe2(expression.tree, &order).empty() != whittle::WriteHyperscan(expression.tree).empty())
      std::abort();
    CompareCaptures(expression, cut == std::string_view::npos ? text : text.substr(cut + 1));
  } else if (error.reason.empty()) {
    std::abort();
  }
  return 0;
}
