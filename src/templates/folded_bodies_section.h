// Section 19 of a segment (docs/segment-format.md): the FoldedBodies of its shapes. A body is written as what stood in
// the slots of the shape that it was folded into.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "event/shape.h"
#include "templates/folded_bodies.h"

namespace whittle {

// About these shapes, in their order; empty when there is nothing to say. Bodies of shapes that have too many are left
// out: such shapes speak for themselves.
std::string EncodeFoldedBodies(const FoldedBodies& folded, std::span<const Shape* const> shapes);
// Nothing when the bytes are damaged.
std::optional<FoldedBodies> DecodeFoldedBodies(std::string_view bytes, std::span<const Shape* const> shapes);

}  // namespace whittle
