#include "event/shape.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

Shape Sample() {
  Shape shape;
  shape.pieces.push_back({Piece::Kind::kSlot, TokenClass::kDigitsPunct, 3, 0, ""});
  shape.pieces.push_back({Piece::Kind::kDelimiter, TokenClass::kWord, 0, 0, " "});
  shape.pieces.push_back({Piece::Kind::kWord, TokenClass::kWord, 0, 0, "took"});
  shape.pieces.push_back({Piece::Kind::kDelimiter, TokenClass::kWord, 0, 0, " "});
  shape.pieces.push_back({Piece::Kind::kSlot, TokenClass::kInteger, 0, 1, ""});
  shape.slot_count = 2;
  shape.fields.push_back({FieldRole::kTimestamp, ValueType::kTimestamp, 0, 3, {0, 1}, ""});
  shape.fields.push_back({FieldRole::kAttribute, ValueType::kInt64, 2, 0, {4, 5}, "took"});
  shape.body = {2, 5};
  shape.body_unescape = 1;
  shape.signature = 42;
  shape.envelope = "cri";
  FinishShape(&shape);
  return shape;
}

TEST(Shape, IdIsOfAllThatItSays) {
  const Shape shape = Sample();
  EXPECT_EQ(shape.timestamp_slot, 0);
  EXPECT_EQ(Sample().id, shape.id);
  Shape other = shape;
  other.fields[1].name = "waited";
  FinishShape(&other);
  EXPECT_NE(other.id, shape.id);
}

TEST(Shape, RendersPiecesWithSlots) {
  const Shape shape = Sample();
  const std::string_view slots[] = {"12:00:01", "35"};
  std::string line;
  RenderPieces(shape, {0, 5}, slots, &line);
  EXPECT_EQ(line, "12:00:01 took 35");
}

TEST(Unescape, UndoesJsonEscapes) {
  EXPECT_EQ(Unescape(R"(a\"b\\c\n\/)", 1), "a\"b\\c\n/");
  EXPECT_EQ(Unescape(R"(\u00e9\ud83d\ude00)", 1), "\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(Unescape(R"(\\\"x\\\")", 2), "\"x\"");
  EXPECT_EQ(Unescape(R"(plain)", 0), "plain");
}

TEST(Unescape, KeepsMalformedEscapes) {
  EXPECT_EQ(Unescape(R"(\u12 \q \ud800x)", 1), R"(\u12 \q \ud800x)");
  EXPECT_EQ(Unescape("end\\", 1), "end\\");
}

}  // namespace
}  // namespace whittle
