#include "enrich/field_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/varint.h"
#include "event/shape_list.h"

namespace whittle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// "warn 17 x", as three fields.
std::shared_ptr<const Shape> Line() {
  auto shape = std::make_shared<Shape>();
  for (const char* text : {"warn", " ", "", " ", "x"}) {
    Piece piece;
    piece.kind = *text == '\0' ? Piece::Kind::kSlot : Piece::Kind::kWord;
    piece.text = text;
    shape->pieces.push_back(piece);
  }
  shape->slot_count = 1;
  shape->fields = {{FieldRole::kSeverity, ValueType::kString, 0, 0, {0, 1}, "", ""},
                   {FieldRole::kAttribute, ValueType::kInt64, 0, 0, {2, 3}, "ctx.uid", ""},
                   {FieldRole::kAttribute, ValueType::kString, 0, 0, {4, 5}, "ctx.region", ""}};
  shape->body = {0, 5};
  FinishShape(shape.get());
  return shape;
}

std::vector<std::string> Fields(const Shape& shape) {
  std::vector<std::string> all;
  for (const Field& field : shape.fields) {
    std::string text(NameOfField(field));
    if (field.role == FieldRole::kResource) text = "resource " + text;
    all.push_back(field.constant.empty() ? text : text + "=" + field.constant);
  }
  return all;
}

FieldStep Pairs(FieldStep::Kind kind, std::vector<std::pair<std::string, std::string>> pairs) {
  return {kind, std::move(pairs), {}};
}
FieldStep Drop(std::vector<std::string> names) { return {FieldStep::Kind::kDrop, {}, std::move(names)}; }

TEST(FieldStep, SetsConstantsOverWhatTheLineSays) {
  const auto set = Pairs(FieldStep::Kind::kSet, {{"ctx.uid", "9"}, {"service.name", "pay"}, {"severity", "ERROR"}});
  const auto shape = ApplyFieldStep(Line(), set);
  EXPECT_THAT(Fields(*shape), ElementsAre("log.level", "", "ctx.region", "ctx.uid=9", "resource service.name=pay",
                                          "severity_text=ERROR"));
  EXPECT_EQ(shape->fields[3].type, ValueType::kInt64);
  EXPECT_NE(shape->id, Line()->id);
  // Again: the constants make way, nothing piles up.
  EXPECT_EQ(ApplyFieldStep(shape, set)->fields.size(), shape->fields.size());
}

TEST(FieldStep, RenamesFieldsPrefixesAndRoles) {
  const auto kind = FieldStep::Kind::kRename;
  EXPECT_THAT(Fields(*ApplyFieldStep(Line(), Pairs(kind, {{"ctx.*", "k8s.*"}}))),
              ElementsAre("severity_text", "resource k8s.uid", "resource k8s.region"));
  EXPECT_THAT(Fields(*ApplyFieldStep(Line(), Pairs(kind, {{"ctx.region", "severity"}}))),
              ElementsAre("log.level", "ctx.uid", "severity_text"));
  EXPECT_THAT(Fields(*ApplyFieldStep(Line(), Pairs(kind, {{"severity", "shade"}}))),
              ElementsAre("shade", "ctx.uid", "ctx.region"));
  const auto traced = ApplyFieldStep(Line(), Pairs(kind, {{"ctx.uid", "trace_id"}}));
  EXPECT_EQ(traced->fields[1].role, FieldRole::kTraceId);
  EXPECT_EQ(ApplyFieldStep(Line(), Pairs(kind, {{"nothing", "x"}}))->id, Line()->id);
}

TEST(FieldStep, DropsFieldsAndKeepsTheirBytes) {
  const auto shape = ApplyFieldStep(Line(), Drop({"ctx.*", "severity_text"}));
  EXPECT_THAT(Fields(*shape), ElementsAre("", "", ""));
  EXPECT_EQ(shape->pieces.size(), Line()->pieces.size());
  EXPECT_EQ(ApplyFieldStep(shape, Drop({"ctx.*"}))->id, shape->id);
}

TEST(FieldStep, ConstantsSurviveStoring) {
  const auto shape = ApplyFieldStep(Line(), Pairs(FieldStep::Kind::kSet, {{"a", "b"}}));
  std::string bytes;
  ByteWriter out(&bytes);
  EncodeShapeList({{shape.get()}}, &out);
  ByteReader in(bytes);
  SharedShapes decoded;
  ASSERT_TRUE(DecodeShapeList(&in, {.shapes = 1, .parts = 100, .text = 1000}, &decoded));
  EXPECT_EQ(decoded[0]->id, shape->id);
  EXPECT_EQ(decoded[0]->fields.back().constant, "b");
}

TEST(FieldStep, SaysWhatCannotBe) {
  const auto problem = [](const FieldStep& step) { return CheckFieldStep(step).message(); };
  EXPECT_THAT(problem(Pairs(FieldStep::Kind::kSet, {{"a", ""}})), HasSubstr("needs a value"));
  EXPECT_THAT(problem(Pairs(FieldStep::Kind::kSet, {{"a.*", "b"}})), HasSubstr("has no star"));
  EXPECT_THAT(problem(Pairs(FieldStep::Kind::kSet, {{"trace_id", "b"}})), HasSubstr("cannot be set"));
  EXPECT_THAT(problem(Pairs(FieldStep::Kind::kSet, {{"a", std::string(5000, 'x')}})), HasSubstr("longer than 4096"));
  EXPECT_THAT(problem(Pairs(FieldStep::Kind::kRename, {{"template", "b"}})), HasSubstr("not a field of the line"));
  EXPECT_THAT(problem(Drop({"timestamp"})), HasSubstr("cannot be dropped"));
  EXPECT_THAT(problem(Drop(std::vector<std::string>(1001, "a"))), HasSubstr("more than 1000"));
  EXPECT_TRUE(CheckFieldStep(Drop({"a", "b.*"})).ok());
}

}  // namespace
}  // namespace whittle
