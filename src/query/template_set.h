// TemplateSet: the templates of a whole store, from the union of the shapes of all its segments, and what every shape
// means under them. Built once per reader; after Finish all const methods are safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include <whittle/status.h>

#include "event/template.h"
#include "format/segment.h"
#include "format/segment_reader.h"
#include "render/shape_plan.h"
#include "templates/folded_bodies.h"
#include "templates/overrides.h"

namespace whittle {

class TemplateSet {
 public:
  // `folded`: what they were folded from.
  void Add(const std::vector<StoredShape>& shapes, const FoldedBodies& folded);
  void Finish(const Overrides& overrides);

  const std::vector<Template>& templates() const { return templates_; }
  // The plan of a shape that was added; never null for those.
  std::shared_ptr<const ShapePlan> Plan(const Shape& shape) const;
  // Index into templates(), or nothing for an unknown shape.
  std::optional<uint32_t> TemplateOf(const Shape& shape) const;
  size_t shape_count() const { return shapes_.size(); }
  // Every attribute and resource name some shape has.
  std::vector<std::string> FieldNames() const;

 private:
  std::vector<std::shared_ptr<const Shape>> shapes_;
  std::unordered_map<Hash128, uint32_t, Hash128Hasher> index_;
  FoldedBodies folded_;  // until Finish
  std::vector<Template> templates_;
  std::vector<TemplateBinding> bindings_;  // per shape
  std::vector<std::shared_ptr<const ShapePlan>> plans_;
};

// What the shapes of a segment were folded from, as its section says.
Result<FoldedBodies> LoadFoldedBodies(const SegmentReader& reader);

}  // namespace whittle
