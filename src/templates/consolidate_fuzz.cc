// Any lines: every binding lies within its shape's body, in order, with one range per slot of its template.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "scan/shape_builder.h"
#include "scan/tokenizer.h"
#include "templates/consolidate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::shared_ptr<const whittle::Shape>> shapes;
  std::vector<const whittle::Shape*> pointers;
  whittle::Tokenizer tokenizer;
  while (!text.empty() && shapes.size() < 200) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!tokenizer.Scan(line)) continue;
    whittle::LineAnalysis analysis;
    analysis.body_end = static_cast<uint32_t>(line.size());
    const auto recipe = whittle::BuildRecipe(line, tokenizer, analysis, shapes.size() % 7 == 6);
    if (recipe == nullptr) continue;
    shapes.push_back(recipe->shape);
    pointers.push_back(shapes.back().get());
  }
  const whittle::Consolidation result = whittle::Consolidate(pointers, {});
  for (size_t i = 0; i < shapes.size(); ++i) {
    const whittle::TemplateBinding& binding = result.bindings[i];
    if (binding.slots.size() != result.templates.at(binding.template_index).slots.size()) std::abort();
    uint16_t at = shapes[i]->body.begin;
    for (const whittle::PieceRange& range : binding.slots) {
      if (range.begin < at || range.end < range.begin || range.end > shapes[i]->body.end) std::abort();
      at = range.end;
    }
  }
  return 0;
}
