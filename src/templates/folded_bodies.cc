#include "templates/folded_bodies.h"

#include <algorithm>

namespace whittle {
namespace {

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
  auto slot = binding.slots.begin();
  for (size_t i = begin; i < end; ++i) {
    Piece& piece = alone->pieces.emplace_back(shape.pieces[i]);
    while (slot != binding.slots.end() && slot->end <= i) ++slot;
    if (piece.kind == Piece::Kind::kFixed && slot != binding.slots.end() && slot->begin <= i) {
      piece.kind = Piece::Kind::kSlot;
      piece.text.clear();
    }
    if (piece.kind == Piece::Kind::kSlot) piece.slot = alone->slot_count++;
  }
  alone->body = {0, static_cast<uint16_t>(alone->pieces.size())};
  alone->body_unescape = shape.body_unescape;
  alone->body_format = shape.body_format;
  alone->continuation = shape.continuation;
  for (const Field& field : shape.fields) {
    if (field.type == ValueType::kString || field.range.empty() || field.range.begin < begin || field.range.end > end)
      continue;
    alone->fields.push_back(TypeOnly(
        field, {static_cast<uint16_t>(field.range.begin - begin), static_cast<uint16_t>(field.range.end - begin)}));
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
