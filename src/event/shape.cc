#include "event/shape.h"

#include "base/varint.h"

namespace whittle {
namespace {

void EncodeRange(const PieceRange& range, ByteWriter* out) {
  out->Varint(range.begin);
  out->Varint(static_cast<uint64_t>(range.end - range.begin));
}

// In the byte of the role: the field's value follows its name.
constexpr uint8_t kConstantField = 0x80;

void EncodePiece(const Piece& piece, ByteWriter* out) {
  const auto token_class = static_cast<uint8_t>(piece.token_class);
  out->U8(static_cast<uint8_t>(static_cast<uint8_t>(piece.kind) | (token_class & 7) << 2 |
                               (piece.time_layout != 0 ? 0x20 : 0) | (token_class & 8) << 3));
  if (piece.time_layout != 0) out->Varint(piece.time_layout);
  if (piece.kind != Piece::Kind::kSlot) out->Bytes(piece.text);
}

void EncodeField(const Field& field, ByteWriter* out) {
  const bool constant = !field.constant.empty();
  out->U8(static_cast<uint8_t>(static_cast<uint8_t>(field.role) | (constant ? kConstantField : 0)));
  out->U8(static_cast<uint8_t>(static_cast<uint8_t>(field.type) | field.unescape << 6));
  out->Varint(field.time_layout);
  EncodeRange(field.range, out);
  out->Bytes(field.name);
  if (constant) out->Bytes(field.constant);
}

// All that a shape says, in bytes: what its id is the hash of.
std::string IdentityOf(const Shape& shape) {
  std::string bytes;
  ByteWriter out(&bytes);
  out.Varint(shape.pieces.size());
  for (const Piece& piece : shape.pieces) EncodePiece(piece, &out);
  out.Varint(shape.fields.size());
  for (const Field& field : shape.fields) EncodeField(field, &out);
  EncodeRange(shape.body, &out);
  out.U8(static_cast<uint8_t>(shape.body_unescape | (shape.continuation ? 4 : 0)));
  out.U64(shape.signature);
  out.Bytes(shape.envelope);
  out.Bytes(shape.header);
  out.Bytes(shape.body_format);
  return bytes;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Reads the four hex digits of \uXXXX at text[at]; -1 when they are not there.
int ReadHex4(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return -1;
  int value = 0;
  for (size_t i = 0; i < 4; ++i) {
    const int digit = HexDigit(text[at + i]);
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

void AppendUtf8(uint32_t code_point, std::string* out) {
  if (code_point < 0x80) {
    out->push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    out->push_back(static_cast<char>(0xC0 | code_point >> 6));
    out->push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  } else if (code_point < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | code_point >> 12));
    out->push_back(static_cast<char>(0x80 | (code_point >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | code_point >> 18));
    out->push_back(static_cast<char>(0x80 | (code_point >> 12 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code_point >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  }
}

// Handles \uXXXX at text[at] (at the backslash), surrogate pairs included; returns the bytes consumed, 0 if malformed.
size_t UnescapeUnicode(std::string_view text, size_t at, std::string* out) {
  const int first = ReadHex4(text, at + 2);
  if (first < 0 || (first >= 0xDC00 && first < 0xE000)) return 0;
  if (first < 0xD800 || first >= 0xE000) {
    AppendUtf8(static_cast<uint32_t>(first), out);
    return 6;
  }
  if (text.substr(at + 6, 2) != "\\u") return 0;
  const int second = ReadHex4(text, at + 8);
  if (second < 0xDC00 || second >= 0xE000) return 0;
  AppendUtf8(0x10000 + (static_cast<uint32_t>(first - 0xD800) << 10) + static_cast<uint32_t>(second - 0xDC00), out);
  return 12;
}

std::string UnescapeOnce(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out.push_back(text[i++]);
      continue;
    }
    static constexpr std::string_view kFrom = "\"\\/bfnrt";
    static constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    if (const size_t simple = kFrom.find(text[i + 1]); simple != std::string_view::npos) {
      out.push_back(kTo[simple]);
      i += 2;
      continue;
    }
    const size_t used = text[i + 1] == 'u' ? UnescapeUnicode(text, i, &out) : 0;
    if (used == 0) {
      out.push_back(text[i++]);
    } else {
      i += used;
    }
  }
  return out;
}

}  // namespace

void FinishShape(Shape* shape) {
  shape->timestamp_slot = -1;
  for (const Field& field : shape->fields) {
    if (field.role != FieldRole::kTimestamp || field.range.end != field.range.begin + 1) continue;
    const Piece& piece = shape->pieces[field.range.begin];
    if (piece.kind == Piece::Kind::kSlot) shape->timestamp_slot = static_cast<int32_t>(piece.slot);
  }
  shape->id = HashBytes128(IdentityOf(*shape));
}

void RenderPieces(const Shape& shape, PieceRange range, const std::string_view* slots, std::string* out) {
  for (size_t i = range.begin; i < range.end; ++i) {
    const Piece& piece = shape.pieces[i];
    out->append(piece.kind == Piece::Kind::kSlot ? slots[piece.slot] : std::string_view(piece.text));
  }
}

std::string Unescape(std::string_view text, int levels) {
  std::string out(text);
  for (int level = 0; level < levels; ++level) out = UnescapeOnce(out);
  return out;
}

}  // namespace whittle
