// ColumnPlan: for every shape of a segment, where the conditions, groups and arguments of an aggregation stand: in the
// shape itself, or in one slot, whose texts are asked about once per distinct value. The work of ColumnScan that does
// not depend on rows. Not thread-safe; what it was made from must outlive it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <whittle/status.h>

#include "expr/filter.h"
#include "query/aggregate.h"
#include "query/store_reader.h"

namespace whittle {

// A field whose value is at hand, as a source of that one field.
class OneValue : public FieldSource {
 public:
  const Value* Lookup(const FieldRef&) override { return value; }
  std::optional<std::string_view> Text(const FieldRef&) override {
    return value == nullptr ? std::nullopt : std::optional<std::string_view>(value->text);
  }
  const Value* value = nullptr;
};

inline constexpr uint32_t kUnknownAnswer = UINT32_MAX;

// One slot of one shape, and the answers to one question by the codes of its column. Shapes in which the slot means the
// same share the answers.
struct SlotUse {
  uint32_t column = 0;
  uint32_t offset = 0;  // of the slot's value among those a row of the shape has in the column
  uint32_t slot = 0;
  const Shape* shape = nullptr;
  const PlannedField* planned = nullptr;  // null: the slot is a part of the message
  Builtin severity = Builtin::kNone;      // kSeverity…: the field is one of these
  std::string before, after;              // of a part of the message: the rest of the same word
  uint8_t unescape = 0;                   // of a part of the message
  // Of a part of the message: slots behind this one that may go on with its word, and the text behind each.
  struct Link {
    uint32_t column = 0, offset = 0;
    std::string after;
  };
  std::vector<Link> links;  // with any, there are no answers by code
  std::vector<uint32_t>* answers = nullptr;
};

struct LeafPlan {
  enum class Kind : uint8_t { kConstant, kTime, kSlots };
  Kind kind = Kind::kConstant;
  bool constant = false;
  std::vector<SlotUse> slots;  // any of them
};
struct GroupKeyPlan {
  enum class Kind : uint8_t { kConstant, kTime, kSlot };
  Kind kind = Kind::kConstant;
  uint32_t id = 0;
  SlotUse slot;
};
struct ArgumentPlan {
  enum class Kind : uint8_t { kConstant, kTime, kSlot };
  Kind kind = Kind::kConstant;
  Aggregator::Argument constant;
  SlotUse slot;
};
struct ShapePlanOfScan {
  bool decided = false, decision = false;  // what the filter says of all records of one line, apart from their time
  bool settled = false;                    // ... and of those that go on in other lines
  std::vector<LeafPlan> leaves;
  std::vector<GroupKeyPlan> groups;
  std::vector<ArgumentPlan> arguments;
  std::vector<std::pair<uint32_t, uint32_t>> advance;  // columns that are read, and how many values a row has in each
};

// Conditions on the text of a record, which may have more lines than the one its shape is of.
bool ReadsText(const Filter::Leaf& leaf);

// Weights and exact counts of strata are the business of single records.
bool HasWeights(const SegmentReader& reader);

class ColumnPlan {
 public:
  ColumnPlan(const std::vector<StoredShape>& shapes, size_t column_count, const ShapePlans& plans,
             const SegmentSource* source, const Filter& filter, Aggregator* aggregator);

  // Plans all shapes with rows and loads their columns. False: some shape needs more than single slots.
  Result<bool> Make(SegmentRows* rows);
  // Plans one shape; false: it needs more than single slots. For who looks at no rows.
  bool MakeShape(uint32_t shape) { return plans_[shape] != nullptr && PlanOne(shape); }

  bool uses(size_t column) const { return used_[column]; }
  const ShapePlanOfScan& shape(size_t index) const { return shapes_[index]; }

  // The questions, about one text of a slot.
  bool LeafMatches(size_t leaf, const SlotUse& use, std::string_view text) const;
  bool LeafMatches(size_t leaf, const SlotUse& use, const std::vector<std::string_view>& texts) const;  // with links
  uint32_t InternGroup(size_t index, const SlotUse& use, std::string_view text) const;
  uint32_t PrepareArgument(size_t call, const SlotUse& use, std::string_view text);
  const Aggregator::Argument& argument(uint32_t answer) const { return arguments_[answer]; }

 private:
  struct Place;
  bool PlanOne(uint32_t shape);
  bool PlanLeaf(uint32_t shape, size_t leaf);
  bool PlanText(uint32_t shape, size_t leaf, LeafPlan* plan);
  bool PlanWord(uint32_t shape, size_t leaf, const PieceRange& range, uint8_t unescape, LeafPlan* plan);
  bool EscapesEndInSlots(const SegmentRows& rows) const;
  bool MayHold(const SlotUse& use, std::string_view word) const;
  Place PlaceOf(uint32_t shape, const FieldRef& field, FieldResolver* resolver) const;
  Place PlaceOfPlanned(const Shape& shape, const PlannedField& planned, const FieldRef& field, bool severity) const;
  SlotUse Use(uint32_t shape, uint32_t slot, const std::string& question);
  SlotUse UsePlace(uint32_t shape, const Place& place, const FieldRef& field, const std::string& question);
  std::optional<Value> ValueOf(const SlotUse& use, std::string_view text) const;
  void Decide(ShapePlanOfScan* plan) const;
  bool Decides(const ShapePlanOfScan& plan, bool more_lines, bool* decision) const;

  const std::vector<StoredShape>& stored_;
  const ShapePlans& plans_;
  const SegmentSource* source_;
  const Filter& filter_;
  Aggregator& aggregator_;
  FieldResolver filter_fields_, group_fields_;
  std::vector<ShapePlanOfScan> shapes_;
  std::vector<bool> used_;                 // per column
  const SegmentReader* reader_ = nullptr;  // whose rows are scanned, if any
  bool has_long_records_ = false;
  std::vector<bool> unescaped_;  // per column: what a value means must not hang on the text behind it
  std::map<std::string, std::vector<uint32_t>> answers_;
  std::vector<Aggregator::Argument> arguments_;
};

}  // namespace whittle
