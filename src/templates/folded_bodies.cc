#include "templates/folded_bodies.h"

#include <algorithm>

#include "base/varint.h"

namespace whittle {
namespace {

constexpr uint8_t kVersion = 2;

// What the bodies of a segment may take to write down and to read: about 100 MB of memory. Beyond it stored shapes
// speak for themselves.
constexpr ShapeListLimits kLimits = {.shapes = 1 << 18, .parts = 1 << 20, .text = 32 << 20};

std::string TextOf(const Shape& shape) {
  std::string text;
  for (const Piece& piece : shape.pieces) text += piece.text;
  return text;
}

// The distinct bodies of several shapes, ordered so that neighbours are alike.
class BodyWriter {
 public:
  // False when they would be too many: then none of them is taken.
  bool Take(std::span<const std::shared_ptr<const Shape>> bodies) {
    ShapeListBudget more = budget_;
    for (const auto& body : bodies) {
      if (!index_.contains(body->id) && !more.Take(*body)) return false;
    }
    budget_ = more;
    for (const auto& body : bodies) {
      if (index_.try_emplace(body->id, 0).second) bodies_.push_back({TextOf(*body), body.get()});
    }
    return true;
  }

  bool empty() const { return bodies_.empty(); }

  std::string Write() {
    std::sort(bodies_.begin(), bodies_.end(), [](const Body& a, const Body& b) {
      return a.text != b.text ? a.text < b.text : a.shape->id.low < b.shape->id.low;
    });
    std::string bytes;
    ByteWriter out(&bytes);
    out.U8(kVersion);
    std::vector<const Shape*> shapes;
    for (uint32_t i = 0; i < bodies_.size(); ++i) {
      index_[bodies_[i].shape->id] = i;
      shapes.push_back(bodies_[i].shape);
    }
    EncodeShapeList(shapes, &out);
    return bytes;
  }

  // In ascending order; after Write.
  std::vector<uint32_t> IndexesOf(std::span<const std::shared_ptr<const Shape>> bodies) const {
    std::vector<uint32_t> indexes;
    for (const auto& body : bodies) indexes.push_back(index_.at(body->id));
    std::sort(indexes.begin(), indexes.end());
    return indexes;
  }

 private:
  struct Body {
    std::string text;
    const Shape* shape = nullptr;
  };
  ShapeListBudget budget_{kLimits};
  std::unordered_map<Hash128, uint32_t, Hash128Hasher> index_;
  std::vector<Body> bodies_;
};

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
    Field typed = field;
    typed.role = FieldRole::kAttribute;
    typed.name.clear();
    typed.range = {static_cast<uint16_t>(field.range.begin - begin), static_cast<uint16_t>(field.range.end - begin)};
    alone->fields.push_back(std::move(typed));
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

std::string EncodeFoldedBodies(const FoldedBodies& folded, std::span<const Hash128> shapes) {
  BodyWriter bodies;
  std::vector<bool> told(shapes.size(), false);
  for (size_t i = 0; i < shapes.size(); ++i) told[i] = bodies.Take(folded.Of(shapes[i]));
  if (bodies.empty()) return {};
  std::string bytes = bodies.Write();
  ByteWriter out(&bytes);
  for (size_t i = 0; i < shapes.size(); ++i) {
    std::vector<uint32_t> members;
    if (told[i]) members = bodies.IndexesOf(folded.Of(shapes[i]));
    out.Varint(members.size());
    uint32_t last = 0;
    for (const uint32_t member : members) {
      out.Varint(member - last);
      last = member;
    }
  }
  return bytes;
}

std::optional<FoldedBodies> DecodeFoldedBodies(std::string_view bytes, std::span<const Hash128> shapes) {
  FoldedBodies folded;
  ByteReader in(bytes);
  if (in.U8() != kVersion) return in.ok() ? std::optional(FoldedBodies()) : std::nullopt;  // of a later minor version
  SharedShapes bodies;
  if (!DecodeShapeList(&in, kLimits, &bodies)) return std::nullopt;
  for (const Hash128& shape : shapes) {
    const uint64_t members = in.Varint();
    if (!in.ok() || members > bodies.size()) return std::nullopt;
    uint64_t member = 0;
    for (uint64_t i = 0; i < members; ++i) {
      member += in.Varint();
      if (!in.ok() || member >= bodies.size()) return std::nullopt;
      folded.Add(shape, bodies[member]);
    }
  }
  if (!in.ok() || in.remaining() != 0) return std::nullopt;
  return folded;
}

}  // namespace whittle
