// What a shape takes in memory, for the limits of those who keep many. Pure function, an estimate to within a factor of
// two.
#pragma once

#include <cstddef>

#include "event/shape.h"

namespace whittle {

inline size_t ShapeMemory(const Shape& shape) {
  return sizeof(Shape) + shape.pieces.size() * sizeof(Piece) + shape.fields.size() * sizeof(Field);
}

}  // namespace whittle
