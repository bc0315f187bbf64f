// Any bytes as a line: marks lie in the scrubbed text, in order, and what stands between them stood in the line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "parse/scrub.h"

namespace {

std::shared_ptr<const whittle::Scrubber> MakeScrubber() {
  whittle::ScrubOptions options;
  for (const std::string_view name : whittle::ScrubPatternNames()) options.patterns.emplace_back(name);
  options.expressions = {{"number", "id=(\\d+)"}};
  options.with = whittle::ScrubOptions::With::kReplace;
  auto scrubber = whittle::Scrubber::Create(options);
  if (!scrubber.ok()) std::abort();
  return *scrubber;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto scrubber = MakeScrubber();
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  std::string out;
  std::vector<whittle::ScrubMark> marks;
  if (!scrubber->Scrub(line, nullptr, &out, &marks)) return 0;
  if (marks.empty()) std::abort();
  size_t at = 0, in_line = 0;
  for (size_t i = 0; i <= marks.size(); ++i) {
    const size_t end = i < marks.size() ? marks[i].begin : out.size();
    if (end < at || end > out.size()) std::abort();
    for (; at < end; ++at) {
      // Quotes, with their backslashes, may have been put around a mark.
      if ((out[at] == '"' || out[at] == '\\') && (in_line >= line.size() || line[in_line] != out[at])) continue;
      in_line = line.find(out[at], in_line);
      if (in_line == std::string_view::npos) std::abort();
      ++in_line;
    }
    if (i == marks.size()) break;
    if (marks[i].end <= marks[i].begin || marks[i].end > out.size()) std::abort();
    if (out[marks[i].begin] != '<' || out[marks[i].end - 1] != '>') std::abort();
    at = marks[i].end;
  }
  return 0;
}
