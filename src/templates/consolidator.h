// The incremental form of Consolidate: remembers every distinct shape it was given and answers with exactly what
// Consolidate says of that set. Results are immutable snapshots that stay valid for as long as somebody holds them.
// Not thread-safe; one per store, guarded by its owner.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "event/shape.h"
#include "templates/consolidate.h"
#include "templates/overrides.h"

namespace whittle {

class Consolidator {
 public:
  // What is remembered from one result to the next is bounded, by number and by memory: the shapes with the smallest
  // hashes stay, not those that came first.
  static constexpr size_t kMaxRemembered = 16'384;
  static constexpr size_t kMaxRememberedBytes = size_t{24} << 20;

  explicit Consolidator(Overrides overrides = {}, size_t max_forms = kMaxForms, SlotNaming naming = SlotNaming::kNamed);

  // Adds a shape; what is already known costs one look-up. Returns its index into the bindings of the next Result().
  // `origins`: the bodies it was folded from, if it was.
  uint32_t Add(std::shared_ptr<const Shape> shape, std::span<const std::shared_ptr<const Shape>> origins = {});
  size_t shape_count() const { return shapes_.size(); }
  const std::shared_ptr<const Shape>& shape(uint32_t index) const { return shapes_[index]; }

  // The index of a shape that is remembered, by id.
  std::optional<uint32_t> IndexOf(const Hash128& shape) const;

  // Bindings are in the order of the indexes Add returned since the last Forget. Computed anew only when shapes were
  // added since.
  std::shared_ptr<const Consolidation> Result();

  // Down to the limits, if need be: then every index that Add returned before is void.
  void Forget();
  // Whether it ever had to forget: then it knows less than a store.
  bool has_forgotten() const { return has_forgotten_; }

 private:
  uint32_t Know(std::shared_ptr<const Shape> shape);

  Overrides overrides_;
  size_t max_forms_;
  SlotNaming naming_;
  std::vector<std::shared_ptr<const Shape>> shapes_;
  std::unordered_map<Hash128, uint32_t, Hash128Hasher> by_id_;
  std::vector<std::vector<uint32_t>> origins_;  // per shape
  size_t bytes_ = 0;                            // of shapes_
  bool has_forgotten_ = false;
  std::shared_ptr<const Consolidation> result_;
};

}  // namespace whittle
