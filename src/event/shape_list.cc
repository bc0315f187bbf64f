#include "event/shape_list.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/hash.h"
#include "event/piece_columns.h"
#include "event/template_text.h"

namespace whittle {
namespace {

// In the byte of a field's role: its value follows its name.
constexpr uint8_t kConstantField = 0x80;

// In the flags of a body, above its levels of escaping.
constexpr uint8_t kContinuation = 4;
constexpr uint8_t kStoredSignature = 8;
constexpr uint8_t kNoSignature = 16;

bool SameField(const Field& a, const Field& b) {
  return a.role == b.role && a.type == b.type && a.unescape == b.unescape && a.time_layout == b.time_layout &&
         a.range == b.range && a.name == b.name && a.constant == b.constant;
}

// Bytes of the names that a shape shares with others of its context.
uint64_t NamesOf(const Shape& shape) { return shape.envelope.size() + shape.header.size() + shape.body_format.size(); }

size_t CommonPieces(const Shape& a, const Shape& b) {
  const size_t size = std::min(a.pieces.size(), b.pieces.size());
  size_t count = 0;
  while (count < size && SamePiece(a.pieces[count], b.pieces[count])) ++count;
  return count;
}

// Of the ends, `head` pieces at the beginning left out.
size_t CommonEnd(const Shape& a, const Shape& b, size_t head) {
  const size_t size = std::min(a.pieces.size(), b.pieces.size()) - head;
  size_t count = 0;
  while (count < size &&
         SamePiece(a.pieces.rbegin()[static_cast<ptrdiff_t>(count)], b.pieces.rbegin()[static_cast<ptrdiff_t>(count)]))
    ++count;
  return count;
}

class Encoder {
 public:
  void Add(const Shape& shape) {
    const auto [at, added] =
        contexts_.try_emplace({shape.envelope, shape.header, shape.body_format}, contexts_.size(), &nothing_);
    auto& [number, before] = at->second;
    ByteWriter out(&context_bytes_);
    out.Varint(number);
    if (added) {
      for (const std::string* name : {&shape.envelope, &shape.header, &shape.body_format}) out.Bytes(*name);
    }
    AddPieces(shape, *before);
    AddFields(shape, *before);
    AddBody(shape);
    before = &shape;
  }

  void Write(ByteWriter* out) const {
    out->Bytes(context_bytes_);
    out->Bytes(counts_);
    pieces_.Write(out);
    out->Bytes(fields_);
    out->Bytes(bodies_);
    out->Bytes(signatures_);
  }

 private:
  void AddPieces(const Shape& shape, const Shape& before) {
    const size_t head = CommonPieces(shape, before);
    const size_t tail = CommonEnd(shape, before, head);
    ByteWriter out(&counts_);
    out.Varint(head);
    out.Varint(tail);
    out.Varint(shape.pieces.size() - head - tail);
    for (size_t i = head; i < shape.pieces.size() - tail; ++i) pieces_.Add(shape.pieces[i]);
  }

  void AddFields(const Shape& shape, const Shape& before) {
    const size_t size = std::min(shape.fields.size(), before.fields.size());
    size_t shared = 0;
    while (shared < size && SameField(shape.fields[shared], before.fields[shared])) ++shared;
    ByteWriter out(&fields_);
    out.Varint(shared);
    out.Varint(shape.fields.size() - shared);
    for (size_t i = shared; i < shape.fields.size(); ++i) {
      const Field& field = shape.fields[i];
      const bool constant = !field.constant.empty();
      out.U8(static_cast<uint8_t>(static_cast<uint8_t>(field.role) | (constant ? kConstantField : 0)));
      out.U8(static_cast<uint8_t>(static_cast<uint8_t>(field.type) | field.unescape << 6));
      out.Varint(field.time_layout);
      out.Varint(field.range.begin);
      out.Varint(static_cast<uint64_t>(field.range.end - field.range.begin));
      out.Bytes(field.name);
      if (constant) out.Bytes(field.constant);
    }
  }

