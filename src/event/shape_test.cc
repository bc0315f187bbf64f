#include "event/shape.h"

#include <gtest/gtest.h>

#include <random>

#include "base/varint.h"

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

TEST(Shape, EncodesAndDecodes) {
  const Shape shape = Sample();
  EXPECT_EQ(shape.timestamp_slot, 0);
  std::string bytes;
  EncodeShape(shape, &bytes);
  ByteReader in(bytes);
  Shape decoded;
  ASSERT_TRUE(DecodeShape(&in, &decoded));
  EXPECT_EQ(in.remaining(), 0u);
  EXPECT_EQ(decoded.id, shape.id);
  EXPECT_EQ(decoded.slot_count, 2u);
  EXPECT_EQ(decoded.fields[1].unescape, 2);
  EXPECT_EQ(decoded.pieces[2].text, "took");
}

TEST(Shape, RendersPiecesWithSlots) {
  const Shape shape = Sample();
  const std::string_view slots[] = {"12:00:01", "35"};
  std::string line;
  RenderPieces(shape, {0, 5}, slots, &line);
  EXPECT_EQ(line, "12:00:01 took 35");
}

TEST(Shape, RefusesDamagedBytesWithoutCrashing) {
  std::string bytes;
  EncodeShape(Sample(), &bytes);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    ByteReader in(std::string_view(bytes).substr(0, cut));
    Shape decoded;
    EXPECT_FALSE(DecodeShape(&in, &decoded)) << "cut at " << cut;
  }
  std::mt19937 random(7);
  SCOPED_TRACE("seed 7");
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = bytes;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    ByteReader in(damaged);
    Shape decoded;
    if (DecodeShape(&in, &decoded)) {
      EXPECT_LE(decoded.body.end, decoded.pieces.size());
    }
  }
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
