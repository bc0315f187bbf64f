#include "templates/folded_bodies.h"

#include <gtest/gtest.h>

#include "templates/consolidate.h"
#include "templates/test_shapes.h"

namespace whittle {
namespace {

using testing::ShapeOf;

std::shared_ptr<const Shape> Body(const std::shared_ptr<const Shape>& shape) { return BodyAlone(*shape, {}); }

TEST(FoldedBodiesTest, ABodyIsMinedAsItsLineIs) {
  for (const char* line : {"session of alice was closed", "took 35 ms for /a/b.txt", "state=up key=\"a b\" [x, y]"}) {
    const auto shape = ShapeOf(line);
    const auto body = Body(shape);
    const Shape* const both[] = {shape.get(), body.get()};
    const Consolidation mined = Consolidate(both, {});
    EXPECT_EQ(mined.templates.size(), 1u) << line;
    EXPECT_TRUE(MinesAlike(*shape, *body)) << line;
  }
  EXPECT_FALSE(MinesAlike(*ShapeOf("session of alice was closed"), *ShapeOf("session of 17 was closed")));
}

TEST(FoldedBodiesTest, AFoldedShapeIsNoEvidenceBesideItsOrigins) {
  // Three names are too few to be values; a slot in their place would say otherwise.
  SharedShapes shapes;
  for (const char* name : {"alpha", "beta", "gamma"})
    shapes.push_back(ShapeOf(std::string("loaded module ") + name + " fine"));
  shapes.push_back(ShapeOf(std::vector<std::string>{"loaded module 17 fine", "loaded module 18 fine"}));
  std::vector<const Shape*> pointers;
  for (const auto& shape : shapes) pointers.push_back(shape.get());
  EXPECT_EQ(Consolidate(pointers, {}).templates.size(), 1u);
  const std::vector<std::vector<uint32_t>> origins = {{}, {}, {}, {0}};
  const Consolidation mined = Consolidate(pointers, {}, kMaxForms, origins);
  EXPECT_EQ(mined.templates.size(), 3u);
  EXPECT_EQ(mined.bindings[3].template_index, mined.bindings[0].template_index);
}

}  // namespace
}  // namespace whittle
