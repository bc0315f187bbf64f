// Any bytes as a list of shapes: refused, or a list that is the same after it was written and read again.
#include "event/shape_list.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {
constexpr whittle::ShapeListLimits kLimits = {.shapes = 1 << 10, .parts = 1 << 16, .text = 1 << 20};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  whittle::ByteReader in(std::string_view(reinterpret_cast<const char*>(data), size));
  whittle::SharedShapes shapes;
  if (!whittle::DecodeShapeList(&in, kLimits, &shapes)) return 0;
  std::vector<const whittle::Shape*> plain;
  for (const auto& shape : shapes) plain.push_back(shape.get());
  std::string bytes;
  whittle::ByteWriter out(&bytes);
  whittle::EncodeShapeList(plain, &out);
  whittle::ByteReader again_in(bytes);
  whittle::SharedShapes again;
  if (!whittle::DecodeShapeList(&again_in, kLimits, &again) || again.size() != shapes.size()) std::abort();
  for (size_t i = 0; i < shapes.size(); ++i) {
    if (again[i]->id != shapes[i]->id) std::abort();
  }
  return 0;
}
