#include "event/shape_list.h"

#include <gtest/gtest.h>

#include <random>

namespace whittle {
namespace {

constexpr ShapeListLimits kWide = {.shapes = 1000, .parts = 100'000, .text = 1'000'000};

Piece Text(Piece::Kind kind, std::string text, TokenClass token_class = TokenClass::kWord) {
  return {kind, token_class, 0, 0, std::move(text)};
}

// Shapes of a few contexts that begin, and some that end, alike; every part of a shape takes every kind of value.
std::shared_ptr<const Shape> RandomShape(std::mt19937* random) {
  const auto below = [&](uint32_t n) { return static_cast<uint32_t>((*random)() % n); };
  auto shape = std::make_shared<Shape>();
  shape->envelope = below(3) == 0 ? "cri" : "";
  shape->header = below(2) == 0 ? "bracketed" : "";
  shape->body_format = below(2) == 0 ? "json" : "text";
  const uint32_t count = below(12);
  for (uint32_t i = 0; i < count; ++i) {
    switch (below(6)) {
      case 0:
        shape->pieces.push_back({Piece::Kind::kSlot, static_cast<TokenClass>(below(10)),
                                 static_cast<uint16_t>(below(3) == 0 ? 3 : 0), shape->slot_count++, ""});
        break;
      case 1:
        shape->pieces.push_back(Text(Piece::Kind::kFixed, std::string("a\0b", 3), TokenClass::kSize));
        break;
      case 2:
        shape->pieces.push_back(Text(Piece::Kind::kDelimiter, below(2) == 0 ? " " : "\t "));
        break;
      case 3:
        shape->pieces.push_back(Text(Piece::Kind::kWord, ""));
        break;
      default:
        shape->pieces.push_back(Text(Piece::Kind::kWord, below(2) == 0 ? "took" : "waited"));
    }
  }
  const auto end = static_cast<uint16_t>(count);
  for (uint32_t i = below(3); i > 0; --i) {
    Field field;
    field.role = static_cast<FieldRole>(below(9));
    field.type = static_cast<ValueType>(below(4));
    field.unescape = static_cast<uint8_t>(below(3));
    field.name = below(2) == 0 ? "name" : "";
    if (below(3) == 0) {
      field.constant = "value";
    } else {
      field.range = {static_cast<uint16_t>(end / 2), end};
      field.time_layout = static_cast<uint16_t>(below(2) * 300);
    }
    shape->fields.push_back(field);
  }
  shape->body = {static_cast<uint16_t>(below(count + 1)), end};
  shape->body_unescape = static_cast<uint8_t>(below(3));
  shape->continuation = below(2) == 0;
  const uint32_t signature = below(3);
  shape->signature = signature == 0 ? 0 : signature == 1 ? 0x0123456789abcdef : TemplateSignature(*shape);
  FinishShape(shape.get());
  return shape;
}

SharedShapes RandomShapes(std::mt19937* random, size_t count) {
  SharedShapes shapes;
  for (size_t i = 0; i < count; ++i) {
    shapes.push_back(i > 0 && (*random)() % 4 == 0 ? shapes.back() : RandomShape(random));
  }
  return shapes;
}

std::string Encoded(const SharedShapes& shapes) {
  std::vector<const Shape*> plain;
  for (const auto& shape : shapes) plain.push_back(shape.get());
  std::string bytes;
  ByteWriter out(&bytes);
  EncodeShapeList(plain, &out);
  return bytes;
}

bool Decoded(std::string_view bytes, const ShapeListLimits& limits, SharedShapes* shapes) {
  ByteReader in(bytes);
  return DecodeShapeList(&in, limits, shapes) && in.remaining() == 0;
}

TEST(ShapeList, GivesEveryShapeBack) {
  std::mt19937 random(11);
  SCOPED_TRACE("seed 11");
  for (int round = 0; round < 300; ++round) {
    const SharedShapes shapes = RandomShapes(&random, random() % 20);
    SharedShapes again;
    ASSERT_TRUE(Decoded(Encoded(shapes), kWide, &again));
    ASSERT_EQ(again.size(), shapes.size());
    for (size_t i = 0; i < shapes.size(); ++i) {
      EXPECT_EQ(again[i]->id, shapes[i]->id);
      EXPECT_EQ(again[i]->slot_count, shapes[i]->slot_count);
      EXPECT_EQ(again[i]->timestamp_slot, shapes[i]->timestamp_slot);
    }
  }
}

TEST(ShapeList, DamageIsFoundOrHarmless) {
  std::mt19937 random(12);
  SCOPED_TRACE("seed 12");
  const std::string bytes = Encoded(RandomShapes(&random, 12));
  SharedShapes shapes;
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(Decoded(bytes.substr(0, size), kWide, &shapes));
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = bytes;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    if (!Decoded(damaged, kWide, &shapes)) continue;
    for (const auto& shape : shapes) {
      EXPECT_LE(shape->body.end, shape->pieces.size());
      EXPECT_LE(shape->body.begin, shape->body.end);
      for (const Field& field : shape->fields) EXPECT_LE(field.range.end, shape->pieces.size());
    }
  }
}

// The writer's account and the reader's agree, to the last shape, part and byte.
TEST(ShapeList, LimitsAreKept) {
  std::mt19937 random(13);
  SCOPED_TRACE("seed 13");
  const SharedShapes shapes = RandomShapes(&random, 50);
  ShapeListLimits need;
  for (const auto& shape : shapes) {
    ++need.shapes;
    need.parts += shape->pieces.size() + shape->fields.size();
    need.text += shape->envelope.size() + shape->header.size() + shape->body_format.size();
    for (const Piece& piece : shape->pieces) need.text += piece.text.size();
    for (const Field& field : shape->fields) need.text += field.name.size() + field.constant.size();
  }
  const auto fits = [&](const ShapeListLimits& limits) {
    ShapeListBudget budget(limits);
    bool taken = true;
    for (const auto& shape : shapes) taken = taken && budget.Take(*shape);
    SharedShapes again;
    EXPECT_EQ(Decoded(Encoded(shapes), limits, &again), taken);
    return taken;
  };
  EXPECT_TRUE(fits(need));
  EXPECT_FALSE(fits({need.shapes - 1, need.parts, need.text}));
  EXPECT_FALSE(fits({need.shapes, need.parts - 1, need.text}));
  EXPECT_FALSE(fits({need.shapes, need.parts, need.text - 1}));
}

TEST(ShapeList, SignatureIsOfTheTemplatesText) {
  Shape shape;
  const auto add = [&](Piece piece) { shape.pieces.push_back(std::move(piece)); };
  add(Text(Piece::Kind::kWord, "header"));
  add(Text(Piece::Kind::kDelimiter, "  "));
  add(Text(Piece::Kind::kWord, "took"));
  add(Text(Piece::Kind::kDelimiter, " \\t "));
  add({Piece::Kind::kSlot, TokenClass::kInteger, 0, 0, ""});
  add({Piece::Kind::kSlot, TokenClass::kInteger, 0, 1, ""});
  add(Text(Piece::Kind::kFixed, "ms"));
  add(Text(Piece::Kind::kDelimiter, " "));
  shape.body = {1, 8};
  shape.body_unescape = 1;
  EXPECT_EQ(TemplateSignature(shape), Hash64("took <*>ms"));
}

}  // namespace
}  // namespace whittle
