// TemplateTally: how much of what one run stored each template is, told from what the run knows anyway. Reading it back
// from the store says the same (query/template_stats.h) and mines all shapes again for it.
//
// Bounded like the consolidator: once that has forgotten a shape, or had too many to mine, the tally knows nothing. Not
// thread-safe.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "query/template_stats.h"
#include "sink/segment_builder.h"
#include "templates/consolidator.h"

namespace whittle {

class TemplateTally {
 public:
  void Add(std::span<const ShapeTally> segment);

  // As CountTemplates, but slots may have no names. `consolidator` is the one that the segments were folded with.
  std::optional<std::vector<TemplateUse>> Sum(Consolidator* consolidator) const;

 private:
  bool overflowed_ = false;
  std::unordered_map<Hash128, ShapeStats, Hash128Hasher> by_shape_;
};

}  // namespace whittle
