#include "templates/folded_bodies.h"

#include <algorithm>

#include "templates/body_form.h"

namespace whittle {
namespace {

// More pieces than the texts have that somebody makes templates of, one for each text.
constexpr int kLongText = 8;

// Long lists and quoted texts in the slots of the template: whatever words they are made of, they are values by looks
// and position, and no evidence that words are.
std::vector<PieceRange> TextsInSlots(const Shape& shape, const TemplateBinding& binding) {
  std::vector<PieceRange> texts;
  const auto is_long = [](PieceRange range) { return range.end > range.begin + kLongText; };
  if (std::none_of(binding.slots.begin(), binding.slots.end(), is_long)) return texts;
  auto slot = binding.slots.begin();
  for (const BodyUnit& unit : ParseBody(shape)) {
    while (slot != binding.slots.end() && slot->end < unit.end) ++slot;
    if (slot == binding.slots.end()) break;
    if (unit.kind == BodyUnit::Kind::kValue && unit.token_class == TokenClass::kMixed &&
        unit.type == ValueType::kString && !unit.open && is_long({unit.begin, unit.end}) && slot->begin <= unit.begin)
      texts.push_back({unit.begin, unit.end});
  }
  return texts;
}

bool PiecesMineAlike(const Piece& line, const Piece& stored) {
  const auto masked = [](const Piece& piece) {
    return piece.kind == Piece::Kind::kSlot || piece.kind == Piece::Kind::kFixed;
  };
  if (line.token_class != stored.token_class || line.time_layout != stored.time_layout) return false;
  if (masked(line) && stored.kind == Piece::Kind::kSlot) return true;
  return line.kind == stored.kind && line.text == stored.text;
}

}  // namespace

void FoldedBodies::Add(const Hash128& stored, std::shared_ptr<const Shape> body) {
  Entry& entry = bodies_[stored];
  const auto [at, added] = entry.index.try_emplace(body->id, static_cast<uint32_t>(entry.bodies.size()));
  if (added) entry.bodies.push_back(shared_.try_emplace(body->id, std::move(body)).first->second);
}

void FoldedBodies::Add(const FoldedBodies& other) {
  for (const auto& [stored, entry] : other.bodies_) {
    for (const auto& body : entry.bodies) Add(stored, body);
  }
}

std::span<const std::shared_ptr<const Shape>> FoldedBodies::Of(const Hash128& stored) const {
  const auto found = bodies_.find(stored);
  if (found == bodies_.end()) return {};
  return found->second.bodies;
}

Field TypeOnly(const Field& field, PieceRange range) {
  Field typed = field;
  typed.role = FieldRole::kAttribute;
  typed.name.clear();
  typed.range = range;
  return typed;
}

std::shared_ptr<const Shape> BodyAlone(const Shape& shape, const TemplateBinding& binding) {
  auto alone = std::make_shared<Shape>();
  const auto end = std::min<size_t>(shape.body.end, shape.pieces.size());
  const uint16_t begin = std::min<uint16_t>(shape.body.begin, static_cast<uint16_t>(end));
  const std::vector<PieceRange> texts = TextsInSlots(shape, binding);
  auto text = texts.begin();
  auto slot = binding.slots.begin();
  std::vector<uint16_t> place;  // of the pieces of the body, in the new one; and its end
  for (size_t i = begin; i < end; ++i) {
    while (text != texts.end() && text->end <= i) ++text;
    const bool in_text = text != texts.end() && text->begin <= i;
    place.push_back(static_cast<uint16_t>(alone->pieces.size() - (in_text && text->begin < i ? 1 : 0)));
    if (in_text && text->begin < i) continue;
    Piece& piece = alone->pieces.emplace_back(shape.pieces[i]);
    while (slot != binding.slots.end() && slot->end <= i) ++slot;
    if (in_text) piece = {Piece::Kind::kSlot, TokenClass::kMixed, 0, 0, ""};
    if (piece.kind == Piece::Kind::kFixed && slot != binding.slots.end() && slot->begin <= i) {
      piece.kind = Piece::Kind::kSlot;
      piece.text.clear();
    }
    if (piece.kind == Piece::Kind::kSlot) piece.slot = alone->slot_count++;
  }
  place.push_back(static_cast<uint16_t>(alone->pieces.size()));
  alone->body = {0, static_cast<uint16_t>(alone->pieces.size())};
  alone->body_unescape = shape.body_unescape;
  alone->body_format = shape.body_format;
  alone->continuation = shape.continuation;
  for (const Field& field : shape.fields) {
    if (field.type == ValueType::kString || field.range.empty() || field.range.begin < begin || field.range.end > end)
      continue;
    const PieceRange range = {place[static_cast<size_t>(field.range.begin - begin)],
                              place[static_cast<size_t>(field.range.end - begin)]};
    if (!range.empty()) alone->fields.push_back(TypeOnly(field, range));
  }
  FinishShape(alone.get());
  return alone;
}

bool MinesAlike(const Shape& line, const Shape& stored) {
  const size_t count = static_cast<size_t>(line.body.end - line.body.begin);
  if (static_cast<size_t>(stored.body.end - stored.body.begin) != count) return false;
  for (size_t i = 0; i < count; ++i) {
    if (!PiecesMineAlike(line.pieces[line.body.begin + i], stored.pieces[stored.body.begin + i])) return false;
  }
  return true;
}

}  // namespace whittle
