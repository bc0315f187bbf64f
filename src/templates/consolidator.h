// The incremental form of Consolidate: remembers every distinct shape it was given and answers with exactly what
// Consolidate says of that set. Results are immutable snapshots that stay valid for as long as somebody holds them.
// Not thread-safe; one per store, guarded by its owner.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "event/shape.h"
#include "templates/consolidate.h"
#include "templates/overrides.h"

namespace whittle {

class Consolidator {
 public:
  // Shapes beyond this many are not remembered; they bind to "<*>" like the overflow of Consolidate. Which ones those
  // are is decided by hash, not by arrival.
  explicit Consolidator(Overrides overrides = {}, size_t max_forms = kMaxForms);

  // Adds a shape; what is already known costs one look-up. Returns its index into Result().bindings.
  uint32_t Add(std::shared_ptr<const Shape> shape);
  size_t shape_count() const { return shapes_.size(); }
  const std::shared_ptr<const Shape>& shape(uint32_t index) const { return shapes_[index]; }

  // Bindings are in the order of the indexes Add returned. Computed anew only when shapes were added since.
  std::shared_ptr<const Consolidation> Result();

 private:
  Overrides overrides_;
  size_t max_forms_;
  std::vector<std::shared_ptr<const Shape>> shapes_;
  std::unordered_map<Hash128, uint32_t, Hash128Hasher> by_id_;
  std::shared_ptr<const Consolidation> result_;
};

}  // namespace whittle
