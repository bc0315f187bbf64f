#include "templates/folded_bodies_section.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/varint.h"
#include "event/shape_list.h"
#include "templates/test_shapes.h"

namespace whittle {
namespace {

using testing::ShapeOf;

std::shared_ptr<const Shape> Body(const std::string& line) { return BodyAlone(*ShapeOf(line), {}); }

// A stored shape: slots where the words are "_", the number of them that a slot stands for left open.
std::shared_ptr<const Shape> Stored(const std::string& line) {
  auto stored = std::make_shared<Shape>(*ShapeOf(line));
  for (Piece& piece : stored->pieces) {
    if (piece.text != "_") continue;
    piece.kind = Piece::Kind::kSlot;
    piece.text.clear();
  }
  stored->slot_count = 0;
  for (Piece& piece : stored->pieces) {
    if (piece.kind == Piece::Kind::kSlot) piece.slot = stored->slot_count++;
  }
  FinishShape(stored.get());
  return stored;
}

std::vector<const Shape*> Plain(const SharedShapes& shapes) {
  std::vector<const Shape*> plain;
  for (const auto& shape : shapes) plain.push_back(shape.get());
  return plain;
}

std::set<Hash128> IdsOf(const FoldedBodies& folded, const Shape& stored) {
  std::set<Hash128> ids;
  for (const auto& body : folded.Of(stored.id)) ids.insert(body->id);
  return ids;
}

void ExpectReadBack(const FoldedBodies& folded, const SharedShapes& stored) {
  const std::string bytes = EncodeFoldedBodies(folded, Plain(stored));
  const auto again = DecodeFoldedBodies(bytes, Plain(stored));
  ASSERT_TRUE(again);
  for (const auto& shape : stored) EXPECT_EQ(IdsOf(*again, *shape), IdsOf(folded, *shape));
  EXPECT_EQ(EncodeFoldedBodies(*again, Plain(stored)), bytes);
}

TEST(FoldedBodiesSection, ReadsBackAsItWasWritten) {
  const SharedShapes stored = {Stored("loaded module _ in 35 ms"), Stored("stored two"),
                               Stored("_ loaded module _ in 35 ms"), Stored("_"), Stored("_ _ ms")};
  FoldedBodies folded;
  for (const char* name : {"alpha", "beta", "gamma delta", "", "42"}) {
    const std::string line = std::string("loaded module ") + name + " in 35 ms";
    for (const size_t shape : {0, 3, 4}) folded.Add(stored[shape]->id, Body(line));
    folded.Add(stored[2]->id, Body("it " + line));
  }
  folded.Add(stored[0]->id, Body("nothing like it"));  // written as it is
  folded.Add(stored[0]->id, Body("loaded module alpha in 35 ms more"));
  folded.Add(stored[0]->id, Body("loaded module"));
  ExpectReadBack(folded, stored);
  EXPECT_EQ(EncodeFoldedBodies(FoldedBodies(), Plain(stored)), "");
}

TEST(FoldedBodiesSection, ReadsRandomBodiesBack) {
  std::mt19937 random(17);
  SCOPED_TRACE("seed 17");
  const auto line = [&] {
    std::string text;
    for (size_t i = random() % 7; i > 0; --i) {
      static constexpr std::string_view kWords[] = {"_", "alpha", "beta", "17", "x=y", "[a, b]", " "};
      text += std::string(kWords[random() % std::size(kWords)]) + (random() % 4 == 0 ? ": " : " ");
    }
    return text;
  };
  for (int round = 0; round < 200; ++round) {
    SharedShapes stored;
    FoldedBodies folded;
    for (int i = 0; i < 4; ++i) {
      stored.push_back(Stored(line()));
      for (int k = 0; k < 6; ++k) folded.Add(stored.back()->id, Body(line()));
    }
    ExpectReadBack(folded, stored);
  }
}

// Words in slots cost what the words do, not what the body does.
TEST(FoldedBodiesSection, BodiesAreWrittenAsTheirSlots) {
  const std::string around(500, 'x');
  const SharedShapes stored = {Stored("begin " + around + " _ end")};
  FoldedBodies folded;
  for (const char* name : {"alpha", "beta", "gamma", "delta"})
    folded.Add(stored[0]->id, Body("begin " + around + " " + name + " end"));
  EXPECT_LT(EncodeFoldedBodies(folded, Plain(stored)).size(), 60u);
  ExpectReadBack(folded, stored);
}

// What is taken apart in time that grows with its square is written as it is.
TEST(FoldedBodiesSection, RepeatedWordsAreNotSoughtForever) {
  const auto repeated = [](size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += "a ";
    return text;
  };
  const SharedShapes stored = {Stored("_ " + repeated(1000) + "b _ end")};
  FoldedBodies folded;
  folded.Add(stored[0]->id, Body(repeated(3000) + "b alpha end"));
  const std::string bytes = EncodeFoldedBodies(folded, Plain(stored));
  EXPECT_GT(bytes.size(), 6000u) << "taken apart: then this tests nothing";
  ExpectReadBack(folded, stored);
}

TEST(FoldedBodiesSection, DamageIsFoundOrHarmless) {
  const SharedShapes stored = {Stored("loaded module _ in 35 ms"), Stored("stored two")};
  FoldedBodies folded;
  for (const char* name : {"alpha", "beta", "gamma", "delta"})
    folded.Add(stored[0]->id, Body(std::string("loaded module ") + name + " in 35 ms"));
  folded.Add(stored[1]->id, Body("loaded module delta in 35 ms"));
  folded.Add(stored[1]->id, Body("else"));
  const std::string bytes = EncodeFoldedBodies(folded, Plain(stored));
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(DecodeFoldedBodies(bytes.substr(0, size), Plain(stored))) << size;
  EXPECT_FALSE(DecodeFoldedBodies(bytes + '\0', Plain(stored)));
  for (size_t i = 1; i < bytes.size(); ++i) {
    for (const int flip : {1, 0x80, 0xFF}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      DecodeFoldedBodies(damaged, Plain(stored));  // must not crash
    }
  }
}

// Few bytes that say "as before" many times must not become much memory.
TEST(FoldedBodiesSection, RepetitionIsBounded) {
  std::string line = "start";
  for (int i = 0; i < 3000; ++i) line += " word";
  const SharedShapes stored = {Stored(line)};
  std::string bytes;
  ByteWriter out(&bytes);
  out.U8(2);
  EncodeShapeList({}, &out);
  const auto with = [&](uint64_t count) {
    std::string all = bytes;
    ByteWriter more(&all);
    more.Varint(count);
    for (int i = 0; i < 5; ++i) more.Varint(0);  // no others; no counts, heads, layouts, texts
    return DecodeFoldedBodies(all, Plain(stored)).has_value();
  };
  EXPECT_TRUE(with(100));
  EXPECT_FALSE(with(100'000));
}

TEST(FoldedBodiesSection, TooManyAreLeftOut) {
  const SharedShapes stored = {Stored("stored one"), Stored("stored two")};
  FoldedBodies folded;
  std::string words;
  for (int i = 0; i < 3000; ++i) words += " word";
  for (int i = 0; i < 200; ++i)
    folded.Add(stored[0]->id,
               Body(std::string("name") + static_cast<char>('a' + i / 15) + static_cast<char>('a' + i % 15) + words));
  folded.Add(stored[1]->id, Body("short one"));
  const auto again = DecodeFoldedBodies(EncodeFoldedBodies(folded, Plain(stored)), Plain(stored));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->Of(stored[0]->id).empty());
  EXPECT_EQ(again->Of(stored[1]->id).size(), 1u);
}

}  // namespace
}  // namespace whittle
