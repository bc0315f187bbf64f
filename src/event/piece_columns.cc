#include "event/piece_columns.h"

namespace whittle {
namespace {

// A head: kind, token class, and whether a time layout and a text with a zero byte in it follow.
constexpr uint8_t kHasLayout = 0x20;
constexpr uint8_t kSizedText = 0x80;
// The commonest piece. No slot has this head, because slots have no text.
constexpr uint8_t kOneBlank = kSizedText | static_cast<uint8_t>(Piece::Kind::kSlot);

bool IsOneBlank(const Piece& piece) {
  return piece.kind == Piece::Kind::kDelimiter && piece.token_class == TokenClass::kWord && piece.time_layout == 0 &&
         piece.text == " ";
}

}  // namespace

bool SamePiece(const Piece& a, const Piece& b) {
  return a.kind == b.kind && a.token_class == b.token_class && a.time_layout == b.time_layout && a.text == b.text;
}

void PieceWriter::Add(const Piece& piece) {
  ByteWriter heads(&heads_);
  if (IsOneBlank(piece)) return heads.U8(kOneBlank);
  const bool has_text = piece.kind != Piece::Kind::kSlot;
  const bool sized = has_text && piece.text.find('\0') != std::string::npos;
  const auto token_class = static_cast<uint8_t>(piece.token_class);
  heads.U8(static_cast<uint8_t>(static_cast<uint8_t>(piece.kind) | (token_class & 7) << 2 | (token_class & 8) << 3 |
                                (piece.time_layout != 0 ? kHasLayout : 0) | (sized ? kSizedText : 0)));
  if (piece.time_layout != 0) PutVarint(&layouts_, piece.time_layout);
  if (!has_text) return;
  ByteWriter texts(&texts_);
  if (sized) return texts.Bytes(piece.text);
  texts.Raw(piece.text);
  texts.U8(0);
}

void PieceWriter::Write(ByteWriter* out) const {
  for (const std::string* column : {&heads_, &layouts_, &texts_}) out->Bytes(*column);
}

PieceReader::PieceReader(ByteReader* in) : heads_(in->Bytes()), layouts_(in->Bytes()), texts_(in->Bytes()) {}

bool PieceReader::Next(Piece* piece) {
  const uint8_t head = heads_.U8();
  if (!heads_.ok()) return false;
  if (head == kOneBlank) {
    piece->text = " ";
    return true;
  }
  const uint8_t token_class = (head >> 2 & 7) | (head >> 3 & 8);
  if (token_class > static_cast<uint8_t>(TokenClass::kSize)) return false;
  piece->kind = static_cast<Piece::Kind>(head & 3);
  piece->token_class = static_cast<TokenClass>(token_class);
  if ((head & kHasLayout) != 0) {
    const uint64_t layout = layouts_.Varint();
    if (layout == 0 || layout > UINT16_MAX) return false;
    piece->time_layout = static_cast<uint16_t>(layout);
  }
  if (piece->kind == Piece::Kind::kSlot) return (head & kSizedText) == 0;
  piece->text = std::string((head & kSizedText) != 0 ? texts_.Bytes() : texts_.Terminated());
  return texts_.ok();
}

bool PieceReader::Finished() const {
  for (const ByteReader* column : {&heads_, &layouts_, &texts_}) {
    if (!column->ok() || column->remaining() != 0) return false;
  }
  return true;
}

}  // namespace whittle
