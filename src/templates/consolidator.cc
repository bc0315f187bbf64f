#include "templates/consolidator.h"

#include <algorithm>

#include "templates/shape_memory.h"

#include <utility>

namespace whittle {

Consolidator::Consolidator(Overrides overrides, size_t max_forms)
    : overrides_(std::move(overrides)), max_forms_(max_forms) {}

uint32_t Consolidator::Add(std::shared_ptr<const Shape> shape) {
  const auto [entry, added] = by_id_.try_emplace(shape->id, static_cast<uint32_t>(shapes_.size()));
  if (added) {
    bytes_ += ShapeMemory(*shape);
    shapes_.push_back(std::move(shape));
    result_.reset();
  }
  return entry->second;
}

std::shared_ptr<const Consolidation> Consolidator::Result() {
  if (result_ == nullptr) {
    std::vector<const Shape*> shapes;
    shapes.reserve(shapes_.size());
    for (const auto& shape : shapes_) shapes.push_back(shape.get());
    result_ = std::make_shared<const Consolidation>(Consolidate(shapes, overrides_, max_forms_));
  }
  return result_;
}

void Consolidator::Forget() {
  if (shapes_.size() <= kMaxRemembered && bytes_ <= kMaxRememberedBytes) return;
  std::sort(shapes_.begin(), shapes_.end(), [](const auto& a, const auto& b) { return a->id.low < b->id.low; });
  by_id_.clear();
  result_.reset();
  bytes_ = 0;
  size_t kept = 0;
  for (; kept < shapes_.size() && kept < kMaxRemembered; ++kept) {
    bytes_ += ShapeMemory(*shapes_[kept]);
    if (bytes_ > kMaxRememberedBytes) break;
    by_id_.emplace(shapes_[kept]->id, static_cast<uint32_t>(kept));
  }
  shapes_.resize(kept);
}

}  // namespace whittle
