// Any bytes as the shapes of a segment and its section 19: refused, or bodies that are the same after they were written
// and read again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "event/shape_list.h"
#include "templates/folded_bodies_section.h"

namespace {
constexpr whittle::ShapeListLimits kLimits = {.shapes = 16, .parts = 1 << 10, .text = 1 << 16};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  whittle::ByteReader in(bytes);
  whittle::SharedShapes stored;
  if (!whittle::DecodeShapeList(&in, kLimits, &stored)) return 0;
  std::vector<const whittle::Shape*> shapes;
  for (const auto& shape : stored) shapes.push_back(shape.get());
  const auto folded = whittle::DecodeFoldedBodies(bytes.substr(size - in.remaining()), shapes);
  if (!folded) return 0;
  const std::string written = whittle::EncodeFoldedBodies(*folded, shapes);
  if (written.empty()) return 0;
  const auto again = whittle::DecodeFoldedBodies(written, shapes);
  if (!again) std::abort();
  for (const whittle::Shape* shape : shapes) {
    const auto ids = [&](const whittle::FoldedBodies& bodies) {
      std::vector<whittle::Hash128> all;
      for (const auto& body : bodies.Of(shape->id)) all.push_back(body->id);
      std::sort(all.begin(), all.end());
      return all;
    };
    if (ids(*again) != ids(*folded)) std::abort();
  }
  return 0;
}
