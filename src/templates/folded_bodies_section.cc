#include "templates/folded_bodies_section.h"

#include <algorithm>
#include <unordered_map>

#include "base/varint.h"
#include "event/piece_columns.h"
#include "event/shape_list.h"

namespace whittle {
namespace {

constexpr uint8_t kVersion = 2;

// What the bodies of a segment may take to write down and to read: about 100 MB of memory. Beyond it stored shapes
// speak for themselves.
constexpr ShapeListLimits kLimits = {.shapes = 1 << 18, .parts = 1 << 20, .text = 32 << 20};

using Pieces = std::vector<Piece>;

// For each piece of a body, when it is taken apart.
constexpr size_t kMaxComparisons = 16;

std::string TextOf(const Shape& shape) {
  std::string text;
  for (const Piece& piece : shape.pieces) text += piece.text;
  return text;
}

bool SamePieces(const Pieces& a, const Pieces& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), SamePiece);
}

// What the slots of a body stand for in most of the bodies that were folded into it: one slot as they are.
std::vector<Pieces> PlainFillings(const Shape& stored) {
  std::vector<Pieces> fillings;
  for (size_t i = stored.body.begin; i < stored.body.end; ++i) {
    if (stored.pieces[i].kind == Piece::Kind::kSlot) fillings.push_back({stored.pieces[i]});
  }
  return fillings;
}

// The pieces of `body` that stand in the slots of the body of `stored`, when slots may stand for any number of pieces
// and the pieces between them are found as early as they can. Nothing when they are not all there.
std::optional<std::vector<Pieces>> FillingsOf(const Shape& stored, const Shape& body) {
  const size_t size = body.pieces.size();
  const size_t end = stored.body.end;
  const auto run_end = [&](size_t i) {
    while (i < end && stored.pieces[i].kind != Piece::Kind::kSlot) ++i;
    return i;
  };
  size_t comparisons_left = kMaxComparisons * (size + 1);
  const auto matches = [&](size_t first, size_t last, size_t at) {
    if (last - first > size - at) return false;
    for (size_t i = first; i < last; ++i) {
      if (comparisons_left == 0 || !SamePiece(stored.pieces[i], body.pieces[at + i - first])) return false;
      --comparisons_left;
    }
    return true;
  };
  std::vector<Pieces> fillings;
  size_t last = run_end(stored.body.begin);
  if (!matches(stored.body.begin, last, 0)) return std::nullopt;
  size_t at = last - stored.body.begin;
  while (last < end) {  // at a slot
    const size_t first = last + 1;
    last = run_end(first);
    size_t found = at;
    if (last == end) {
      found = std::max(at, size - std::min(size, last - first));
    } else if (first == last) {
      found = std::min(at + 1, size);  // a slot beside a slot
    } else {
      while (found < size && !matches(first, last, found)) ++found;
    }
    if (!matches(first, last, found)) return std::nullopt;
    fillings.emplace_back(body.pieces.begin() + static_cast<ptrdiff_t>(at),
                          body.pieces.begin() + static_cast<ptrdiff_t>(found));
    at = found + last - first;
  }
  if (at != size) return std::nullopt;
  return fillings;
}

// The body that FillingsOf took apart.
std::shared_ptr<const Shape> Filled(const Shape& stored, const std::vector<Pieces>& fillings) {
  auto body = std::make_shared<Shape>();
  std::vector<uint16_t> begins;  // of the stored pieces, in the new body; and its end
  size_t slot = 0;
  size_t size = 0;
  for (size_t i = stored.body.begin; i < stored.body.end; ++i) {
    const Piece& piece = stored.pieces[i];
    begins.push_back(static_cast<uint16_t>(body->pieces.size()));
    if (piece.kind == Piece::Kind::kSlot) {
      const Pieces& filling = fillings[slot++];
      size += filling.size();
      if (size > kMaxPieces) return nullptr;
      body->pieces.insert(body->pieces.end(), filling.begin(), filling.end());
    } else {
      if (++size > kMaxPieces) return nullptr;
      body->pieces.push_back(piece);
    }
  }
  begins.push_back(static_cast<uint16_t>(body->pieces.size()));
  for (Piece& piece : body->pieces) {
    if (piece.kind == Piece::Kind::kSlot) piece.slot = body->slot_count++;
  }
  for (const Field& field : stored.fields) {
    if (field.type == ValueType::kString || field.range.empty() || field.range.begin < stored.body.begin ||
        field.range.end > stored.body.end)
      continue;
    const auto place = [&](uint16_t piece) { return begins[static_cast<size_t>(piece - stored.body.begin)]; };
    body->fields.push_back(TypeOnly(field, {place(field.range.begin), place(field.range.end)}));
  }
  body->body = {0, static_cast<uint16_t>(body->pieces.size())};
  body->body_unescape = stored.body_unescape;
  body->body_format = stored.body_format;
  body->continuation = stored.continuation;
  FinishShape(body.get());
  return body;
}