  void AddBody(const Shape& shape) {
    const bool none = shape.signature == 0;
    const bool stored = !none && shape.signature != TemplateSignature(shape);
    ByteWriter out(&bodies_);
    out.Varint(shape.body.begin);
    out.Varint(shape.pieces.size() - shape.body.end);
    out.U8(static_cast<uint8_t>(shape.body_unescape | (shape.continuation ? kContinuation : 0) |
                                (stored ? kStoredSignature : 0) | (none ? kNoSignature : 0)));
    if (stored) ByteWriter(&signatures_).U64(shape.signature);
  }

  const Shape nothing_{};
  std::string context_bytes_, counts_, fields_, bodies_, signatures_;
  PieceWriter pieces_;
  // By envelope, header and format of the body: its number, and the last shape that has them.
  std::map<std::tuple<std::string, std::string, std::string>, std::pair<size_t, const Shape*>> contexts_;
};

class Decoder {
 public:
  Decoder(ByteReader* in, const ShapeListLimits& limits)
      : context_bytes_(in->Bytes()),
        counts_(in->Bytes()),
        pieces_(in),
        fields_(in->Bytes()),
        bodies_(in->Bytes()),
        signatures_(in->Bytes()),
        left_(limits) {}

  bool Next(Shape* shape) {
    const uint64_t number = context_bytes_.Varint();
    if (!context_bytes_.ok() || number > contexts_.size()) return false;
    if (number == contexts_.size()) {
      auto fresh = std::make_unique<Shape>();
      for (std::string* name : {&fresh->envelope, &fresh->header, &fresh->body_format}) {
        *name = std::string(context_bytes_.Bytes());
      }
      if (!context_bytes_.ok()) return false;
      contexts_.push_back(fresh.get());
      fresh_.push_back(std::move(fresh));
    }
    const Shape& before = *contexts_[number];
    shape->envelope = before.envelope;
    shape->header = before.header;
    shape->body_format = before.body_format;
    if (!TakeText(NamesOf(*shape)) || !ReadPieces(before, shape) || !ReadFields(before, shape) || !ReadBody(shape))
      return false;
    contexts_[number] = shape;
    return true;
  }

  bool Finished() const {
    for (const ByteReader* column : {&context_bytes_, &counts_, &fields_, &bodies_, &signatures_}) {
      if (!column->ok() || column->remaining() != 0) return false;
    }
    return pieces_.Finished();
  }

 private:
  bool TakeText(uint64_t size) {
    if (size > left_.text) return false;
    left_.text -= size;
    return true;
  }

  bool TakeParts(uint64_t count) {
    if (count > left_.parts) return false;
    left_.parts -= count;
    return true;
  }

  bool ReadPieces(const Shape& before, Shape* shape) {
    const uint64_t head = counts_.Varint();
    const uint64_t tail = counts_.Varint();
    const uint64_t middle = counts_.Varint();
    const size_t known = before.pieces.size();
    if (!counts_.ok() || head > known || tail > known - head || middle > pieces_.remaining()) return false;
    const uint64_t count = head + middle + tail;
    if (count > kMaxPieces || !TakeParts(count)) return false;
    shape->pieces.reserve(count);
    const auto copy = [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        if (!TakeText(before.pieces[i].text.size())) return false;
        shape->pieces.push_back(before.pieces[i]);
      }
      return true;
    };
    if (!copy(0, head)) return false;
    for (uint64_t i = 0; i < middle; ++i) {
      if (!pieces_.Next(&shape->pieces.emplace_back()) || !TakeText(shape->pieces.back().text.size())) return false;
    }
    if (!copy(known - tail, known)) return false;
    for (Piece& piece : shape->pieces) {
      if (piece.kind == Piece::Kind::kSlot) piece.slot = shape->slot_count++;
    }
    return true;
  }

  bool ReadFields(const Shape& before, Shape* shape) {
    ByteReader& in = fields_;
    const uint64_t shared = in.Varint();
    const uint64_t own = in.Varint();
    if (!in.ok() || shared > before.fields.size() || own > in.remaining() || !TakeParts(shared + own)) return false;
    for (size_t i = 0; i < shared; ++i) {
      const Field& field = before.fields[i];
      if (field.range.end > shape->pieces.size() || !TakeText(field.name.size() + field.constant.size())) return false;
      shape->fields.push_back(field);
    }
    for (uint64_t i = 0; i < own; ++i) {
      if (!ReadField(shape->pieces.size(), &shape->fields.emplace_back())) return false;
    }
    return true;
  }

