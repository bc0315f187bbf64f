#include "templates/consolidator.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "templates/shape_memory.h"

namespace whittle {

Consolidator::Consolidator(Overrides overrides, size_t max_forms, SlotNaming naming)
    : overrides_(std::move(overrides)), max_forms_(max_forms), naming_(naming) {}

uint32_t Consolidator::Add(std::shared_ptr<const Shape> shape, std::span<const std::shared_ptr<const Shape>> origins) {
  const uint32_t index = Know(std::move(shape));
  if (origins.empty()) return index;
  std::vector<uint32_t> known = std::move(origins_[index]);
  const size_t before = known.size();
  for (const auto& origin : origins) known.push_back(Know(origin));
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  if (known.size() != before) result_.reset();
  origins_[index] = std::move(known);
  return index;
}

uint32_t Consolidator::Know(std::shared_ptr<const Shape> shape) {
  const auto [entry, added] = by_id_.try_emplace(shape->id, static_cast<uint32_t>(shapes_.size()));
  if (added) {
    bytes_ += ShapeMemory(*shape);
    shapes_.push_back(std::move(shape));
    origins_.emplace_back();
    result_.reset();
  }
  return entry->second;
}

std::optional<uint32_t> Consolidator::IndexOf(const Hash128& shape) const {
  const auto known = by_id_.find(shape);
  return known == by_id_.end() ? std::nullopt : std::optional(known->second);
}

std::shared_ptr<const Consolidation> Consolidator::Result() {
  if (result_ == nullptr) {
    std::vector<const Shape*> shapes;
    shapes.reserve(shapes_.size());
    for (const auto& shape : shapes_) shapes.push_back(shape.get());
    result_ = std::make_shared<const Consolidation>(Consolidate(shapes, overrides_, max_forms_, origins_, naming_));
  }
  return result_;
}

void Consolidator::Forget() {
  if (shapes_.size() <= kMaxRemembered && bytes_ <= kMaxRememberedBytes) return;
  has_forgotten_ = true;
  std::vector<std::shared_ptr<const Shape>> shapes = std::move(shapes_);
  std::vector<std::vector<uint32_t>> origins = std::move(origins_);
  std::vector<uint32_t> order(shapes.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return shapes[a]->id.low < shapes[b]->id.low; });
  shapes_.clear();
  origins_.clear();
  by_id_.clear();
  result_.reset();
  bytes_ = 0;
  size_t kept = 0;
  for (size_t bytes = 0; kept < order.size() && kept < kMaxRemembered; ++kept) {
    bytes += ShapeMemory(*shapes[order[kept]]);
    if (bytes > kMaxRememberedBytes) break;
    Know(shapes[order[kept]]);
  }
  for (uint32_t i = 0; i < kept; ++i) {
    for (const uint32_t origin : origins[order[i]]) {
      if (const auto known = by_id_.find(shapes[origin]->id); known != by_id_.end())
        origins_[i].push_back(known->second);
    }
  }
}

}  // namespace whittle
