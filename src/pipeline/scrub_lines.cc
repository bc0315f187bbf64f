#include "pipeline/scrub_lines.h"

#include <algorithm>

#include "catalog/source_state.h"

namespace whittle {
namespace {

// Runs every scrubber over a line; true when any changed it. Marks of an earlier scrubber are not followed through the
// changes of a later one, so only those of the last that found something are kept.
bool ScrubLine(const ParsingOptions& options, std::string_view line, bool continuation, std::string* text,
               std::vector<ScrubMark>* marks) {
  bool changed = false;
  for (const auto& scrubber : options.scrubbers) {
    const std::string before = changed ? *text : std::string();
    const std::string_view now = changed ? std::string_view(before) : line;
    LineAnalysis analysis;
    if (scrubber->NeedsFields()) analysis = options.analyzer->Analyze(now, continuation);
    std::vector<ScrubMark> found;
    if (!scrubber->Scrub(now, &analysis, text, &found)) continue;
    changed = true;
    *marks = std::move(found);
  }
  return changed;
}

}  // namespace

bool ScrubLines(const ParsingOptions& options, const LineBatch& lines, LineBatch* scrubbed, EventBatch* events) {
  auto text = std::make_shared<std::string>();
  std::string line_text;
  std::vector<ScrubMark> marks;
  bool changed = false;
  for (size_t i = 0; i < lines.lines.size(); ++i) {
    const Line& line = lines.lines[i];
    const std::string_view source(lines.text->data() + line.begin, line.size);
    marks.clear();
    const bool found = ScrubLine(options, source, !line.record_start, &line_text, &marks);
    if (found && !changed) {
      changed = true;
      *scrubbed = lines;
      text->reserve(lines.text->size() + lines.text->size() / 8);
      for (size_t before = 0; before < i; ++before) {
        scrubbed->lines[before].begin = static_cast<uint32_t>(text->size());
        text->append(*lines.text, lines.lines[before].begin, lines.lines[before].size);
        text->append(TerminatorText(lines.lines[before].end));
      }
    }
    if (!changed) continue;
    scrubbed->lines[i].begin = static_cast<uint32_t>(text->size());
    scrubbed->lines[i].size = static_cast<uint32_t>(found ? line_text.size() : source.size());
    text->append(found ? std::string_view(line_text) : source);
    text->append(TerminatorText(line.end));
    for (const ScrubMark& mark : marks) {
      events->scrubbed.push_back({static_cast<uint32_t>(i), mark.begin, mark.end, static_cast<uint8_t>(mark.kind)});
    }
  }
  if (!changed) return false;
  scrubbed->text = std::move(text);
  for (const Line& line : lines.lines) events->source_sizes.push_back(line.size + TerminatorSize(line.end));
  const Line& last = lines.lines.back();
  const size_t end = last.begin + last.size + TerminatorSize(last.end);
  const size_t begin = lines.lines.front().begin;
  const size_t tail = std::min<size_t>(end - begin, kFingerprintBytes);
  events->source_tail = lines.text->substr(end - tail, tail);
  return true;
}

}  // namespace whittle
