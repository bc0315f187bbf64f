// Shapes as segments store many of them (docs/segment-format.md, "Shape lists"): column by column, each as its
// difference from the shape before it, since shapes of one log begin and end alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/varint.h"
#include "event/shape.h"

namespace whittle {

using SharedShapes = std::vector<std::shared_ptr<const Shape>>;

// What a list may hold. A few bytes can say "as before" many times: a reader checks before it allocates.
struct ShapeListLimits {
  uint64_t shapes = 0;
  uint64_t parts = 0;  // pieces and fields of all shapes
  uint64_t text = 0;   // bytes of their texts, names and constants
};

// What shapes weigh against the limits of a list.
class ShapeListBudget {
 public:
  explicit ShapeListBudget(const ShapeListLimits& limits) : left_(limits) {}
  // False, and nothing taken, when that would be too much.
  bool Take(const Shape& shape);

 private:
  ShapeListLimits left_;
};

// The id of the template whose form is the shape's own body: XXH3 of the body with "<*>" for slots, escapes undone,
// white space as one blank between words.
uint64_t TemplateSignature(const Shape& shape);

// Appends the list. Who writes sees to it that it is within the limits of those who read.
void EncodeShapeList(std::span<const Shape* const> shapes, ByteWriter* out);
// False when the bytes are not a list within the limits: ranges out of bounds, something missing or left over.
bool DecodeShapeList(ByteReader* in, const ShapeListLimits& limits, SharedShapes* shapes);

}  // namespace whittle