  bool ReadField(size_t piece_count, Field* field) {
    ByteReader& in = fields_;
    const uint8_t head = in.U8();
    const uint8_t role = head & ~kConstantField & 0xFF;
    const uint8_t type = in.U8();
    const uint64_t layout = in.Varint();
    const uint64_t begin = in.Varint();
    const uint64_t size = in.Varint();
    if (!in.ok() || role > static_cast<uint8_t>(FieldRole::kTraceFlags) ||
        (type & 0x3F) > static_cast<uint8_t>(ValueType::kSize) || layout > UINT16_MAX || begin > piece_count ||
        size > piece_count - begin)
      return false;
    field->role = static_cast<FieldRole>(role);
    field->type = static_cast<ValueType>(type & 0x3F);
    field->unescape = type >> 6;
    field->time_layout = static_cast<uint16_t>(layout);
    field->range = {static_cast<uint16_t>(begin), static_cast<uint16_t>(begin + size)};
    field->name = std::string(in.Bytes());
    if ((head & kConstantField) != 0) {
      field->constant = std::string(in.Bytes());
      if (field->constant.empty() || !field->range.empty()) return false;
    }
    return in.ok() && TakeText(field->name.size() + field->constant.size());
  }

  bool ReadBody(Shape* shape) {
    const uint64_t begin = bodies_.Varint();
    const uint64_t behind = bodies_.Varint();
    const uint8_t flags = bodies_.U8();
    const size_t count = shape->pieces.size();
    if (!bodies_.ok() || behind > count || begin > count - behind || flags >= 2 * kNoSignature) return false;
    shape->body = {static_cast<uint16_t>(begin), static_cast<uint16_t>(count - behind)};
    shape->body_unescape = flags & 3;
    shape->continuation = (flags & kContinuation) != 0;
    if ((flags & kStoredSignature) != 0) {
      shape->signature = signatures_.U64();
    } else if ((flags & kNoSignature) == 0) {
      shape->signature = TemplateSignature(*shape);
    }
    if (!signatures_.ok()) return false;
    FinishShape(shape);
    return true;
  }

  // In the order in which they are stored.
  ByteReader context_bytes_, counts_;
  PieceReader pieces_;
  ByteReader fields_, bodies_, signatures_;
  ShapeListLimits left_;
  std::vector<std::unique_ptr<const Shape>> fresh_;
  std::vector<const Shape*> contexts_;  // the last shape of each, owned by the caller or by `fresh_`
};

}  // namespace

bool ShapeListBudget::Take(const Shape& shape) {
  const uint64_t parts = shape.pieces.size() + shape.fields.size();
  uint64_t text = NamesOf(shape);
  for (const Piece& piece : shape.pieces) text += piece.text.size();
  for (const Field& field : shape.fields) text += field.name.size() + field.constant.size();
  if (left_.shapes == 0 || parts > left_.parts || text > left_.text) return false;
  --left_.shapes;
  left_.parts -= parts;
  left_.text -= text;
  return true;
}

uint64_t TemplateSignature(const Shape& shape) {
  TemplateText text;
  for (size_t i = shape.body.begin; i < shape.body.end; ++i) {
    const Piece& piece = shape.pieces[i];
    if (piece.kind == Piece::Kind::kSlot) {
      text.AddSlot();
    } else {
      text.AddConstant(shape.body_unescape == 0 ? piece.text : Unescape(piece.text, shape.body_unescape));
    }
  }
  return Hash64(text.Take());
}

void EncodeShapeList(std::span<const Shape* const> shapes, ByteWriter* out) {
  out->Varint(shapes.size());
  Encoder encoder;
  for (const Shape* shape : shapes) encoder.Add(*shape);
  encoder.Write(out);
}

bool DecodeShapeList(ByteReader* in, const ShapeListLimits& limits, SharedShapes* shapes) {
  const uint64_t count = in->Varint();
  if (!in->ok() || count > limits.shapes || count > in->remaining()) return false;
  Decoder decoder(in, limits);
  if (!in->ok()) return false;
  shapes->clear();
  shapes->reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    auto shape = std::make_shared<Shape>();
    if (!decoder.Next(shape.get())) return false;
    shapes->push_back(std::move(shape));
  }
  return decoder.Finished();
}

}  // namespace whittle
