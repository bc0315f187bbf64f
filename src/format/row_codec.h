// The two streams that every row has: its shape number, and its flags (record start, line end). Flags nearly always
// follow from the shape, so only differences from each shape's usual flags are stored. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "format/compressor.h"
#include "format/node.h"

namespace whittle {

void EncodeRowShapes(std::span<const uint32_t> row_shape, size_t shape_count, Compressor* compressor, NodeSink* out);
bool DecodeRowShapes(NodeSource* in, size_t rows, size_t shape_count, std::vector<uint32_t>* out);

void EncodeRowFlags(std::span<const uint8_t> flags, std::span<const uint32_t> row_shape, size_t shape_count,
                    Compressor* compressor, NodeSink* out);
bool DecodeRowFlags(NodeSource* in, std::span<const uint32_t> row_shape, size_t shape_count, std::vector<uint8_t>* out);

}  // namespace whittle
