// Any pattern file is taken or refused with a reason, any grok file too; a taken expression can be written for both
// engines.
#include <cstdlib>
#include <string_view>

#include "parse/grok.h"
#include "parse/pattern_file.h"

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
  if (library.Compile(text, &expression, &error)) {
    std::vector<int> order;
    if (whittle::WriteRe2(expression.tree, &order).empty() != whittle::WriteHyperscan(expression.tree).empty())
      std::abort();
  } else if (error.reason.empty()) {
    std::abort();
  }
  return 0;
}
