#include "templates/folded_bodies.h"

#include <gtest/gtest.h>

#include "templates/consolidate.h"
#include "templates/test_shapes.h"

namespace whittle {
namespace {

using testing::ShapeOf;

// As a segment does: lines, what they mine to, and their bodies.
std::shared_ptr<const Shape> Body(const std::shared_ptr<const Shape>& shape) { return BodyAlone(*shape, {}); }

std::vector<Hash128> Ids(const SharedShapes& shapes) {
  std::vector<Hash128> ids;
  for (const auto& shape : shapes) ids.push_back(shape->id);
  return ids;
}

TEST(FoldedBodiesTest, ReadBackAsTheyWereWritten) {
  const SharedShapes stored = {ShapeOf("stored one"), ShapeOf("stored two"), ShapeOf("stored three")};
  FoldedBodies folded;
  for (const char* name : {"alpha", "beta", "gamma"})
    folded.Add(stored[0]->id, Body(ShapeOf(std::string("loaded module ") + name + " in 35 ms")));
  folded.Add(stored[2]->id, Body(ShapeOf("loaded module beta in 35 ms")));
  const std::string bytes = EncodeFoldedBodies(folded, Ids(stored));
  const auto again = DecodeFoldedBodies(bytes, Ids(stored));
  ASSERT_TRUE(again);
  ASSERT_EQ(again->Of(stored[0]->id).size(), 3u);
  EXPECT_TRUE(again->Of(stored[1]->id).empty());
  ASSERT_EQ(again->Of(stored[2]->id).size(), 1u);
  EXPECT_EQ(again->Of(stored[2]->id)[0]->id, Body(ShapeOf("loaded module beta in 35 ms"))->id);
  EXPECT_EQ(EncodeFoldedBodies(*again, Ids(stored)), bytes);
  EXPECT_EQ(EncodeFoldedBodies(FoldedBodies(), Ids(stored)), "");
}

TEST(FoldedBodiesTest, DamageIsFoundOrHarmless) {
  const SharedShapes stored = {ShapeOf("stored one"), ShapeOf("stored two")};
  FoldedBodies folded;
  for (const char* name : {"alpha", "beta", "gamma", "delta"})
    folded.Add(stored[0]->id, Body(ShapeOf(std::string("loaded module ") + name + " in 35 ms")));
  const std::string bytes = EncodeFoldedBodies(folded, Ids(stored));
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(DecodeFoldedBodies(bytes.substr(0, size), Ids(stored))) << size;
  EXPECT_FALSE(DecodeFoldedBodies(bytes + '\0', Ids(stored)));
  for (size_t i = 1; i < bytes.size(); ++i) {
    for (const int flip : {1, 0x80, 0xFF}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      DecodeFoldedBodies(damaged, Ids(stored));  // must not crash
    }
  }
}

// Few bytes that say "as before" many times must not become much memory.
TEST(FoldedBodiesTest, RepetitionIsBounded) {
  std::string line = "start";
  for (int i = 0; i < 3000; ++i) line += " word";
  const auto long_body = Body(ShapeOf(line));
  const SharedShapes stored = {ShapeOf("stored one")};
  FoldedBodies one;
  one.Add(stored[0]->id, long_body);
  std::string bytes = EncodeFoldedBodies(one, Ids(stored));
  bytes.pop_back();  // the shape's list: one member,
  bytes.pop_back();  // the first
  ASSERT_EQ(bytes[1], 1);
  std::string many = bytes.substr(0, 1) + std::string("\xA0\x8D\x06", 3) + bytes.substr(2);  // 100,000 bodies
  const std::string again = {'\x08', '\xF1', '\x2E', 0, 0, 0};  // format as before, 6001 pieces as before, no other
  for (int i = 1; i < 100'000; ++i) many += again;
  many += '\0';
  EXPECT_FALSE(DecodeFoldedBodies(many, Ids(stored)));
}

TEST(FoldedBodiesTest, TooManyAreLeftOut) {
  const SharedShapes stored = {ShapeOf("stored one"), ShapeOf("stored two")};
  FoldedBodies folded;
  std::string words;
  for (int i = 0; i < 3000; ++i) words += " word";
  for (int i = 0; i < 200; ++i)
    folded.Add(stored[0]->id, Body(ShapeOf(std::string("name") + static_cast<char>('a' + i / 15) +
                                           static_cast<char>('a' + i % 15) + words)));
  folded.Add(stored[1]->id, Body(ShapeOf("short one")));
  const auto again = DecodeFoldedBodies(EncodeFoldedBodies(folded, Ids(stored)), Ids(stored));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->Of(stored[0]->id).empty());
  EXPECT_EQ(again->Of(stored[1]->id).size(), 1u);
}

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
