// The parts of a serialised shape, for formats that write shapes in their own way (docs/segment-format.md, "shapes").
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/varint.h"
#include "event/shape.h"

namespace whittle {

void EncodePiece(const Piece& piece, ByteWriter* out);
// Slots are numbered in order: `next_slot` is the number of the next one.
bool DecodePiece(ByteReader* in, uint32_t* next_slot, Piece* piece);

void EncodeField(const Field& field, ByteWriter* out);
bool DecodeField(ByteReader* in, size_t piece_count, Field* field);

}  // namespace whittle
