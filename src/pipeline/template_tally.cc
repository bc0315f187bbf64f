#include "pipeline/template_tally.h"

namespace whittle {

void TemplateTally::Add(std::span<const ShapeTally> segment) {
  if (overflowed_) return;
  for (const ShapeTally& tally : segment) by_shape_[tally.shape] += tally.stats;
  overflowed_ = by_shape_.size() > Consolidator::kMaxRemembered;
  if (overflowed_) by_shape_.clear();
}

std::optional<std::vector<TemplateUse>> TemplateTally::Sum(Consolidator* consolidator) const {
  if (overflowed_ || consolidator->has_forgotten()) return std::nullopt;
  const std::shared_ptr<const Consolidation> result = consolidator->Result();
  if (result->overflowed_shapes > 0) return std::nullopt;
  std::vector<ShapeStats> stats(result->templates.size());
  for (const auto& [shape, of_shape] : by_shape_) {
    const auto index = consolidator->IndexOf(shape);
    if (!index) return std::nullopt;
    stats[result->bindings[*index].template_index] += of_shape;
  }
  std::vector<TemplateUse> uses;
  for (size_t i = 0; i < stats.size(); ++i) {
    if (stats[i].records > 0) uses.push_back({result->templates[i], stats[i]});
  }
  SortUses(&uses);
  return uses;
}

}  // namespace whittle
