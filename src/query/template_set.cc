#include "query/template_set.h"

#include <algorithm>
#include <set>
#include <string>

#include "templates/consolidator.h"
#include "templates/folded_bodies_section.h"

namespace whittle {

void TemplateSet::Add(const std::vector<StoredShape>& shapes, const FoldedBodies& folded) {
  for (const StoredShape& stored : shapes) {
    if (index_.emplace(stored.shape->id, static_cast<uint32_t>(shapes_.size())).second) shapes_.push_back(stored.shape);
  }
  folded_.Add(folded);
}

void TemplateSet::Finish(const Overrides& overrides) {
  Consolidator consolidator(overrides);
  std::vector<uint32_t> handles;
  for (const auto& shape : shapes_) handles.push_back(consolidator.Add(shape, folded_.Of(shape->id)));
  folded_ = FoldedBodies();
  const std::shared_ptr<const Consolidation> result = consolidator.Result();
  templates_ = result->templates;
  for (const uint32_t handle : handles) bindings_.push_back(result->bindings[handle]);
  plans_.reserve(shapes_.size());
  for (size_t i = 0; i < shapes_.size(); ++i) {
    const bool bound = i < bindings_.size() && bindings_[i].template_index < templates_.size();
    plans_.push_back(PlanShape(shapes_[i], bound ? &templates_[bindings_[i].template_index] : nullptr,
                               bound ? &bindings_[i] : nullptr));
  }
}

Result<FoldedBodies> LoadFoldedBodies(const SegmentReader& reader) {
  constexpr auto kSection = static_cast<uint16_t>(SectionId::kFoldedBodies);
  const std::vector<SectionInfo>& sections = reader.footer().sections;
  if (std::none_of(sections.begin(), sections.end(), [](const SectionInfo& s) { return s.id == kSection; })) {
    return FoldedBodies();
  }
  WHITTLE_ASSIGN_OR_RETURN(const std::string bytes, reader.LoadSection(kSection));
  WHITTLE_ASSIGN_OR_RETURN(const std::vector<StoredShape>* shapes, reader.Shapes());
  std::vector<const Shape*> plain;
  for (const StoredShape& stored : *shapes) plain.push_back(stored.shape.get());
  auto folded = DecodeFoldedBodies(bytes, plain);
  if (!folded) return Status(StatusCode::kCorrupt, "segment: folded bodies");
  return *std::move(folded);
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
