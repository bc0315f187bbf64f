#include "pipeline/live_templates.h"

namespace whittle {

void LiveTemplates::Learn(std::span<const std::shared_ptr<const Shape>> shapes) {
  bool learned = false;
  for (const auto& shape : shapes) {
    if (handles_.size() >= kMaxShapes || handles_.contains(shape->id)) continue;
    handles_.emplace(shape->id, consolidator_.Add(shape));
    learned = true;
  }
  if (learned) plans_.clear();
}

std::shared_ptr<const ShapePlan> LiveTemplates::PlanOf(const std::shared_ptr<const Shape>& shape) {
  std::shared_ptr<const ShapePlan>& plan = plans_[shape->id];
  if (plan != nullptr) return plan;
  const auto handle = handles_.find(shape->id);
  if (handle == handles_.end()) {
    std::shared_ptr<const ShapePlan> bare = PlanShape(shape, nullptr, nullptr);
    plans_.erase(shape->id);  // not remembered: there may be any number of these
    return bare;
  }
  const std::shared_ptr<const Consolidation> consolidation = consolidator_.Result();
  const TemplateBinding& binding = consolidation->bindings[handle->second];
  plan = PlanShape(shape, &consolidation->templates[binding.template_index], &binding);
  return plan;
}

}  // namespace whittle
