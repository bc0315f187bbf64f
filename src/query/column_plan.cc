#include "query/column_plan.h"

#include <algorithm>

#include "base/hash.h"
#include "event/json_escape.h"
#include "event/severity.h"
#include "expr/text_match.h"

namespace whittle {
namespace {

// As RecordView::Lookup answers for severities: nothing when the event has no such field.
std::optional<Value> SeverityValue(Builtin builtin, const Shape& shape, std::string text) {
  const int number = SeverityNumberOfField(text, shape.envelope.starts_with("syslog"));
  if (builtin == Builtin::kSeverityText) {
    if (text.empty()) return std::nullopt;
    return Value::String(text);
  }
  if (number == 0 && (text.empty() || builtin == Builtin::kSeverityNumber)) return std::nullopt;
  Value value;
  value.type = ValueType::kInt64;
  value.integer = number;
  value.text = builtin == Builtin::kSeverity ? std::move(text) : std::to_string(number);
  return value;
}

// Answers of the leaves that are the same for all rows of a shape; asks that others be neither.
class ConstantLeaves : public Filter::LeafAnswers {
 public:
  ConstantLeaves(const std::vector<LeafPlan>& leaves, const std::vector<bool>& open, bool others)
      : leaves_(leaves), open_(open), others_(others) {}
  bool Answer(size_t leaf) override { return open_[leaf] ? others_ : leaves_[leaf].constant; }

 private:
  const std::vector<LeafPlan>& leaves_;
  const std::vector<bool>& open_;
  bool others_;
};

}  // namespace

// Where the value of a field stands in the rows of one shape.
struct ColumnPlan::Place {
  enum class Kind : uint8_t { kAbsent, kConstant, kSlot, kTime, kElsewhere };
  Kind kind = Kind::kAbsent;
  Value constant;
  uint32_t slot = 0;
  const PlannedField* planned = nullptr;
  bool severity = false;

