#include "templates/folded_bodies.h"

#include <gtest/gtest.h>

#include <algorithm>

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

TEST(FoldedBodiesTest, LongListsInSlotsLoseTheirText) {
  const auto shape = ShapeOf("Install: bash (5.2), gawk (5.1), tar (1.34), less (590)");
  const Shape* const line[] = {shape.get()};
  TemplateBinding binding;
  const auto bash =
      std::find_if(shape->pieces.begin(), shape->pieces.end(), [](const Piece& p) { return p.text == "bash"; });
  binding.slots = {{static_cast<uint16_t>(bash - shape->pieces.begin()), static_cast<uint16_t>(shape->pieces.size())}};
  const auto body = BodyAlone(*shape, binding);
  EXPECT_LT(body->pieces.size(), 6u);
  for (const Piece& piece : body->pieces) EXPECT_EQ(piece.text.find("bash"), std::string::npos);
  // It says what the line said, but for the text.
  const Shape* const both[] = {shape.get(), body.get()};
  EXPECT_EQ(Consolidate(both, {}).templates.size(), 1u);
  EXPECT_EQ(Consolidate(line, {}).templates.size(), 1u);
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
