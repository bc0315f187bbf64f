#include "query/template_set.h"

#include <set>
#include <string>

#include "templates/consolidate.h"

namespace whittle {

void TemplateSet::Add(const std::vector<StoredShape>& shapes) {
  for (const StoredShape& stored : shapes) {
    if (index_.emplace(stored.shape->id, static_cast<uint32_t>(shapes_.size())).second) shapes_.push_back(stored.shape);
  }
}

void TemplateSet::Finish(const Overrides& overrides) {
  std::vector<const Shape*> pointers;
  pointers.reserve(shapes_.size());
  for (const auto& shape : shapes_) pointers.push_back(shape.get());
  Consolidation result = Consolidate(pointers, overrides);
  templates_ = std::move(result.templates);
  bindings_ = std::move(result.bindings);
  plans_.reserve(shapes_.size());
  for (size_t i = 0; i < shapes_.size(); ++i) {
    const bool bound = i < bindings_.size() && bindings_[i].template_index < templates_.size();
    plans_.push_back(PlanShape(shapes_[i], bound ? &templates_[bindings_[i].template_index] : nullptr,
                               bound ? &bindings_[i] : nullptr));
  }
}

std::shared_ptr<const ShapePlan> TemplateSet::Plan(const Shape& shape) const {
  const auto found = index_.find(shape.id);
  return found == index_.end() || found->second >= plans_.size() ? nullptr : plans_[found->second];
}

std::optional<uint32_t> TemplateSet::TemplateOf(const Shape& shape) const {
  const auto found = index_.find(shape.id);
  if (found == index_.end() || found->second >= bindings_.size()) return std::nullopt;
  return bindings_[found->second].template_index;
}

std::vector<std::string> TemplateSet::FieldNames() const {
  std::set<std::string> names;
  for (const auto& plan : plans_) {
    for (const PlannedField& field : plan->attributes) names.insert(field.name);
    for (const PlannedField& field : plan->resource) names.insert(field.name);
  }
  return {names.begin(), names.end()};
}

}  // namespace whittle