class Writer {
 public:
  // False when the bodies of the shape are too many: then none of them is taken.
  bool Take(const Shape& stored, std::span<const std::shared_ptr<const Shape>> bodies) {
    ShapeListBudget more = budget_;
    for (const auto& body : bodies) {
      if (!numbers_.contains(body->id) && !more.Take(*body)) return false;
    }
    budget_ = more;
    std::vector<std::pair<std::string, const Shape*>> sorted;  // so that neighbours are alike
    for (const auto& body : bodies) sorted.emplace_back(TextOf(*body), body.get());
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : a.second->id.low < b.second->id.low;
    });
    Members& members = members_.emplace_back();
    std::vector<Pieces> before = PlainFillings(stored);
    for (const auto& [text, body] : sorted) {
      const auto [at, added] = numbers_.try_emplace(body->id);
      if (added) at->second = Add(stored, *body, &before);
      if (added && !at->second.apart) {
        ++members.fresh;
      } else {
        members.known.push_back(at->second);
      }
    }
    return true;
  }
  void TakeNone() { members_.emplace_back(); }

  std::string Write() const {
    std::string bytes;
    if (numbers_.empty()) return bytes;
    ByteWriter out(&bytes);
    out.U8(kVersion);
    EncodeShapeList(apart_, &out);
    for (const Members& members : members_) out.Varint(members.fresh);
    for (const Members& members : members_) out.Varint(members.known.size());
    for (const Members& members : members_) {
      std::vector<size_t> numbers;
      for (const Number& number : members.known) numbers.push_back(number.index + (number.apart ? 0 : apart_.size()));
      std::sort(numbers.begin(), numbers.end());
      size_t last = 0;
      for (const size_t number : numbers) {
        out.Varint(number - last);
        last = number;
      }
    }
    out.Bytes(counts_);
    pieces_.Write(&out);
    return bytes;
  }

 private:
  struct Number {
    bool apart = false;  // written as a shape of its own
    size_t index = 0;    // among those, or among the others
  };
  struct Members {
    size_t fresh = 0;  // written with this shape
    std::vector<Number> known;
  };

  Number Add(const Shape& stored, const Shape& body, std::vector<Pieces>* before) {
    const auto fillings = FillingsOf(stored, body);
    const auto again = fillings ? Filled(stored, *fillings) : nullptr;
    if (again == nullptr || again->id != body.id) {
      apart_.push_back(&body);
      return {true, apart_.size() - 1};
    }
    for (size_t k = 0; k < fillings->size(); ++k) {
      const Pieces& filling = (*fillings)[k];
      const bool same = SamePieces(filling, (*before)[k]);
      PutVarint(&counts_, same ? 0 : filling.size() + 1);
      if (same) continue;
      for (const Piece& piece : filling) pieces_.Add(piece);
    }
    *before = *fillings;
    return {false, fitting_++};
  }

  ShapeListBudget budget_{kLimits};
  std::unordered_map<Hash128, Number, Hash128Hasher> numbers_;
  std::vector<const Shape*> apart_;
  size_t fitting_ = 0;
  std::vector<Members> members_;
  std::string counts_;
  PieceWriter pieces_;
};

// The bodies written with one shape, one after another.
class Reader {
 public:
  explicit Reader(ByteReader* in) : counts_(in->Bytes()), pieces_(in) {}

  std::shared_ptr<const Shape> Next(const Shape& stored, std::vector<Pieces>* fillings) {
    for (Pieces& filling : *fillings) {
      const uint64_t count = counts_.Varint();
      if (!counts_.ok() || count > pieces_.remaining() + 1) return nullptr;
      if (count == 0) continue;
      filling.clear();
      for (uint64_t i = 1; i < count; ++i) {
        if (!pieces_.Next(&filling.emplace_back())) return nullptr;
      }
    }
    return Filled(stored, *fillings);
  }
  bool Finished() const { return counts_.ok() && counts_.remaining() == 0 && pieces_.Finished(); }

 private:
  ByteReader counts_;
  PieceReader pieces_;
};

}  // namespace

std::string EncodeFoldedBodies(const FoldedBodies& folded, std::span<const Shape* const> shapes) {
  Writer writer;
  for (const Shape* shape : shapes) {
    if (!writer.Take(*shape, folded.Of(shape->id))) writer.TakeNone();
  }
  return writer.Write();
}

std::optional<FoldedBodies> DecodeFoldedBodies(std::string_view bytes, std::span<const Shape* const> shapes) {
  FoldedBodies folded;
  ByteReader in(bytes);
  if (in.U8() != kVersion) return in.ok() ? std::optional(FoldedBodies()) : std::nullopt;  // of a later minor version
  SharedShapes bodies;
  if (!DecodeShapeList(&in, kLimits, &bodies)) return std::nullopt;
  ShapeListBudget budget(kLimits);
  for (const auto& body : bodies) budget.Take(*body);
  if (shapes.size() > in.remaining()) return std::nullopt;
  std::vector<uint64_t> fresh(shapes.size()), known(shapes.size());
  for (uint64_t& count : fresh) count = in.Varint();
  for (uint64_t& count : known) count = in.Varint();
  std::vector<std::vector<uint64_t>> members(shapes.size());
  for (size_t i = 0; i < shapes.size(); ++i) {
    if (!in.ok() || known[i] > in.remaining()) return std::nullopt;
    uint64_t member = 0;
    for (uint64_t k = 0; k < known[i]; ++k) members[i].push_back(member += in.Varint());
  }
  Reader reader(&in);
  for (size_t i = 0; i < shapes.size(); ++i) {
    std::vector<Pieces> fillings = PlainFillings(*shapes[i]);
    for (uint64_t k = 0; k < fresh[i]; ++k) {
      auto body = reader.Next(*shapes[i], &fillings);
      if (body == nullptr || !budget.Take(*body)) return std::nullopt;
      folded.Add(shapes[i]->id, body);
      bodies.push_back(std::move(body));
    }
    for (const uint64_t member : members[i]) {
      if (member >= bodies.size()) return std::nullopt;
      folded.Add(shapes[i]->id, bodies[member]);
    }
  }
  if (!in.ok() || in.remaining() != 0 || !reader.Finished()) return std::nullopt;
  return folded;
}

}  // namespace whittle