  static Place Of(Value value) {
    Place place;
    place.kind = Kind::kConstant;
    place.constant = std::move(value);
    return place;
  }
  const Value* value() const { return kind == Kind::kConstant ? &constant : nullptr; }
};

bool ReadsText(const Filter::Leaf& leaf) {
  return leaf.field->builtin == Builtin::kBody || leaf.field->builtin == Builtin::kRaw;
}

bool HasWeights(const SegmentReader& reader) {
  return reader.HasStream(StreamId::kSampleThreshold) || reader.HasStream(StreamId::kIncomingRate);
}

ColumnPlan::ColumnPlan(const std::vector<StoredShape>& shapes, size_t column_count, const ShapePlans& plans,
                       const SegmentSource* source, const Filter& filter, Aggregator* aggregator)
    : stored_(shapes),
      plans_(plans),
      source_(source),
      filter_(filter),
      aggregator_(*aggregator),
      filter_fields_(shapes.size(), filter.fields().size()),
      group_fields_(shapes.size(), aggregator->fields().size()),
      shapes_(shapes.size()),
      used_(column_count, false),
      unescaped_(column_count, false) {}

Result<bool> ColumnPlan::Make(SegmentRows* rows) {
  if (HasWeights(rows->reader())) return false;
  reader_ = &rows->reader();
  for (size_t row = 0; row < rows->row_count() && !has_long_records_; ++row) {
    has_long_records_ = !rows->IsRecordStart(row);
  }
  for (uint32_t s = 0; s < shapes_.size(); ++s) {
    if (rows->ShapeHasRows(s) && !MakeShape(s)) return false;
  }
  WHITTLE_RETURN_IF_ERROR(rows->LoadColumns(used_));
  if (!EscapesEndInSlots(*rows)) return false;
  for (uint32_t s = 0; s < shapes_.size(); ++s) {
    auto& advance = shapes_[s].advance;
    for (const uint32_t column : stored_[s].columns) {
      if (!used_[column]) continue;
      const auto known = std::find_if(advance.begin(), advance.end(), [&](const auto& a) { return a.first == column; });
      if (known == advance.end()) {
        advance.emplace_back(column, 1);
      } else {
        ++known->second;
      }
    }
  }
  return true;
}

bool ColumnPlan::PlanOne(uint32_t s) {
  ShapePlanOfScan& plan = shapes_[s];
  plan.leaves.resize(filter_.leaf_count());
  for (size_t leaf = 0; leaf < filter_.leaf_count(); ++leaf) {
    if (!PlanLeaf(s, leaf)) return false;
  }
  Decide(&plan);
  for (size_t leaf = 0; leaf < plan.leaves.size(); ++leaf) {
    // A line that settles nothing as the first of its record may be a later one of another.
    const bool is_asked = !plan.settled || (has_long_records_ && ReadsText(filter_.leaf(leaf)));
    for (const SlotUse& use : plan.leaves[leaf].slots) {
      if (!is_asked) break;
      used_[use.column] = true;
      for (const SlotUse::Link& link : use.links) used_[link.column] = true;
    }
  }
  if (plan.settled && !plan.decision) return true;  // its groups are never asked for
  for (size_t i = 0; i < aggregator_.by().size(); ++i) {
    const FieldRef& field = aggregator_.fields()[aggregator_.by()[i]];
    const Place place = PlaceOf(s, field, &group_fields_);
    GroupKeyPlan group;
    if (place.kind == Place::Kind::kElsewhere) return false;
    if (place.kind == Place::Kind::kTime) {
      group.kind = GroupKeyPlan::Kind::kTime;
    } else if (place.kind == Place::Kind::kSlot) {
      group.kind = GroupKeyPlan::Kind::kSlot;
      group.slot = UsePlace(s, place, field, "group" + std::to_string(i));
      used_[group.slot.column] = true;
    } else {
      group.id = aggregator_.InternBy(i, place.value());
    }
    plan.groups.push_back(std::move(group));
  }
  for (size_t call = 0; call < aggregator_.arguments().size(); ++call) {
    ArgumentPlan argument;
    argument.constant.present = true;
    if (const uint32_t index = aggregator_.arguments()[call]; index != Aggregator::kNoField) {
      const FieldRef& field = aggregator_.fields()[index];
      const Place place = PlaceOf(s, field, &group_fields_);
      if (place.kind == Place::Kind::kElsewhere) return false;
      if (place.kind == Place::Kind::kTime) {
        argument.kind = ArgumentPlan::Kind::kTime;
      } else if (place.kind == Place::Kind::kSlot) {
        argument.kind = ArgumentPlan::Kind::kSlot;
        argument.slot = UsePlace(s, place, field, "argument" + std::to_string(call));
        used_[argument.slot.column] = true;
      } else {
        argument.constant = aggregator_.Prepare(call, place.value());
      }
    }
    plan.arguments.push_back(std::move(argument));
  }
  return true;
}

bool ColumnPlan::EscapesEndInSlots(const SegmentRows& rows) const {
  for (size_t column = 0; column < unescaped_.size(); ++column) {
    if (!unescaped_[column] || !used_[column]) continue;
    const std::span<const std::string_view> texts = rows.ColumnValues(column)->texts();
    if (std::any_of(texts.begin(), texts.end(), EndsWithinEscape)) return false;
  }
  return true;
}

// The filter is monotone in no particular leaf, so this asks twice: if the answer is the same whatever the open leaves
// say together, and there is one open leaf at most, rows need not be asked.
void ColumnPlan::Decide(ShapePlanOfScan* plan) const {
  bool decision = false;
  plan->decided = Decides(*plan, false, &plan->decision);
  plan->settled = plan->decided && (!has_long_records_ || Decides(*plan, true, &decision));
}

bool ColumnPlan::Decides(const ShapePlanOfScan& plan, bool more_lines, bool* decision) const {
  std::vector<bool> unknown(plan.leaves.size());
  for (size_t i = 0; i < unknown.size(); ++i) {
    const LeafPlan& leaf = plan.leaves[i];
    // What this line does not say, the next may.
    unknown[i] = leaf.kind != LeafPlan::Kind::kConstant || (more_lines && !leaf.constant && ReadsText(filter_.leaf(i)));
  }
  ConstantLeaves yes(plan.leaves, unknown, true), no(plan.leaves, unknown, false);
  const bool with = filter_.Matches(&yes), without = filter_.Matches(&no);
  const auto count = std::count(unknown.begin(), unknown.end(), true);
  *decision = with;
  return count == 0 || (count == 1 && with == without);
}

bool ColumnPlan::PlanLeaf(uint32_t s, size_t index) {
  LeafPlan& plan = shapes_[s].leaves[index];
  const Filter::Leaf leaf = filter_.leaf(index);
  if (ReadsText(leaf)) return !leaf.word.empty() && PlanText(s, index, &plan);
  const Place place = PlaceOf(s, *leaf.field, &filter_fields_);
  switch (place.kind) {
    case Place::Kind::kElsewhere:
      return false;
    case Place::Kind::kTime:
      plan.kind = LeafPlan::Kind::kTime;
      return true;
    case Place::Kind::kSlot:
      plan.kind = LeafPlan::Kind::kSlots;
      plan.slots.push_back(UsePlace(s, place, *leaf.field, "leaf" + std::to_string(index)));
      return true;
    default: {
      OneValue one;
      one.value = place.value();
      plan.constant = filter_.LeafMatches(index, &one);
      return true;
    }
  }
}

// Whether the word may stand in a slot and what touches it, by how the columns are stored.
bool ColumnPlan::MayHold(const SlotUse& use, std::string_view word) const {
  if (reader_ == nullptr) return true;
  const auto is_letter = [](char c) { return static_cast<unsigned char>((c | 0x20) - 'a') < 26; };
  // Names of months, days and zones are shorter.
  constexpr size_t kLongerThanInTimes = 6;
  const auto letters = static_cast<size_t>(std::count_if(word.begin(), word.end(), is_letter));
  if (letters == 0 || !use.before.empty() || !use.after.empty()) return true;
  const auto is_number = [&](uint32_t column) {
    const auto encoding = reader_->ColumnEncoding(column);
    return encoding == TextOp::kInteger || encoding == TextOp::kDigits || encoding == TextOp::kDecimal;
  };
  if (use.links.empty()) {
    const bool is_time = reader_->ColumnEncoding(use.column) == TextOp::kTicks;
    return !is_number(use.column) && !(is_time && letters == word.size() && letters >= kLongerThanInTimes);
  }
  return !is_number(use.column) || std::any_of(use.links.begin(), use.links.end(), [&](const SlotUse::Link& link) {
    return !link.after.empty() || !is_number(link.column);
  });
}

// A whole word in a message lies within the constant text between two slots, or within slots and the letters that
// touch them.
bool ColumnPlan::PlanWord(uint32_t s, size_t index, const PieceRange& range, uint8_t unescape, LeafPlan* plan) {
  const Shape& shape = *plans_[s]->shape;
  if (unescape > 1) return false;
  const Filter::Leaf leaf = filter_.leaf(index);
  const auto matches = [&](const std::string& text) {
    const Value value = Value::String(text);
    OneValue one;
    one.value = &value;
    return filter_.LeafMatches(index, &one);
  };
  std::string constant;  // since the last slot, or since what belongs to its word
  SlotUse open;
  bool is_open = false;  // a slot whose word may go on
  for (size_t i = range.begin; i < range.end; ++i) {
    const Piece& piece = shape.pieces[i];
    if (piece.kind == Piece::Kind::kSlot) {
      size_t word = constant.size();
      while (word > 0 && IsWordByte(constant[word - 1])) --word;
      SlotUse use = Use(s, piece.slot, "");
      if (unescape != 0) unescaped_[use.column] = true;
      if (is_open && word == 0) {
        open.links.push_back({use.column, use.offset, ""});
        continue;
      }
      plan->constant |= matches(constant.substr(0, word));
      if (is_open && MayHold(open, leaf.word)) plan->slots.push_back(open);
      open = std::move(use);
      open.before = constant.substr(word);
      open.after.clear();
      open.unescape = unescape;
      constant.clear();
      is_open = true;
      continue;
    }
    if (unescape != 0 && EndsWithinEscape(piece.text)) return false;
    const std::string text = unescape != 0 ? Unescape(piece.text, unescape) : piece.text;
    size_t word = 0;
    if (is_open && constant.empty()) {
      while (word < text.size() && IsWordByte(text[word])) ++word;
      (open.links.empty() ? open.after : open.links.back().after) += text.substr(0, word);
    }
    constant += text.substr(word);
  }
  if (is_open && MayHold(open, leaf.word)) plan->slots.push_back(open);
  plan->constant |= matches(constant);
  return true;
}

// The message and, for words that may stand anywhere, the whole line. Where the message is within the line as it is,
// only the ends of the message tell the two apart.
bool ColumnPlan::PlanText(uint32_t s, size_t index, LeafPlan* plan) {
  const Filter::Leaf leaf = filter_.leaf(index);
  const Shape& shape = *plans_[s]->shape;
  const PieceRange whole{0, static_cast<uint16_t>(shape.pieces.size())};
  const PieceRange body = shape.continuation && shape.body.empty() ? whole : shape.body;
  const bool reads_line = leaf.any_text || leaf.field->builtin == Builtin::kRaw;
  const bool reads_body = leaf.any_text || leaf.field->builtin == Builtin::kBody;
  const uint8_t unescape = shape.body_unescape;
  if (reads_body && !PlanWord(s, index, body, unescape, plan)) return false;
  const bool same = reads_body && body == whole && unescape == 0;
  if (reads_line && !same && !PlanWord(s, index, whole, 0, plan)) return false;
  if (plan->constant) {
    plan->slots.clear();
    return true;
  }
  for (SlotUse& use : plan->slots) {
    if (!use.links.empty()) continue;
    const std::string key = "word" + std::to_string(index) + "|" + std::to_string(use.column) + "|" + use.before + "|" +
                            std::to_string(use.before.size()) + "|" + std::to_string(use.unescape) + "|" + use.after;
    use.answers = &answers_[key];
  }
  plan->kind = plan->slots.empty() ? LeafPlan::Kind::kConstant : LeafPlan::Kind::kSlots;
  return true;
}

ColumnPlan::Place ColumnPlan::PlaceOfPlanned(const Shape& shape, const PlannedField& planned, const FieldRef& field,
                                             bool severity) const {
  Place place;
  place.planned = &planned;
  place.severity = severity;
  size_t slots = 0;
  for (size_t i = planned.range.begin; i < planned.range.end && i < shape.pieces.size(); ++i) {
    if (shape.pieces[i].kind != Piece::Kind::kSlot) continue;
    place.slot = shape.pieces[i].slot;
    ++slots;
  }
  if (slots > 0) {
    place.kind = slots == 1 ? Place::Kind::kSlot : Place::Kind::kElsewhere;
    return place;
  }
  if (!severity) {
    auto value = FieldValue(shape, planned, nullptr);
    return value ? Place::Of(*std::move(value)) : Place();
  }
  std::string text;
  AppendFieldText(shape, planned, nullptr, &text);
  auto value = SeverityValue(field.builtin, shape, std::move(text));
  return value ? Place::Of(*std::move(value)) : Place();
}

ColumnPlan::Place ColumnPlan::PlaceOf(uint32_t s, const FieldRef& field, FieldResolver* resolver) const {
  const ShapePlan& plan = *plans_[s];
  Place elsewhere;
  elsewhere.kind = Place::Kind::kElsewhere;
  switch (field.builtin) {
    case Builtin::kNone:
      break;
    case Builtin::kTimestamp: {
      Place time;
      time.kind = Place::Kind::kTime;
      return time;
    }
    case Builtin::kSeverity:
    case Builtin::kSeverityText:
    case Builtin::kSeverityNumber:
      return plan.severity ? PlaceOfPlanned(*plan.shape, *plan.severity, field, true) : Place();
    case Builtin::kTemplate: {
      if (plan.template_id == 0) return {};
      Value value = Value::String(plan.template_text);
      value.integer = static_cast<int64_t>(plan.template_id);
      return Place::Of(std::move(value));
    }
    case Builtin::kTemplateId:
      return plan.template_id == 0 ? Place() : Place::Of(Value::String(ToHex(plan.template_id)));
    case Builtin::kSourceName:
      return source_->name.empty() ? Place() : Place::Of(Value::String(source_->name));
    default:
      return elsewhere;
  }
  const FieldResolver::Resolved& resolved = resolver->Resolve(s, plan, field, *source_);
  switch (resolved.kind) {
    case FieldResolver::Resolved::Kind::kPlanned:
      return PlaceOfPlanned(*plan.shape, *resolved.planned, field, false);
    case FieldResolver::Resolved::Kind::kSourceResource:
      for (const Attribute& attribute : source_->attributes) {
        if (attribute.name == resolved.name) return Place::Of(attribute.value);
      }
      return {};
    case FieldResolver::Resolved::Kind::kAbsent:
      return {};
    default:
      return elsewhere;
  }
}

SlotUse ColumnPlan::Use(uint32_t s, uint32_t slot, const std::string& key) {
  SlotUse use;
  const std::vector<uint32_t>& columns = stored_[s].columns;
  use.column = columns[slot];
  use.slot = slot;
  use.shape = plans_[s]->shape.get();
  use.offset = static_cast<uint32_t>(std::count(columns.begin(), columns.begin() + slot, use.column));
  if (key.empty()) return use;
  use.answers = &answers_[key + "|" + std::to_string(use.column)];
  return use;
}

// The key says all that the meaning of a text depends on.
SlotUse ColumnPlan::UsePlace(uint32_t s, const Place& place, const FieldRef& field, const std::string& question) {
  const Shape& shape = *plans_[s]->shape;
  const PlannedField& planned = *place.planned;
  std::vector<std::string_view> slots(shape.slot_count);
  slots[place.slot] = std::string_view("\0", 1);
  std::string key = question + "|" + std::to_string(static_cast<int>(planned.type)) + "|" +
                    std::to_string(planned.unescape) + "|" + std::to_string(planned.time_layout) + "|" +
                    (shape.envelope.starts_with("syslog") ? "syslog|" : "|");
  RenderPieces(shape, planned.range, slots.data(), &key);
  key += "|" + planned.unit;
  SlotUse use = Use(s, place.slot, key);
  use.planned = place.planned;
  use.severity = place.severity ? field.builtin : Builtin::kNone;
  return use;
}

std::optional<Value> ColumnPlan::ValueOf(const SlotUse& use, std::string_view text) const {
  if (use.planned == nullptr) {
    return Value::String(use.before + (use.unescape != 0 ? Unescape(text, use.unescape) : std::string(text)) +
                         use.after);
  }
  std::vector<std::string_view> slots(use.shape->slot_count);
  slots[use.slot] = text;
  if (use.severity == Builtin::kNone) return FieldValue(*use.shape, *use.planned, slots.data());
  std::string severity;
  AppendFieldText(*use.shape, *use.planned, slots.data(), &severity);
  return SeverityValue(use.severity, *use.shape, std::move(severity));
}

bool ColumnPlan::LeafMatches(size_t leaf, const SlotUse& use, const std::vector<std::string_view>& texts) const {
  size_t size = use.before.size() + use.after.size() + texts[0].size();
  for (size_t i = 0; i < use.links.size(); ++i) size += texts[i + 1].size() + use.links[i].after.size();
  if (size < filter_.leaf(leaf).word.size()) return false;
  const auto plain = [&](std::string_view text) {
    return use.unescape != 0 ? Unescape(text, use.unescape) : std::string(text);
  };
  Value value = Value::String(use.before + plain(texts[0]) + use.after);
  for (size_t i = 0; i < use.links.size(); ++i) value.text.append(plain(texts[i + 1])).append(use.links[i].after);
  OneValue one;
  one.value = &value;
  return filter_.LeafMatches(leaf, &one);
}

bool ColumnPlan::LeafMatches(size_t leaf, const SlotUse& use, std::string_view text) const {
  if (use.planned == nullptr && text.size() + use.before.size() + use.after.size() < filter_.leaf(leaf).word.size())
    return false;
  const auto value = ValueOf(use, text);
  OneValue one;
  one.value = value ? &*value : nullptr;
  return filter_.LeafMatches(leaf, &one);
}

uint32_t ColumnPlan::InternGroup(size_t index, const SlotUse& use, std::string_view text) const {
  const auto value = ValueOf(use, text);
  return aggregator_.InternBy(index, value ? &*value : nullptr);
}

uint32_t ColumnPlan::PrepareArgument(size_t call, const SlotUse& use, std::string_view text) {
  const auto value = ValueOf(use, text);
  arguments_.push_back(aggregator_.Prepare(call, value ? &*value : nullptr));
  return static_cast<uint32_t>(arguments_.size() - 1);
}

}  // namespace whittle
