// The pieces of many shapes, column by column: heads, time layouts, texts (docs/segment-format.md, "Shape lists").
#pragma once

#include <cstdint>
#include <string>

#include "base/varint.h"
#include "event/shape.h"

namespace whittle {

// All that is written of a piece; which slot of its shape it is follows from where it stands.
bool SamePiece(const Piece& a, const Piece& b);

class PieceWriter {
 public:
  void Add(const Piece& piece);
  // The three columns, each as length-prefixed bytes.
  void Write(ByteWriter* out) const;

 private:
  std::string heads_, layouts_, texts_;
};

class PieceReader {
 public:
  // `in` stays failed when the columns are not there.
  explicit PieceReader(ByteReader* in);
  // The next piece, as a new one; a slot has no number yet. False when the bytes are damaged or at their end.
  bool Next(Piece* piece);
  size_t remaining() const { return heads_.remaining(); }
  // All was read, to the last byte of each column.
  bool Finished() const;

 private:
  ByteReader heads_, layouts_, texts_;
};

}  // namespace whittle
