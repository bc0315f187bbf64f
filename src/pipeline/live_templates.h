// LiveTemplates: the templates of a stream that keeps no store: what the shapes seen so far consolidate to. Early
// events may carry a narrower template than later ones of the same form; a store resolves that through aliases, a
// stream cannot.
//
// One thread at a time; plans are shared and outlive it.
#pragma once

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "event/shape.h"
#include "render/shape_plan.h"
#include "templates/consolidator.h"

namespace whittle {

class LiveTemplates {
 public:
  // Shapes kept in mind; beyond it further ones are events without a template.
  static constexpr size_t kMaxShapes = 20'000;

  // Takes what is new among `shapes` and consolidates again if anything is.
  void Learn(std::span<const std::shared_ptr<const Shape>> shapes);

  // Valid until the next Learn. A shape that was never learned has a plan without template.
  std::shared_ptr<const ShapePlan> PlanOf(const std::shared_ptr<const Shape>& shape);

 private:
  Consolidator consolidator_;
  std::unordered_map<Hash128, uint32_t, Hash128Hasher> handles_;  // shape id → index of its binding
  std::unordered_map<Hash128, std::shared_ptr<const ShapePlan>, Hash128Hasher> plans_;
};

}  // namespace whittle
