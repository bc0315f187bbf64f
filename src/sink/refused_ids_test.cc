#include "sink/refused_ids.h"

#include <gtest/gtest.h>

namespace whittle {
namespace {

uint64_t Refused(FieldRole role, ValueType type, const std::vector<std::string>& ids) {
  auto shape = std::make_shared<Shape>();
  Piece piece;
  piece.kind = Piece::Kind::kSlot;
  shape->pieces.push_back(piece);
  shape->slot_count = 1;
  Field field;
  field.role = role;
  field.type = type;
  field.range = {0, 1};
  shape->fields.push_back(field);
  FinishShape(shape.get());
  EventBatch batch;
  auto text = std::make_shared<std::string>();
  batch.shapes = {shape};
  for (const std::string& id : ids) {
    Row row;
    row.flags = Row::kRecordStart;
    row.first_slot = static_cast<uint32_t>(batch.slots.size());
    batch.slots.push_back({static_cast<uint32_t>(text->size()), static_cast<uint32_t>(id.size())});
    batch.rows.push_back(row);
    *text += id;
  }
  batch.text = text;
  return CountRefusedIds(batch);
}

TEST(RefusedIds, CountsWhatIsNoId) {
  const std::string zeros(32, '0');
  EXPECT_EQ(Refused(FieldRole::kTraceId, ValueType::kHexId,
                    {"4bf92f3577b34da6a3ce929d0e0e4736", zeros, "17", "not-an-id", "-", "", "null", "N/A"}),
            3u);
  EXPECT_EQ(Refused(FieldRole::kSpanId, ValueType::kHexId, {"00f067aa0ba902b7", "0000000000000000"}), 1u);
  EXPECT_EQ(Refused(FieldRole::kTraceId, ValueType::kInt64, {"11803532876627986230", "x"}), 1u);
  EXPECT_EQ(Refused(FieldRole::kAttribute, ValueType::kHexId, {zeros}), 0u);
}

}  // namespace
}  // namespace whittle
